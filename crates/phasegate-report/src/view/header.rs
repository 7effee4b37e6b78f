//! The head of a report: which rollout, of which plan, begun when and by whom, and how it stands.

use phasegate_core::{PersonId, PlanId, RolloutId, Span, Timestamp};
use phasegate_engine::program::{OpKind, Program};
use phasegate_engine::record::{Body, HoldReason, Outcome, Record};
use phasegate_engine::state::State;
use serde::Serialize;

use super::Step;
use super::causes;

/// What a rollout is, and how it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Header {
    /// Which rollout.
    pub rollout: RolloutId,
    /// Of which plan.
    pub plan: PlanId,
    /// The plan's title.
    pub title: String,
    /// What the plan says it is about.
    pub summary: Option<String>,
    /// SHA-256 of the plan document, as hex.
    pub plan_digest: String,
    /// SHA-256 of the bindings document, as hex.
    pub bindings_digest: String,
    /// Who started it.
    pub started_by: PersonId,
    /// When it was created.
    pub started: Timestamp,
    /// When the last record was written.
    pub last: Timestamp,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// From the start to the end, or to the last record, by the wall clock.
    pub duration: Span,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// How it stands.
    pub standing: Standing,
    /// Why it stands so, where one thing is to blame.
    pub why: Option<String>,
    /// Does the plan set shares at all? Where it does not, nobody can be counted who sees the new version.
    pub sets_shares: bool,
}

/// How a rollout stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum Standing {
    /// A person ended it; what had been done was undone.
    Aborted,
    /// All phases are done.
    Completed,
    /// Nothing moves forward until a person says so.
    Held,
    /// A person stopped forward movement.
    Paused,
    /// It went back to the start, and that was validated.
    RolledBack,
    /// Going back did not succeed: a person must take over, or has.
    RollbackFailed,
    /// It goes back.
    RollingBack,
    /// It moves forward.
    Running,
}

impl Standing {
    fn of(state: &State) -> Self {
        match state.outcome {
            Some(outcome) => outcome.into(),
            None => match &state.rollback {
                Some(rollback) if rollback.failed => Self::RollbackFailed,
                Some(_) => Self::RollingBack,
                None if !state.holds.is_empty() => Self::Held,
                None if state.paused => Self::Paused,
                None => Self::Running,
            },
        }
    }
}

impl From<Outcome> for Standing {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Aborted => Self::Aborted,
            Outcome::Completed => Self::Completed,
            Outcome::RolledBack => Self::RolledBack,
            Outcome::RollbackFailed => Self::RollbackFailed,
        }
    }
}

pub(super) struct Fold {
    header: Header,
    cause: Option<String>,
    aborted: Option<String>,
    paused: Option<String>,
    /// What has held it, in words.
    held: Vec<(HoldReason, String)>,
}

impl Fold {
    pub(super) fn new(first: &Record, by: &PersonId, state: &State) -> Self {
        let program = &state.program;
        Self {
            header: Header {
                rollout: state.rollout.clone(),
                plan: program.plan.clone(),
                title: program.title.clone(),
                summary: program.summary.clone(),
                plan_digest: program.plan_digest.clone(),
                bindings_digest: program.bindings_digest.clone(),
                started_by: by.clone(),
                started: first.at(),
                last: first.at(),
                ended: None,
                duration: Span::ZERO,
                outcome: None,
                standing: Standing::Running,
                why: None,
                sets_shares: false,
            },
            cause: None,
            aborted: None,
            paused: None,
            held: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        let header = &mut self.header;
        header.last = step.record.at();
        if let Body::Amended { program, .. } = &step.record.body {
            header.title.clone_from(&program.title);
            header.summary.clone_from(&program.summary);
            header.plan_digest.clone_from(&program.plan_digest);
            header.bindings_digest.clone_from(&program.bindings_digest);
        }
        if let Body::Finished { outcome } = &step.record.body {
            header.outcome = Some(*outcome);
            header.ended = Some(step.record.at());
        }
        if let Body::RollbackStarted { cause, .. } = &step.record.body {
            // What began it, not what made it go further.
            if !step.before.is_rolling_back() {
                self.cause = Some(causes::cause(cause, step));
            }
        }
        if let Body::Held { reason } = &step.record.body {
            let words = causes::hold(reason, step);
            self.held.retain(|(held, _)| held != reason);
            self.held.push((reason.clone(), words));
        }
        if let Body::Aborted { by, reason } = &step.record.body {
            self.aborted = Some(format!("{by} ended it: {reason}"));
        }
        if let Body::Paused { by, reason } = &step.record.body {
            self.paused = Some(format!("{by} paused it: {reason}"));
        }
    }

    pub(super) fn finish(self, state: &State) -> Header {
        let mut header = self.header;
        header.duration = header.last.since(header.started);
        header.standing = Standing::of(state);
        header.sets_shares = sets_shares(&state.program);
        header.why = match header.standing {
            Standing::Aborted => self.aborted.or(self.cause),
            Standing::Completed | Standing::Running => None,
            Standing::Held => {
                let last = state.holds.last();
                let held = |(held, _): &&(HoldReason, String)| Some(held) == last;
                let words = self.held.iter().find(held).map(|(_, words)| words.clone());
                // Where it went back to waits for a person, and why it went back tells more.
                match (last, &self.cause) {
                    (Some(HoldReason::RolledBack), Some(cause)) => {
                        Some(format!("{}: {cause}", words.unwrap_or_default()))
                    }
                    (Some(_) | None, _) => words,
                }
            }
            Standing::Paused => self.paused,
            Standing::RolledBack | Standing::RollbackFailed | Standing::RollingBack => self.cause,
        };
        header
    }
}

/// Does any step set a share of traffic or of a flag?
fn sets_shares(program: &Program) -> bool {
    let phases = program.phases.iter();
    let mut ops = phases.flat_map(|phase| phase.ops.iter());
    ops.any(|op| match &op.kind {
        OpKind::Apply { desired, .. } => desired.exposure().is_some(),
        OpKind::Ask { .. }
        | OpKind::Bake { .. }
        | OpKind::Gate(_)
        | OpKind::Ledger { .. }
        | OpKind::Measure { .. }
        | OpKind::Validate { .. }
        | OpKind::Wait { .. } => false,
    })
}
