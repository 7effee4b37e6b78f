//! The role that reports that something happened: scenarios that nobody can measure.

use std::fmt;

use async_trait::async_trait;
use phasegate_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::Provider;
use crate::{Call, ProviderError};

/// Names one occurrence for its source, the same on every delivery.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct EventId(String);

impl EventId {
    /// An id of the source's own.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Something that happened, as its source declares it.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Occurrence {
    /// The source's id for it.
    pub id: EventId,
    /// The scenario that a plan may have a rule for: `vulnerability`, `data-loss`.
    pub scenario: String,
    /// The severity in the source's words: `critical`.
    pub severity: String,
    /// When it happened, by the source's clock.
    pub at: Timestamp,
    /// Who or what says so, as far as the source has verified it.
    pub by: String,
    /// One line, or a link.
    pub evidence: String,
}

/// Reports that something happened.
///
/// Delivery is at least once: an occurrence comes again with every poll until it is acknowledged,
/// and the caller acknowledges once it is durable on its own side.
#[async_trait]
pub trait EventSource: Provider {
    /// What has happened and is not acknowledged, oldest first. Dropping the future loses nothing.
    async fn poll(&self, call: &Call) -> Result<Vec<Occurrence>, ProviderError>;

    /// Says that these are durable and need not come again. Unknown ids are ignored.
    async fn acknowledge(&self, ids: &[EventId], call: &Call) -> Result<(), ProviderError>;
}
