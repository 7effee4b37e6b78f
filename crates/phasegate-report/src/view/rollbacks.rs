//! Going back: why, how far, each step against its budget, and whether it was validated.

use phasegate_core::{Now, PhaseId, Span, Timestamp};
use phasegate_engine::program::{Back, Op, OpKind};
use phasegate_engine::record::{Body, Cause, Place};
use serde::Serialize;

use super::Step;
use super::causes;
use super::phases::{StepRun, StepStanding};

/// One going back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RollbackView {
    /// When it began.
    pub started: Timestamp,
    /// Why.
    pub cause: Cause,
    /// That in words, with the numbers.
    pub sentence: String,
    /// How far.
    pub back: Back,
    /// The phases that are undone, latest first.
    pub phases: Vec<PhaseId>,
    /// The budget of all of it.
    pub limit: Option<Span>,
    /// The record says that this budget was blown.
    pub limit_blown: bool,
    /// What was done, in order.
    pub steps: Vec<StepRun>,
    /// What made it go further back while it was under way.
    pub extensions: Vec<Extension>,
    /// When its steps were over.
    pub ended: Option<Timestamp>,
    /// How long it took, the longer of what the two clocks say.
    pub took: Option<Span>,
    /// Did all its steps and validations succeed?
    pub validated: Option<bool>,
    /// How many of its steps validate: with none, that it was validated says that its steps are done.
    pub validations: usize,
    #[serde(skip)]
    begun: Now,
}

/// Something that made a rollback go further.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Extension {
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub sentence: String,
    /// How far now.
    pub back: Back,
}

impl RollbackView {
    /// Was it rehearsed, and by nothing else asked for while it was under way?
    #[must_use]
    pub fn is_drill(&self) -> bool {
        matches!(self.cause, Cause::Drill { .. }) && self.extensions.is_empty()
    }

    /// Did all of it take longer than it may?
    #[must_use]
    pub fn is_over_limit(&self) -> bool {
        let over = self
            .took
            .zip(self.limit)
            .is_some_and(|(took, limit)| took > limit);
        self.limit_blown || over
    }
}

#[derive(Default)]
pub(super) struct Fold {
    rollbacks: Vec<RollbackView>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Step<'_>) {
        let now = step.record.now;
        if let Body::RollbackStarted { .. } = &step.record.body {
            self.started(step);
        }
        let Some(rollback) = self.rollbacks.last_mut() else {
            return;
        };
        if let Body::OpStarted {
            place: Place::Rollback { op },
            ..
        } = &step.record.body
            && let Some(run) = rollback.steps.get_mut(*op)
        {
            run.begin(now);
        }
        if let Body::Intended {
            place: Place::Rollback { op },
            effect,
            ..
        } = &step.record.body
            && let Some(run) = rollback.steps.get_mut(*op)
        {
            run.intend(effect);
        }
        if let Body::OpFinished {
            place: Place::Rollback { op },
            finish,
        } = &step.record.body
            && let Some(run) = rollback.steps.get_mut(*op)
        {
            run.end(now, StepStanding::from(finish));
        }
        if let Body::BudgetBlown { place, .. } = &step.record.body {
            match place {
                Some(Place::Rollback { op }) => {
                    if let Some(run) = rollback.steps.get_mut(*op) {
                        run.blown = true;
                    }
                }
                Some(Place::Aside | Place::Phase { .. }) => {}
                None => rollback.limit_blown = true,
            }
        }
        if let Body::RollbackEnded { validated } = &step.record.body {
            rollback.ended = Some(now.wall);
            rollback.took = Some(now.elapsed_since(&rollback.begun).high);
            rollback.validated = Some(*validated);
        }
    }

    fn started(&mut self, step: &Step<'_>) {
        let Body::RollbackStarted {
            cause,
            back,
            phases,
            ops,
            limit,
        } = &step.record.body
        else {
            return;
        };
        let program = &step.after.program;
        let owner = |op: &Op| {
            let phases = phases.iter().filter_map(|phase| program.phase(phase));
            let mut owners = phases.filter(|phase| phase.rollback.ops.contains(op));
            owners.next().map(|phase| phase.id.clone())
        };
        let validates = |op: &&Op| matches!(op.kind, OpKind::Validate { .. });
        let validations = ops.iter().filter(validates).count();
        let steps = ops.iter().map(|op| {
            let mut run = StepRun::waiting(op);
            run.of = owner(op);
            run
        });
        if step.before.is_rolling_back()
            && let Some(rollback) = self.rollbacks.last_mut()
        {
            let (at, sentence) = (step.record.at(), causes::cause(cause, step));
            let back = back.clone();
            rollback.back = back.clone();
            rollback.phases.clone_from(phases);
            rollback.limit = *limit;
            rollback.steps.extend(steps);
            rollback.validations += validations;
            rollback.extensions.push(Extension { at, sentence, back });
            return;
        }
        self.rollbacks.push(RollbackView {
            started: step.record.at(),
            cause: cause.clone(),
            sentence: causes::cause(cause, step),
            back: back.clone(),
            phases: phases.clone(),
            limit: *limit,
            limit_blown: false,
            steps: steps.collect(),
            extensions: Vec::new(),
            ended: None,
            took: None,
            validated: None,
            validations,
            begun: step.record.now,
        });
    }

    pub(super) fn finish(self) -> Vec<RollbackView> {
        self.rollbacks
    }
}
