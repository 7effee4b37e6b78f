#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod intervals;
mod source;
mod wire;

pub use config::{GraphiteConfig, default_policy};
pub use phasegate_provider::points::Gaps;
pub use source::GraphiteSource;
