#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod api;
mod config;
mod count;
mod host;
mod list;
mod source;
mod switch;
mod text;
mod wanted;

pub use config::{GithubConfig, Until, WorkflowConfig, default_policy};
pub use host::Github;
