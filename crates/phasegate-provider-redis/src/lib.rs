#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod config;
mod source;
mod text;

pub use config::{Absent, RedisConfig, default_policy};
pub use phasegate_tcp::redis::RedisEndpoint;
pub use phasegate_tcp::tls::TlsConfig;
pub use source::RedisSource;
