#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod points;
mod source;
mod text;
mod wire;

pub use config::{Gaps, GraphiteConfig, default_policy};
pub use source::GraphiteSource;
