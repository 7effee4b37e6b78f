//! The policy before it.

use std::time::Duration;

use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};

/// A policy for the limits of Slack, one message a second for each channel, by webhook as by `chat.postMessage`: one a second for all
/// channels behind it, which wait up to ten seconds for their turn; three attempts within twenty seconds, 10 s for each; a
/// breaker that opens after five failures in a row. `Retry-After` is waited for where it fits into the call's deadline.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::HOSTED.limited(1, Duration::from_secs(1), Duration::from_secs(10))
}
