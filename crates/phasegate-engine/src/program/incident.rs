//! Scenarios that may be declared, and how incidents are talked about.

use phasegate_core::{RoleId, Span};
use serde::{Deserialize, Serialize};

use super::{Channel, Reaction, TimeoutDecision};

/// How grave something is. Ordered from the least.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "plans know these four")]
pub enum Severity {
    /// It can wait.
    Low,
    /// It should be seen to.
    Medium,
    /// It must be seen to today.
    High,
    /// It must be seen to now.
    Critical,
}

/// A row of the decision matrix.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct MatrixRow {
    /// The scenario, by the name it has in the plan.
    pub scenario: String,
    /// What happened, for people.
    pub title: String,
    /// How grave it is.
    pub severity: Severity,
    /// How long deciding may take; at once if zero, and then nobody is asked.
    pub decide_within: Option<Span>,
    /// It is decided when the next phase is about to begin, at the latest: no clock runs until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub decide_at_next_phase: bool,
    /// How long the response may take, from the decision.
    pub complete_within: Option<Span>,
    /// What holds when nobody has decided in time.
    pub undecided: TimeoutDecision,
    /// What is done.
    pub reaction: Reaction,
    /// Who decides.
    pub decider: RoleId,
    /// Who is told of each step.
    pub tell: Vec<Channel>,
}

/// The clocks of every incident.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct IncidentClocks {
    /// Somebody must have said that they look at it within this time.
    pub acknowledge_within: Option<Span>,
    /// There is news at least this often, until it is resolved.
    pub update_every: Option<Span>,
    /// Who is told, besides whom the row names.
    pub tell: Vec<Channel>,
}
