#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod source;
mod text;
mod wire;

pub use config::{NewRelicConfig, default_policy};
pub use source::NewRelicSource;
