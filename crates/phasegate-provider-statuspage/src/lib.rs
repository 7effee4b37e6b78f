#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod encode;
mod notifier;

pub use config::{ComponentStatus, Entry, Status, StatusPageConfig, default_policy};
pub use notifier::StatusPage;
