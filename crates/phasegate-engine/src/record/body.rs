//! The bodies of records and the small types in them.

use phasegate_core::{
    BindingId, CriterionId, Effect, EffectOutcome, GateId, KpiId, PersonId, PhaseId, Quantity,
    RoleId, RolloutId, Span, StepId, TargetId, Timestamp, TriggerId, Window,
};
use phasegate_sla::{Finding, HoldState};
use serde::{Deserialize, Serialize};

use super::{
    Cause, Change, Decision, Finish, GateReason, HoldReason, How, IncidentStep, Outcome, Statement,
};
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

/// What becomes of work that comes again and again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "apply must know every step")]
pub enum MaintenanceStep {
    /// People are told that it comes.
    Announced,
    /// It begins.
    Begun,
    /// It is over.
    Over,
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

/// A number as it was measured, to be compared with later.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct Baselined {
    /// Which KPI.
    pub kpi: KpiId,
    /// The measure, in the criterion language.
    pub measure: String,
    /// What it was.
    pub value: Quantity,
    /// From how many samples.
    pub samples: u64,
    /// Over which time.
    pub window: Window,
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
    /// Is what was attested still so?
    Attestation {
        /// The operation at which it was attested.
        place: Place,
    },
    /// Approve or reject a gate.
    Approval {
        /// Where.
        place: Place,
        /// Which gate.
        gate: GateId,
    },
    /// Is this difference explained?
    Difference {
        /// What was compared.
        target: TargetId,
        /// The difference.
        id: String,
    },
    /// Did this effect happen?
    Effect {
        /// Its number.
        number: u64,
    },
    /// Is the plan's response to an incident carried out?
    Incident {
        /// Which incident.
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
    /// A person brought in a revised plan, which is carried out from here on.
    Amended {
        /// The compiled program.
        program: Box<Program>,
        /// The plan document, byte for byte.
        plan_source: String,
        /// The bindings document, byte for byte.
        bindings_source: String,
        /// What is different.
        changes: Vec<Change>,
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// People were told what the plan says about this moment.
    Announced {
        /// Which announcement of the program.
        number: u32,
        /// What it is.
        title: String,
    },
    /// A person took their answer to an open question back.
    AnswerWithdrawn {
        /// Which question.
        ask: u64,
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A person answered a question.
    Answered(Answered),
    /// It was measured how things stand: the baseline from here on.
    BaselineRecorded {
        /// Where.
        place: Place,
        /// What was measured.
        figures: Vec<Baselined>,
    },
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
    /// A comparison has found that old and new differ.
    DifferenceFound {
        /// What was compared.
        target: TargetId,
        /// Which difference: equal ones have one id.
        id: String,
        /// How often it has been seen in all.
        count: u64,
        /// What differs, for people.
        detail: String,
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
    /// A step of an incident.
    Incident {
        /// Counts the incidents of one rollout, from 1.
        number: u64,
        /// What.
        step: IncidentStep,
    },
    /// An effect is going to be done. It is visible outside only once this is durable.
    Intended {
        /// Where.
        place: Place,
        /// What.
        effect: Effect,
        /// The incident of which it tells, where it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<u64>,
    },
    /// Work that comes again and again is announced, begins or is over, by the calendar.
    Maintenance {
        /// Which work of the program.
        number: u32,
        /// What it is.
        title: String,
        /// When it begins, or began.
        begins: Timestamp,
        /// What of it.
        step: MaintenanceStep,
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
    /// A policy would have more of something, or fewer.
    Scaled {
        /// The scaler.
        to: BindingId,
        /// What of it.
        target: TargetId,
        /// What it is, for people.
        title: String,
        /// What was found.
        finding: Finding,
        /// How many there were to be.
        from: u32,
        /// How many there are to be; as many as before where no more, or no fewer, are allowed.
        count: u32,
        /// Is it changed? Else people are told.
        acts: bool,
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
            Self::Amended { .. } => "amended",
            Self::AnswerWithdrawn { .. } => "answer-withdrawn",
            Self::Answered(_) => "answered",
            Self::BaselineRecorded { .. } => "baseline-recorded",
            Self::Asked(_) => "asked",
            Self::Announced { .. } => "announced",
            Self::BudgetBlown { .. } => "budget-blown",
            Self::ClockDisagreed { .. } => "clock-disagreed",
            Self::Concluded { .. } => "concluded",
            Self::Created { .. } => "created",
            Self::DifferenceFound { .. } => "difference-found",
            Self::Evaluated { .. } => "evaluated",
            Self::Finished { .. } => "finished",
            Self::GateDecided { .. } => "gate-decided",
            Self::Held { .. } => "held",
            Self::Incident { .. } => "incident",
            Self::Intended { .. } => "intended",
            Self::Maintenance { .. } => "maintenance",
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
            Self::Scaled { .. } => "scaled",
            Self::Testified { .. } => "testified",
            Self::TriggerFired { .. } => "trigger-fired",
        }
    }
}
