#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod document;
mod store;

pub use store::{FlagdConfig, FlagdFile};
