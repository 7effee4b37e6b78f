//! The policy before it.

use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};

/// A policy for a server of one's own, which has no published limits: three attempts within ten seconds, and a breaker that opens
/// after five failures in a row, for the HTTP API as for Redis.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::OWN.policy()
}
