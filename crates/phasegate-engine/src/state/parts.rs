//! The parts of the state.

use std::collections::BTreeMap;
use std::fmt;

use phasegate_core::{Desired, Effect, Now, PersonId, PhaseId, Ratio, Span, Timestamp};
use phasegate_sla::{Finding, HoldState, Verdict, Why};

use crate::program::{Back, Op, OpKind, Phase};
use crate::record::{Answered, Ask, Cause, Place};

/// How far a phase is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "readers must know each")]
pub enum PhaseState {
    /// All its operations are done.
    Done,
    /// Nothing is to be done: what it switches on again is not switched off.
    Idle,
    /// At an operation; one past the last when all are done.
    Running {
        /// Index of the operation.
        op: usize,
        /// How far it is.
        stage: Stage,
    },
    /// It was undone by a rollback.
    Undone,
    /// Not begun.
    Waiting,
}

impl PhaseState {
    /// That of a phase for which nothing has happened yet.
    pub(crate) fn before(phase: &Phase) -> Self {
        if phase.re_enables.is_some() {
            Self::Idle
        } else {
            Self::Waiting
        }
    }

    /// Is nothing left to be done?
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done | Self::Idle)
    }

    /// Has anything been done, be it undone since?
    pub(crate) fn was_begun(&self) -> bool {
        !matches!(self, Self::Idle | Self::Waiting)
    }
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "readers must know each")]
pub enum Stage {
    /// Not begun.
    Ready,
    /// Begun.
    Started {
        /// When.
        at: Now,
        /// The effect it waits for, if it has one.
        effect: Option<u64>,
        /// Of its effects, those that certainly did not happen.
        failures: Failures,
    },
}

/// Effects of one operation that certainly did not happen.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Failures {
    /// How many.
    pub count: u32,
    /// Why the last one did not.
    pub why: String,
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 | 1 => write!(f, "it did not happen: {}", self.why),
            count => write!(f, "it did not happen in {count} attempts: {}", self.why),
        }
    }
}

/// The rollback.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RollbackState {
    /// Why it began.
    pub cause: Cause,
    /// Something else wants it as well, or wants it to go further.
    pub extended: bool,
    /// How far it goes.
    pub back: Back,
    /// The phases it undoes, latest first.
    pub phases: Vec<PhaseId>,
    /// What it does.
    pub ops: Vec<Op>,
    /// Index of the operation under way; one past the last when all are done.
    pub op: usize,
    /// How far that operation is.
    pub stage: Stage,
    /// When it began.
    pub started: Now,
    /// The budget of all of it.
    pub limit: Option<Span>,
    /// Was the overrun of the whole told already?
    pub limit_blown: bool,
    /// Operations that did not succeed.
    pub unsuccessful: Vec<usize>,
    /// It could not be validated: a person must take over.
    pub failed: bool,
}

impl RollbackState {
    /// Is it rehearsed? Not any more once something else wants it.
    pub fn is_drill(&self) -> bool {
        matches!(self.cause, Cause::Drill { .. }) && !self.extended
    }

    /// Does one of its operations set what this effect sets?
    pub(crate) fn sets(&self, effect: &Effect) -> bool {
        let target = effect.desired.target();
        let sets = |op: &Op| match &op.kind {
            OpKind::Apply { to, desired, .. } => *to == effect.to && desired.target() == target,
            OpKind::Ask { .. }
            | OpKind::Bake { .. }
            | OpKind::Gate(_)
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => false,
        };
        target.is_some() && self.ops.iter().any(sets)
    }
}

/// A rollback that was rehearsed: evidence that the way back works, and in which time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DrillState {
    /// Who rehearsed it.
    pub by: PersonId,
    /// How far it went.
    pub back: Back,
    /// When it was over.
    pub ended: Timestamp,
    /// How long it took, the longer of what the two clocks say.
    pub took: Span,
    /// How long it may take.
    pub limit: Option<Span>,
    /// How long a recovery may take, by the plan's recovery target.
    pub recovery: Option<Span>,
    /// Do all validations hold?
    pub validated: bool,
}

impl DrillState {
    /// Did it work, within its own limit and within the plan's recovery target?
    pub fn is_met(&self) -> bool {
        let keeps = |limit: Option<Span>| limit.is_none_or(|limit| self.took <= limit);
        self.validated && keeps(self.limit) && keeps(self.recovery)
    }
}

/// An effect without a known outcome.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EffectState {
    /// Where it belongs.
    pub place: Place,
    /// What is to be done.
    pub effect: Effect,
    /// How often it was tried with this key.
    pub attempts: u32,
    /// When the last attempt was recorded.
    pub sent: Now,
    /// The last attempt's outcome is unknown.
    pub in_doubt: bool,
    /// The incident of which it tells.
    pub about: Option<u64>,
}

/// An open question.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AskState {
    /// The question.
    pub ask: Ask,
    /// Sequence of the record that asked it. An answer must have seen it.
    pub seq: u64,
    /// When it was asked.
    pub asked: Now,
    /// What was answered so far, and when. The last word of each person.
    pub answers: Vec<(Answered, Now)>,
    /// Who took their answer back and has given none since, and when.
    pub withdrawn: BTreeMap<PersonId, Now>,
}

/// What was done last, or told, about something that policies scale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ScaledState {
    /// When.
    pub at: Now,
    /// How many there were to be before.
    pub from: u32,
    /// How many there were to be from then on, or would have been.
    pub count: u32,
}

/// How a trigger stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TriggerState {
    /// What was found when last recorded.
    pub finding: Finding,
    /// The `for`/`keep` state.
    pub hold: HoldState,
    /// It cannot be told, since then.
    pub blind_since: Option<Timestamp>,
    /// Its response to this firing, or to this blindness, was started already.
    pub responded: bool,
    /// That response was to blindness: once it is seen again, whatever it shows is not responded to yet.
    pub to_blindness: bool,
}

/// How a criterion stood when last recorded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckState {
    /// What was found.
    pub finding: Finding,
    /// Failures in a row.
    pub failures: u32,
    /// Nothing is seen by which it could be decided, since then.
    pub unseen_since: Option<Timestamp>,
}

/// How far a bake is.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BakeState {
    /// Covered by evidence, as last recorded.
    pub covered: Span,
    /// Not all criteria could be decided, since then.
    pub blind_since: Option<Timestamp>,
}

/// A difference between old and new.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DifferenceState {
    /// How often it was seen.
    pub count: u64,
    /// What differs, for people.
    pub detail: String,
    /// Who has explained it, and how.
    pub explained: Option<(PersonId, String)>,
}

/// What the rollout has set outside.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// What it was before the rollout, where it could be read.
    pub original: Option<Desired>,
    /// What was set last.
    pub desired: Desired,
    /// When that was known to stand.
    pub since: Now,
    /// What an effect that nobody waits for any more may have set after that.
    pub late: Option<Desired>,
}

impl Applied {
    /// Does anyone see the new version by it?
    pub fn is_exposed(&self) -> bool {
        exposure(&self.desired) > Ratio::ZERO
    }
}

/// The share that sees the new version.
pub(crate) fn exposure(desired: &Desired) -> Ratio {
    match desired {
        // A cohort of unknown size is somebody.
        Desired::Cohort { share: None, .. } => Ratio::from_ppm(1).unwrap_or(Ratio::ONE),
        other => other.exposure().unwrap_or(Ratio::ZERO),
    }
}

/// Is nothing seen at all? Too few samples are not blindness: they grow.
///
/// ```
/// use phasegate_engine::state::is_blind;
/// use phasegate_sla::{Verdict, Why};
/// assert!(is_blind(&Verdict::Inconclusive(Why::NoData)));
/// assert!(!is_blind(&Verdict::Fail));
/// ```
pub fn is_blind(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Inconclusive(why) => match why {
            Why::CriterionUnusable
            | Why::Invalid
            | Why::NoData
            | Why::OutOfRange
            | Why::ProviderUnavailable
            | Why::Refused { .. }
            | Why::Throttled
            | Why::Window { .. } => true,
            Why::BaselineApproximate
            | Why::BaselineMissing
            | Why::HumanAnswerMissing
            | Why::NotYet { .. }
            | Why::RollingWindow
            | Why::TooFewSamples { .. }
            | Why::Undecided => false,
        },
        Verdict::Fail | Verdict::Pass | Verdict::Warn => false,
    }
}

/// The same, or there is no baseline to compare with, and none by waiting.
pub(crate) fn sees_nothing(verdict: &Verdict) -> bool {
    is_blind(verdict) || *verdict == Verdict::Inconclusive(Why::BaselineMissing)
}
