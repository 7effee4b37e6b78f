#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod count;
mod measure;
mod scan;
mod source;
mod tail;

pub use config::{LogConfig, MeasureConfig, TimeFormat};
pub use source::LogSource;
pub use tail::LINE_BYTES_MAX;
