//! The policy before it.

use std::time::Duration;

use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};

/// A policy for the admin API of Unleash. A server of one's own has no published limits and the hosted one some hundred requests a
/// minute: one change a second, which is three requests at most; three attempts within twenty seconds, 10 s for each; a
/// breaker that opens after five failures in a row.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::HOSTED.limited(1, Duration::from_secs(1), Duration::from_secs(5))
}
