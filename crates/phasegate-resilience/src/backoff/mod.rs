//! Delays between attempts: a schedule, a cap and a jitter that stays inside the cap.

mod schedule;
mod state;

pub use schedule::{Backoff, Jitter};
pub use state::BackoffState;
