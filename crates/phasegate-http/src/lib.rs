#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod address;
mod client;
mod config;
mod failure;
mod mask;
mod redirect;
mod resolve;

pub use address::is_public;
pub use client::HttpClient;
pub use config::{HttpConfig, HttpConfigError};
