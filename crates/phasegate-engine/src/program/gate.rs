//! Gates: criteria, approvals and a date, and what each way of deciding leads to.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{GateId, Now, PersonId, RoleId, Span, StepId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Blind, Check, Reaction};

/// A go/no-go decision point.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Gate {
    /// Its id.
    pub id: GateId,
    /// What must hold.
    pub checks: Vec<Check>,
    /// Who must say yes.
    pub approvals: Approvals,
    /// Not decided before this moment.
    pub not_before: Option<Timestamp>,
    /// Decided by [`Gate::on_timeout`] after this long.
    pub timeout: Option<Span>,
    /// The decision then.
    pub on_timeout: TimeoutDecision,
    /// What no-go leads to.
    pub no_go: Reaction,
    /// How long it is borne that nothing is seen by which a criterion could be decided. Programs of before it was
    /// known wait for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind: Option<Blind>,
}

impl Gate {
    /// The name of the step that an item of a gate's checklist becomes, the first one with 1.
    pub(crate) fn item_step(gate: &GateId, number: usize) -> String {
        format!("{gate}{ITEM}{number}")
    }

    /// Is that step an item of this gate's checklist?
    pub(crate) fn has_item(&self, step: &StepId) -> bool {
        let rest = step.as_str().strip_prefix(self.id.as_str());
        let number = rest.and_then(|rest| rest.strip_prefix(ITEM));
        number.is_some_and(|number| number.parse::<usize>().is_ok())
    }
}

const ITEM: &str = "-check-";

/// Who must say yes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Approvals {
    /// How many different people of each role.
    pub quorum: BTreeMap<RoleId, u32>,
    /// Who may not approve: the author, where the plan asks for four eyes.
    pub except: Vec<PersonId>,
    /// The roles in which they may not; empty: in none of them may they.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except_as: BTreeSet<RoleId>,
    /// An approval is void after this long.
    pub expires_after: Option<Span>,
}

impl Approvals {
    /// May this person not approve in this role?
    pub(crate) fn excludes(&self, person: &PersonId, role: &RoleId) -> bool {
        let in_role = self.except_as.is_empty() || self.except_as.contains(role);
        in_role && self.except.contains(person)
    }

    /// Does one that was given at this moment still count?
    pub(crate) fn last(&self, given: &Now, now: &Now) -> bool {
        let age = now.elapsed_since(given).high;
        self.expires_after.is_none_or(|limit| age <= limit)
    }
}

/// The decision when nobody decided in time.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have an act for each"
)]
pub enum TimeoutDecision {
    /// Go on.
    Go,
    /// Hold and ask.
    Hold,
    /// Do not go on.
    NoGo,
}

/// What a criterion means that cannot be decided.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have an act for each"
)]
pub enum OnInconclusive {
    /// As if it had failed.
    Fail,
    /// Wait for a decidable answer.
    Hold,
}
