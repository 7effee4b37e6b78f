//! What the whole is to reach.

use phasegate_core::PhaseId;
use phasegate_criterion::Criterion;
use serde::{Deserialize, Serialize};

/// A group of things that the whole is to reach. Nothing is decided by it: reports hold what was measured against it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Goal {
    /// What the group is about.
    pub title: String,
    /// From this phase on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<PhaseId>,
    /// The numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<Criterion>,
    /// What people attest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<String>,
}

/// What the plan itself says of lessons: written before, while it runs or afterwards, by people.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct PlanLessons {
    /// What went well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub went_well: Vec<String>,
    /// What could be better.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_improve: Vec<String>,
    /// What is to be done about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
}

impl PlanLessons {
    /// Does it say nothing?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.went_well.is_empty() && self.to_improve.is_empty() && self.actions.is_empty()
    }
}
