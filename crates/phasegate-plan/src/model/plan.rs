//! The plan as a whole.

use phasegate_core::{PlanId, Timestamp};

use super::{
    Channel, Environment, Evaluation, Gate, Kpi, MatrixRow, Message, Phase, PlanRole, Rollback,
    Trigger,
};
use crate::form::{record, words};

words! {
    /// The format of a plan document.
    pub enum PlanFormat {
        /// The first.
        V1 = "phasegate-plan/1",
    }
}

words! {
    /// How far a plan has come as a document.
    pub enum Status {
        /// It is being written.
        Draft = "draft",
        /// People read it.
        Review = "review",
        /// It may be carried out.
        Ready = "ready",
        /// It has been carried out.
        Done = "done",
        /// It will not be.
        Withdrawn = "withdrawn",
    }
}

record! {
    /// Something to read beside the plan.
    pub struct Reference {
        /// What it is.
        need title: String,
        /// Where it is.
        may link: String,
    }
}

record! {
    /// A stretch of time in which nothing moves forward. Going back is always allowed.
    pub struct Freeze {
        /// Why.
        need title: String,
        /// From this moment.
        need from: Timestamp,
        /// Until this moment.
        need until: Timestamp,
    }
}

record! {
    /// A plan as it is written, before it has been checked.
    pub struct PlanDraft {
        /// The format.
        need format: PlanFormat,
        /// Its name.
        need id: PlanId,
        /// What it is called, for people.
        need title: String,
        /// What it is about, for people.
        may summary: String,
        /// The document's own version.
        may version: String,
        /// How far it has come.
        or status: Status = Status::Draft,
        /// Who answers for the document.
        may owner: String,
        /// Where it happens, where a phase does not say.
        may environment: Environment,
        /// What to read beside it.
        list references: Reference,
        /// What people act as.
        list roles: PlanRole,
        /// Places that messages go to.
        list channels: Channel,
        /// Message templates.
        list messages: Message,
        /// Named numbers.
        list kpis: Kpi,
        /// How criteria are evaluated.
        or evaluation: Evaluation = Evaluation::new(),
        /// The phases.
        list phases: Phase,
        /// Decisions about the whole: before its start and at its acceptance.
        list gates: Gate,
        /// What is watched while the rollout runs.
        list triggers: Trigger,
        /// The way back of phases that have none of their own.
        may rollback: Rollback,
        /// Who decides how fast when something happens.
        list matrix: MatrixRow,
        /// When nothing moves forward.
        list freezes: Freeze,
    }
}
