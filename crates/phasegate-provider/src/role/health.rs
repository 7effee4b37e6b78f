//! The role that says whether something is up.

use async_trait::async_trait;
use phasegate_core::TargetId;
use serde::{Deserialize, Serialize};

use super::Provider;
use crate::{Call, ProviderError};

/// Whether something is up. In the order of badness, so that the worst of several is their maximum.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "gates must have a rule for each state"
)]
pub enum HealthState {
    /// It works.
    Up,
    /// It works in part.
    Degraded,
    /// It does not work, or does not answer.
    Down,
}

/// What a probe found.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Health {
    /// Whether it is up.
    pub state: HealthState,
    /// One line of evidence.
    pub detail: String,
}

/// Says whether something is up.
///
/// Dropping the future is harmless.
#[async_trait]
pub trait HealthProbe: Provider {
    /// Looks once. What does not answer is [`HealthState::Down`]; an error means that the probe itself
    /// could not look (an unknown target, no permission, a local limit).
    async fn probe(&self, target: &TargetId, call: &Call) -> Result<Health, ProviderError>;
}
