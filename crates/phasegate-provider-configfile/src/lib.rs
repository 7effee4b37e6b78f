#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod edit;
mod store;

pub use config::{ConfigFileConfig, FlagPlace, Format, Written};
pub use store::ConfigFile;
