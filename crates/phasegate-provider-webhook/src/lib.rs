#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod notifier;
mod signature;

pub use notifier::{Delivery, WebhookNotifier};
pub use signature::{Key, KeyError, Rejected, TOLERANCE, sign, verify};
