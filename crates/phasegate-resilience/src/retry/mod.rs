//! Whether to try again, and when: decisions from values, no waiting.

mod policy;
mod state;

pub use policy::RetryPolicy;
pub use state::{Retry, RetryDecision, RetryProgress, StopReason};
