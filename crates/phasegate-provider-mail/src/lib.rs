#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod failure;
mod notifier;
mod stream;
mod trust;

pub use config::{MailConfig, Security, default_policy};
pub use notifier::Mail;
