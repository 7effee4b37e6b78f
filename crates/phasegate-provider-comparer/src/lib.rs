#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod comparer;
mod config;
mod course;
mod records;
mod request;
mod run;
mod services;
mod source;
mod tally;
mod target;
mod words;

pub use comparer::{Comparer, Offered};
pub use config::{ComparerConfig, RecordsConfig, RecordsFrom, ServicesConfig, TargetConfig};
pub use request::{CopiedRequest, REQUESTS_BYTES_MAX};
pub use tally::Tallied;
