//! The way back.

use phasegate_core::{ChannelId, CriterionId, RoleId, Span, StepId};

use super::{Action, Condition, Item, RollbackTarget};
use crate::form::record;

record! {
    /// One step of going back.
    pub struct RollbackStep {
        /// Its name.
        need id: StepId,
        /// What it does, for people.
        may title: String,
        /// How long it may take. Blowing it escalates and the rollback goes on. Without one only the limit of
        /// the whole holds.
        may budget: Span,
        /// What is done.
        flat action: Action,
    }
}

record! {
    /// A way back that people choose, beside those of the phases.
    pub struct Procedure {
        /// Its name.
        need id: CriterionId,
        /// What it is for.
        need title: String,
        /// When it is taken, where a number tells.
        list criteria: Condition,
        /// When it is taken, where people tell.
        list when: Item,
        /// The way back.
        need rollback: Rollback,
    }
}

record! {
    /// How to go back: steps in order, and how it is known that they have helped.
    pub struct Rollback {
        /// How long the whole may take.
        may limit: Span,
        /// How long it is expected to take.
        may estimate: Span,
        /// How far it goes, where the response that starts it does not say.
        or target: RollbackTarget = RollbackTarget::Start,
        /// The steps.
        list steps: RollbackStep,
        /// What must hold afterwards.
        list validation: Condition,
        /// What people must attest afterwards.
        list checks: Item,
        /// How long validation may take.
        may validate_within: Span,
        /// Who is called when a budget is blown or the rollback fails.
        may escalate_to: RoleId,
        /// How they are called.
        may escalate_via: ChannelId,
    }
}
