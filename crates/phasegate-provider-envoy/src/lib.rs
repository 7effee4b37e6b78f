#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod admin;
mod config;
mod router;
mod table;

pub use config::{EnvoyConfig, EnvoyConfigError, Route};
pub use router::{EnvoyMirror, EnvoyRouter};
