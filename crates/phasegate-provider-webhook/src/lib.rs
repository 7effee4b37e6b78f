#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod approvals;
mod inbox;
mod log;
mod notifier;
mod remembered;

pub use approvals::{Approver, CallbackApprovals};
pub use inbox::{BODY_BYTES_MAX, Declaration, Declared, NotTaken, Taken, WebhookInbox};
pub use notifier::{Delivery, WebhookNotifier};
pub use remembered::REMEMBERED_MAX;
