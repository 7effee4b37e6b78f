//! What all roles have in common.

use std::collections::BTreeSet;
use std::fmt;

use phasegate_core::Capability;
use serde::{Deserialize, Serialize};

/// Something outside that a rollout uses. The base of all roles.
pub trait Provider: fmt::Debug + Send + Sync {
    /// What it can do beyond having its role. Claim only what the conformance suite has passed.
    fn capabilities(&self) -> BTreeSet<Capability>;
}

/// What the other side said when it took a change: evidence for the journal, without secrets.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Receipt {
    /// One line: a status, an id, a version.
    pub evidence: String,
}

impl Receipt {
    /// A receipt with this evidence.
    pub fn new(evidence: impl Into<String>) -> Self {
        Self {
            evidence: evidence.into(),
        }
    }
}
