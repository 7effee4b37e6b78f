//! The policy before it.

use std::time::Duration;

use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};

/// A policy for the limits of PagerDuty, which vary: 120 events a minute for each integration key, the least number that it has
/// told, for all services behind it. Three attempts within twenty seconds, 10 s for each; a breaker that opens after five failures in
/// a row. A call that is repeated is the same alert.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::HOSTED.limited(120, Duration::from_secs(60), Duration::from_secs(10))
}
