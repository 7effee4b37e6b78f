#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod config;
mod path;
mod source;
mod text;
mod window;

pub use config::{JsonConfig, Missing, TimeForm, default_policy};
pub use source::JsonSource;
