//! Phases: stretches of the plan with an entry, steps, an exit and a way back.

use phasegate_core::PhaseId;

use super::{Checklist, Condition, Evaluation, Gate, Response, Rollback, Step, Trigger};
use crate::form::{record, words};

words! {
    /// Where something happens.
    pub enum Environment {
        /// Where it is written.
        Development = "development",
        /// Where it is tried.
        Staging = "staging",
        /// Where it counts.
        Production = "production",
    }
}

record! {
    /// A stretch of the plan.
    pub struct Phase {
        /// Its name.
        need id: PhaseId,
        /// What it is called, for people.
        need title: String,
        /// What it is to achieve.
        list objectives: String,
        /// Which phases must be done first. Nothing said: the phase written before this one. An
        /// empty list: none.
        may after: Vec<PhaseId>,
        /// Where it happens.
        may environment: Environment,
        /// What must be so before it begins.
        list prerequisites: Checklist,
        /// What it does, in order.
        list steps: Step,
        /// What must hold while its steps run and at its end.
        list criteria: Condition,
        /// What is done when one of them fails; going back as `rollback` says, if nothing stands here.
        list on_fail: Response,
        /// Its go/no-go decisions.
        list gates: Gate,
        /// What is watched while it runs, besides the plan's own triggers.
        list triggers: Trigger,
        /// The way back.
        may rollback: Rollback,
        /// Why there is no way back and none is needed.
        may no_way_back: String,
        /// How criteria are evaluated, instead of what the plan says.
        may evaluation: Evaluation,
    }
}
