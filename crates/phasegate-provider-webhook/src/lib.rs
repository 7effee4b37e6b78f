#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod approvals;
mod config;
mod inbox;
mod log;
mod notifier;
mod remembered;

pub use approvals::CallbackApprovals;
pub use config::{Approver, CallbackConfig, InboxConfig, WebhookConfig};
pub use inbox::{BODY_BYTES_MAX, Declaration, Declared, NotTaken, Taken, WebhookInbox};
pub use notifier::{Delivery, WebhookNotifier};
pub use remembered::REMEMBERED_MAX;
