#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod approvals;
mod inbox;
mod log;
mod notifier;
mod remembered;
mod signature;

pub use approvals::{Answer, Approver, CallbackApprovals};
pub use inbox::{BODY_BYTES_MAX, Declaration, Declared, NotTaken, Taken, WebhookInbox};
pub use notifier::{Delivery, WebhookNotifier};
pub use remembered::REMEMBERED_MAX;
pub use signature::{Key, KeyError, Rejected, TOLERANCE, sign, verify};
