#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod source;
mod text;
mod values;

pub use config::{CsvConfig, Gaps};
pub use source::CsvSource;
