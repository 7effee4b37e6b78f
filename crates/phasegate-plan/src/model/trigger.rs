//! Triggers and the decision matrix: what happens when something goes wrong while the rollout runs.

use phasegate_core::{ChannelId, PhaseId, RoleId, Span, TriggerId};
use phasegate_criterion::Criterion;

use super::{Response, ScenarioId, TimeoutAnswer};
use crate::form::{record, words};

words! {
    /// How grave something is.
    pub enum Severity {
        /// It can wait.
        Low = "low",
        /// It should be seen to.
        Medium = "medium",
        /// It must be seen to today.
        High = "high",
        /// It must be seen to now.
        Critical = "critical",
    }
}

record! {
    /// A criterion that starts a response while the rollout runs: it fires when the criterion holds,
    /// for as long as its `for` says.
    pub struct Trigger {
        /// Its name.
        need id: TriggerId,
        /// What it watches for, for people.
        may title: String,
        /// When it fires.
        need criterion: Criterion,
        /// What is done then, in order.
        list respond: Response,
        /// How grave it is.
        or severity: Severity = Severity::High,
        /// In which phases it is watched; in all, if nothing stands here.
        list phases: PhaseId,
        /// How long it may have no data before that counts as blind.
        or blind_for: Span = Span::from_secs(60),
        /// What is done when it is blind; holding and telling, if nothing stands here.
        list when_blind: Response,
    }
}

words! {
    /// A point of the rollout at which something is decided, where no length of time says when.
    pub enum DecisionPoint {
        /// When the next phase is to begin.
        NextPhase = "next-phase",
    }
}

record! {
    /// A row of the decision matrix: something that happened, declared by a person or a system.
    pub struct MatrixRow {
        /// Its name.
        need id: ScenarioId,
        /// What happened.
        need scenario: String,
        /// How grave it is.
        need severity: Severity,
        /// How long deciding may take; zero is at once.
        may decide_within: Span,
        /// At which point it is decided, instead of within a time: no clock runs until then.
        may decide_at: DecisionPoint,
        /// How long the response may take, from the decision.
        may complete_within: Span,
        /// What is done if nobody decides in time.
        or undecided: TimeoutAnswer = TimeoutAnswer::Hold,
        /// What is done when it is decided.
        list respond: Response,
        /// Who decides.
        may decider: RoleId,
        /// Who is told.
        list tell: ChannelId,
    }
}
