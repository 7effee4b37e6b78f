//! Why something happened, how it is known, and how it ended.

use phasegate_core::{
    BindingId, CriterionId, Desired, GateId, PersonId, Span, TargetId, TriggerId,
};
use serde::{Deserialize, Serialize};

use super::Place;

/// Why a rollback starts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "reports must name each")]
pub enum Cause {
    /// Nothing could be measured for too long.
    Blind {
        /// Where or which trigger, for people.
        what: String,
    },
    /// A criterion of a bake failed.
    Criterion {
        /// Which.
        check: CriterionId,
        /// The finding in one sentence.
        sentence: String,
    },
    /// A person rehearses it.
    Drill {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A gate decided no-go.
    Gate {
        /// Which.
        gate: GateId,
    },
    /// What was declared asks for it.
    Incident {
        /// Which incident.
        number: u64,
        /// The scenario.
        scenario: String,
    },
    /// A person said so.
    Operator {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A trigger fired.
    Trigger {
        /// Which.
        trigger: TriggerId,
        /// The finding in one sentence.
        sentence: String,
    },
}

/// How something came to be known or to end.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "reports must name each")]
pub enum How {
    /// The adapter answered.
    Answer,
    /// A person said so.
    Person {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// It was read back.
    ReadBack,
}

/// How an operation ended.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each"
)]
pub enum Finish {
    /// As planned.
    Done,
    /// It failed, and the rollback goes on without it.
    Failed {
        /// Why.
        reason: String,
    },
    /// What was done before it in the rollback was enough; or, in a phase, a rollback that left the phase alone has set
    /// the same thing while it was not known what became of this.
    NotNeeded,
    /// A person skipped it.
    Skipped {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// The stage of the rollback that it ends was not enough: the next one begins.
    TooLittle {
        /// What does not hold yet.
        reason: String,
    },
}

/// A gate's decision.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a decision is one of the two; wait is no decision"
)]
pub enum Decision {
    /// Go on.
    Go,
    /// Do not go on.
    NoGo,
}

/// On what a gate's decision rests.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "reports must name each")]
pub enum GateReason {
    /// All criteria hold and all approvals are there.
    AllMet,
    /// A person passed it without what it asks for.
    BrokenGlass {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A criterion failed or could not be decided.
    Criterion {
        /// Which.
        check: CriterionId,
        /// The finding in one sentence.
        sentence: String,
    },
    /// A person rejected it.
    Rejected {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Nobody decided in time.
    TimedOut,
}

/// Why nothing moves forward until a person says so.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each"
)]
pub enum HoldReason {
    /// Nothing could be measured for too long.
    Blind {
        /// Where or which trigger, for people.
        what: String,
    },
    /// An operation took longer than its budget.
    Budget {
        /// Where.
        place: Place,
    },
    /// The two clocks disagree about how long something took, and the plan says hold.
    Clocks {
        /// By how much.
        by: Span,
    },
    /// A criterion failed and the plan says hold.
    Criterion {
        /// Which.
        check: CriterionId,
        /// The finding in one sentence.
        sentence: String,
    },
    /// Old and new differ, and a person says that this is not as it should be.
    Difference {
        /// What was compared.
        target: TargetId,
        /// The difference.
        id: String,
    },
    /// Somebody else changed what the rollout moves.
    Drift {
        /// Where.
        place: Place,
        /// What was found, for people.
        found: String,
        /// Where it was found. Older records do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<BindingId>,
        /// What was found, where it could be read. Older records do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<Desired>,
    },
    /// An effect did not happen.
    Effect {
        /// Where.
        place: Place,
        /// Why.
        reason: String,
    },
    /// A gate decided no-go, or nobody decided, and the plan says hold.
    Gate {
        /// Which.
        gate: GateId,
    },
    /// What was declared asks for it.
    Incident {
        /// Which incident.
        number: u64,
        /// The scenario.
        scenario: String,
    },
    /// A rollback led to an earlier phase; a person says how it goes on.
    RolledBack,
    /// A person says that something is not so, or was not done.
    SaidNo {
        /// Where.
        place: Place,
        /// What they were asked.
        what: String,
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A trigger fired and the plan says hold.
    Trigger {
        /// Which.
        trigger: TriggerId,
        /// The finding in one sentence.
        sentence: String,
    },
}

impl HoldReason {
    /// Does it hold for the same? What was measured meanwhile may be another number.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Criterion { check: one, .. }, Self::Criterion { check: other, .. }) => {
                one == other
            }
            (Self::Trigger { trigger: one, .. }, Self::Trigger { trigger: other, .. }) => {
                one == other
            }
            // The subject stands before the sentence.
            (Self::Blind { what: one }, Self::Blind { what: other }) => {
                one.split(": ").next() == other.split(": ").next()
            }
            (Self::Clocks { .. }, Self::Clocks { .. }) => true,
            (_, _) => self == other,
        }
    }
}

/// How a rollout ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "exit codes and reports must name each"
)]
pub enum Outcome {
    /// A person ended it; what had been done was undone.
    Aborted,
    /// All phases are done.
    Completed,
    /// It went back to the start and that was validated.
    RolledBack,
    /// It went back, that could not be validated, and a person has taken over.
    RollbackFailed,
}
