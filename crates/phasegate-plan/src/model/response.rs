//! What is done when something has gone wrong.

use phasegate_core::{CriterionId, PhaseId};

use super::Notify;
use crate::form::choice;

choice! {
    /// How far a rollback goes.
    pub enum RollbackTarget {
        /// To the state at the end of the phase before: the one this phase depends on.
        unit PreviousPhase = "previous-phase",
        /// To the state before the rollout, of all its tracks.
        unit Start = "start",
        /// To the state at the end of a named phase: what waits for it is undone, what runs beside it stays.
        with Phase(PhaseId) as phase = "phase",
    }
}

choice! {
    /// One thing that is done.
    pub enum Response {
        /// Stop where we are and wait for a person.
        unit Hold = "hold",
        /// Stop for good: everything is undone.
        unit Abort = "abort",
        /// Go back, by the steps of the rollback.
        with Rollback(RollbackTarget) as rollback = "rollback",
        /// Carry out a procedure of the plan; nothing else is undone than what it undoes.
        with Procedure(CriterionId) as procedure = "procedure",
        /// Take up a phase again from its beginning: it and what waits for it is undone, and begins again when a
        /// person lets it.
        with Return(PhaseId) as return_to = "return-to",
        /// Tell somebody.
        with Notify(Notify) as notify = "notify",
    }
}
