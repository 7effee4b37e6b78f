#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod column;
mod config;
mod source;

pub use config::CsvConfig;
pub use phasegate_provider::points::Gaps;
pub use source::CsvSource;
