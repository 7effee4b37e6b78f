#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod encode;
mod notifier;

pub use notifier::{Teams, TeamsConfig};
