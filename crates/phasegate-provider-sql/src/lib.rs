#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod link;
mod numeric;
mod row;
mod source;
mod text;
mod trouble;

pub use config::{PostgresConfig, default_policy};
pub use phasegate_tcp::BoundedStream;
pub use source::PostgresSource;
