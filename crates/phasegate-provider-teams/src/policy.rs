//! The policy before it.

use std::time::Duration;

use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};

/// A policy for the webhooks of workflows, of which no limit is published: four messages a second, which is what Microsoft publishes for one
/// app and one team or channel over its Graph API; a message waits up to ten seconds for its turn. Three attempts within twenty
/// seconds, 10 s for each; a breaker that opens after five failures in a row.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::HOSTED.limited(4, Duration::from_secs(1), Duration::from_secs(10))
}
