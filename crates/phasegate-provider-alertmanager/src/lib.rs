#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod decode;
mod source;

pub use decode::from_webhook;
pub use source::{Alertmanager, AlertmanagerConfig, Rule};
