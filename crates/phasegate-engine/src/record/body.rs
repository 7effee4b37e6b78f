//! The bodies of records and the small types in them.

use phasegate_core::{
    CriterionId, Effect, EffectOutcome, GateId, PersonId, PhaseId, RoleId, RolloutId, Span, StepId,
    Timestamp, TriggerId,
};
use phasegate_sla::{Finding, HoldState};
use serde::{Deserialize, Serialize};

use crate::program::{Back, Op, Program, Response};

/// Where something happens: an operation of a phase, or of the rollback under way.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "readers must tell the two apart")]
pub enum Place {
    /// Beside all operations: a message about what happened.
    Aside,
    /// In a phase.
    Phase {
        /// Which.
        phase: PhaseId,
        /// Index of the operation.
        op: usize,
    },
    /// In the rollback.
    Rollback {
        /// Index of the operation.
        op: usize,
    },
}

impl Place {
    /// Is it an operation of the rollback?
    pub fn is_rollback(&self) -> bool {
        matches!(self, Self::Rollback { .. })
    }

    /// The phase whose operation it is.
    pub fn phase(&self) -> Option<&PhaseId> {
        match self {
            Self::Phase { phase, .. } => Some(phase),
            Self::Aside | Self::Rollback { .. } => None,
        }
    }
}

/// A criterion of a bake, a gate or a validation and what was found.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct Judged {
    /// Where it was looked at.
    pub place: Place,
    /// Which.
    pub check: CriterionId,
    /// What was found.
    pub finding: Finding,
    /// Failures in a row, this one included.
    pub failures: u32,
}

/// A trigger and how it stands.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct TriggerProgress {
    /// Which.
    pub trigger: TriggerId,
    /// What was found.
    pub finding: Finding,
    /// The `for`/`keep` state after it.
    pub hold: HoldState,
    /// Blind since, if it cannot be told.
    pub blind_since: Option<Timestamp>,
}

/// How much of a bake is covered by evidence.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct BakeProgress {
    /// Which.
    pub place: Place,
    /// Covered so far.
    pub covered: Span,
    /// Not all criteria could be decided, since then.
    pub blind_since: Option<Timestamp>,
}

/// A question to a person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct Ask {
    /// Counts the questions of one rollout, from 1.
    pub number: u64,
    /// What about.
    pub about: AskAbout,
    /// Who may answer.
    pub roles: Vec<RoleId>,
    /// For people.
    pub text: String,
}

/// What a question is about.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have an act for each"
)]
pub enum AskAbout {
    /// Approve or reject a gate.
    Approval {
        /// Where.
        place: Place,
        /// Which gate.
        gate: GateId,
    },
    /// Did this effect happen?
    Effect {
        /// Its number.
        number: u64,
    },
    /// Do something and say so.
    Task {
        /// Where.
        place: Place,
    },
}

/// What a person answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct Answered {
    /// Which question.
    pub ask: u64,
    /// Who.
    pub by: PersonId,
    /// In which role.
    pub role: RoleId,
    /// Yes (approved, done, it happened) or no.
    pub yes: bool,
    /// Why.
    pub reason: String,
}

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
    /// A gate decided no-go.
    Gate {
        /// Which.
        gate: GateId,
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
    /// A person skipped it.
    Skipped {
        /// Who.
        by: PersonId,
        /// Why.
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
    /// A criterion failed and the plan says hold.
    Criterion {
        /// Which.
        check: CriterionId,
        /// The finding in one sentence.
        sentence: String,
    },
    /// Somebody else changed what the rollout moves.
    Drift {
        /// Where.
        place: Place,
        /// What was found, for people.
        found: String,
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
    /// A rollback led to an earlier phase; a person says how it goes on.
    RolledBack,
    /// A trigger fired and the plan says hold.
    Trigger {
        /// Which.
        trigger: TriggerId,
        /// The finding in one sentence.
        sentence: String,
    },
}

/// What a person stated that nothing measures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each"
)]
pub enum Statement {
    /// Their role approves.
    Approval {
        /// Which, as the criterion names it.
        role: String,
    },
    /// A check is fulfilled.
    Check {
        /// The criterion's text.
        condition: String,
    },
    /// Something happened.
    Event {
        /// Its name.
        name: String,
    },
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

/// What happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "apply must know every record")]
pub enum Body {
    /// Nobody waits for an effect's outcome any more: the rollout went back, or went on without it.
    Abandoned {
        /// Its number.
        effect: u64,
    },
    /// A person ended the rollout: it goes back to the start.
    Aborted {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A person answered a question.
    Answered(Answered),
    /// A person is asked.
    Asked(Ask),
    /// An operation of the rollback, or the whole of it, took longer than its budget. It escalates.
    BudgetBlown {
        /// Where; the whole rollback if absent.
        place: Option<Place>,
        /// The budget.
        budget: Span,
    },
    /// The two clocks disagree about how long something took.
    ClockDisagreed {
        /// By how much.
        by: Span,
    },
    /// What became of an effect.
    Concluded {
        /// Its number.
        effect: u64,
        /// What.
        outcome: EffectOutcome,
        /// How that is known.
        how: How,
    },
    /// The rollout exists. Always record 0.
    Created {
        /// Its id.
        rollout: RolloutId,
        /// What it will do.
        program: Box<Program>,
        /// The plan document, byte for byte.
        plan_source: String,
        /// The bindings document, byte for byte.
        bindings_source: String,
        /// Numbered switches of behaviour that this rollout began with.
        flags: Vec<u32>,
        /// Who started it.
        by: PersonId,
    },
    /// Criteria were evaluated.
    Evaluated {
        /// Criteria of bakes, gates and validations.
        judged: Vec<Judged>,
        /// Triggers.
        triggers: Vec<TriggerProgress>,
        /// Bakes.
        bakes: Vec<BakeProgress>,
    },
    /// The rollout has ended. Always the last record.
    Finished {
        /// How.
        outcome: Outcome,
    },
    /// A gate was decided.
    GateDecided {
        /// Where.
        place: Place,
        /// Which.
        gate: GateId,
        /// Go or no-go.
        decision: Decision,
        /// On what it rests.
        reason: GateReason,
    },
    /// Nothing moves forward until a person says so.
    Held {
        /// Why.
        reason: HoldReason,
    },
    /// An effect is going to be done. It is visible outside only once this is durable.
    Intended {
        /// Where.
        place: Place,
        /// What.
        effect: Effect,
    },
    /// An operation ended.
    OpFinished {
        /// Where.
        place: Place,
        /// How.
        finish: Finish,
    },
    /// An operation began: its budget runs from here.
    OpStarted {
        /// Where.
        place: Place,
        /// The plan's step.
        step: StepId,
    },
    /// A person stopped forward movement.
    Paused {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A phase is done.
    PhaseFinished {
        /// Which.
        phase: PhaseId,
    },
    /// A phase began.
    PhaseStarted {
        /// Which.
        phase: PhaseId,
    },
    /// A controller took the rollout up again after it had been down.
    Recovered {
        /// Effects whose outcome it does not know.
        in_doubt: Vec<u64>,
    },
    /// A person released what held the rollout.
    Released {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// An effect is repeated with its own key.
    Repeated {
        /// Its number.
        effect: u64,
        /// The new deadline of the attempt.
        deadline: Timestamp,
    },
    /// A person let it move forward again.
    Resumed {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A person wants an operation tried again, as a new effect.
    Retried {
        /// Where.
        place: Place,
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// The rollback's operations are done.
    RollbackEnded {
        /// Do all validations hold?
        validated: bool,
    },
    /// The rollout goes back, or further back than before.
    RollbackStarted {
        /// Why.
        cause: Cause,
        /// How far.
        back: Back,
        /// The phases that are undone, latest first.
        phases: Vec<PhaseId>,
        /// What is to be done; appended to what is under way already.
        ops: Vec<Op>,
        /// The budget of all of it.
        limit: Option<Span>,
    },
    /// A person stated something that a criterion turns on.
    Testified {
        /// What.
        statement: Statement,
        /// Is it so?
        yes: bool,
        /// Who.
        by: PersonId,
        /// The evidence.
        reason: String,
    },
    /// A trigger fired.
    TriggerFired {
        /// Which.
        trigger: TriggerId,
        /// What was found.
        finding: Finding,
        /// What it starts.
        response: Option<Response>,
    },
}

impl Body {
    /// The name under which the journal files it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Abandoned { .. } => "abandoned",
            Self::Aborted { .. } => "aborted",
            Self::Answered(_) => "answered",
            Self::Asked(_) => "asked",
            Self::BudgetBlown { .. } => "budget-blown",
            Self::ClockDisagreed { .. } => "clock-disagreed",
            Self::Concluded { .. } => "concluded",
            Self::Created { .. } => "created",
            Self::Evaluated { .. } => "evaluated",
            Self::Finished { .. } => "finished",
            Self::GateDecided { .. } => "gate-decided",
            Self::Held { .. } => "held",
            Self::Intended { .. } => "intended",
            Self::OpFinished { .. } => "op-finished",
            Self::OpStarted { .. } => "op-started",
            Self::Paused { .. } => "paused",
            Self::PhaseFinished { .. } => "phase-finished",
            Self::PhaseStarted { .. } => "phase-started",
            Self::Recovered { .. } => "recovered",
            Self::Released { .. } => "released",
            Self::Repeated { .. } => "repeated",
            Self::Resumed { .. } => "resumed",
            Self::Retried { .. } => "retried",
            Self::RollbackEnded { .. } => "rollback-ended",
            Self::RollbackStarted { .. } => "rollback-started",
            Self::Testified { .. } => "testified",
            Self::TriggerFired { .. } => "trigger-fired",
        }
    }
}
