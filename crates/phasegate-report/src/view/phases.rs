//! Phases and their steps: when each began and ended, how, and against which budget.

use std::collections::BTreeMap;

use phasegate_core::{Desired, Effect, Now, PersonId, PhaseId, Span, StepId, Timestamp};
use phasegate_engine::program::{Back, Op, OpKind, Phase};
use phasegate_engine::record::{Body, Finish, Place};
use phasegate_engine::state::{PhaseState, State};
use serde::Serialize;

use super::Step;
use crate::words;

/// A phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PhaseView {
    /// Its id.
    pub id: PhaseId,
    /// For people.
    pub title: String,
    /// The phases that had to be done first.
    pub after: Vec<PhaseId>,
    /// How it stands.
    pub standing: PhaseStanding,
    /// Each time it ran; more than once after a rollback, not at all while it waits.
    pub runs: Vec<PhaseRun>,
}

/// How a phase stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum PhaseStanding {
    /// All its steps are done.
    Done,
    /// It was under way when the rollback began.
    Left,
    /// It is under way.
    Running,
    /// It was undone.
    Undone,
    /// Not begun.
    Waiting,
}

/// One time a phase ran.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PhaseRun {
    /// When it began.
    pub started: Timestamp,
    /// When all was done.
    pub finished: Option<Timestamp>,
    /// When a rollback that undoes it began.
    pub left: Option<Timestamp>,
    /// When that rollback was validated.
    pub undone: Option<Timestamp>,
    /// All its steps, also those that were not reached.
    pub steps: Vec<StepRun>,
}

/// One operation of a phase or of a rollback.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct StepRun {
    /// The plan's step.
    pub step: StepId,
    /// For people.
    pub title: String,
    /// What it does, in words.
    pub what: String,
    /// Of a rollback's step, the phase whose way back it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<PhaseId>,
    /// How long it may take.
    pub budget: Option<Span>,
    /// When it last began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How long it took from its last beginning, the longer of what the two clocks say.
    pub took: Option<Span>,
    /// How often it began; more than once when a person had it tried again or released a hold.
    pub tries: u32,
    /// The record says that its budget was blown.
    pub blown: bool,
    /// How it stands.
    pub standing: StepStanding,
    #[serde(skip)]
    begun: Option<Now>,
    /// The step itself is a message: what is told at its place is its own.
    #[serde(skip)]
    tells: bool,
}

/// How a step stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum StepStanding {
    /// As planned.
    Done,
    /// It failed, and the rollback, or the telling, went on without it.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was under way when a rollback began.
    Left,
    /// What was done before it in the rollback was enough.
    NotNeeded,
    /// It is under way.
    Running,
    /// A person skipped it.
    Skipped {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// The stage of the rollback that it ends was not enough.
    TooLittle {
        /// What did not hold yet.
        reason: String,
    },
    /// Not begun.
    Waiting,
}

impl StepRun {
    pub(super) fn waiting(op: &Op) -> Self {
        Self {
            step: op.step.clone(),
            title: op.title.clone(),
            what: words::operation(&op.kind),
            of: None,
            budget: op.budget,
            started: None,
            ended: None,
            took: None,
            tries: 0,
            blown: false,
            standing: StepStanding::Waiting,
            begun: None,
            tells: matches!(
                op.kind,
                OpKind::Apply {
                    desired: Desired::Message { .. },
                    ..
                }
            ),
        }
    }

    /// A message as it was sent: the plan's has its variables still to be filled in.
    pub(super) fn intend(&mut self, effect: &Effect) {
        if self.tells {
            self.what = format!("{}, by {}", effect.desired, effect.to);
        }
    }

    pub(super) fn begin(&mut self, now: Now) {
        self.started = Some(now.wall);
        self.begun = Some(now);
        self.ended = None;
        self.took = None;
        self.tries = self.tries.saturating_add(1);
        self.standing = StepStanding::Running;
    }

    pub(super) fn end(&mut self, now: Now, standing: StepStanding) {
        self.ended = Some(now.wall);
        self.took = self.begun.map(|begun| now.elapsed_since(&begun).high);
        self.standing = standing;
    }

    /// Did it take longer than it may?
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        let over = self
            .took
            .zip(self.budget)
            .is_some_and(|(took, budget)| took > budget);
        self.blown || over
    }
}

impl From<&Finish> for StepStanding {
    fn from(finish: &Finish) -> Self {
        match finish {
            Finish::Done => Self::Done,
            Finish::Failed { reason } => Self::Failed {
                reason: reason.clone(),
            },
            Finish::NotNeeded => Self::NotNeeded,
            Finish::Skipped { by, reason } => Self::Skipped {
                by: by.clone(),
                reason: reason.clone(),
            },
            Finish::TooLittle { reason } => Self::TooLittle {
                reason: reason.clone(),
            },
        }
    }
}

pub(super) struct Fold {
    runs: BTreeMap<PhaseId, Vec<PhaseRun>>,
}

impl Fold {
    pub(super) fn new(state: &State) -> Self {
        let ids = state
            .program
            .phases
            .iter()
            .map(|phase| (phase.id.clone(), Vec::new()));
        Self {
            runs: ids.collect(),
        }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        let now = step.record.now;
        if let Body::PhaseStarted { phase } = &step.record.body
            && let Some(program) = step.after.program.phase(phase)
        {
            self.runs
                .entry(phase.clone())
                .or_default()
                .push(PhaseRun::begin(program, now.wall));
        }
        if let Body::Amended { program, .. } = &step.record.body {
            for phase in &program.phases {
                if let Some(PhaseState::Running { .. }) = step.after.phases.get(&phase.id)
                    && let Some(run) = self.last(&phase.id)
                {
                    run.revise(phase);
                }
            }
        }
        if let Body::PhaseFinished { phase } = &step.record.body
            && let Some(run) = self.last(phase)
        {
            run.finished = Some(now.wall);
        }
        if let Body::OpStarted { place, .. } = &step.record.body
            && let Some(run) = self.step(place)
        {
            run.begin(now);
        }
        if let Body::Intended { place, effect, .. } = &step.record.body
            && let Some(run) = self.step(place)
        {
            run.intend(effect);
        }
        if let Body::OpFinished { place, finish } = &step.record.body
            && let Some(run) = self.step(place)
        {
            run.end(now, finish.into());
        }
        if let Body::RollbackStarted { phases, back, .. } = &step.record.body {
            // A part that is switched off again while it is switched on.
            if let Back::Procedure(id) = back {
                let program = &step.after.program;
                let of_it = |phase: &&Phase| phase.re_enables.as_ref() == Some(id);
                for phase in program.phases.iter().filter(of_it) {
                    if let Some(run) = self.last(&phase.id).filter(|run| run.finished.is_none()) {
                        run.leave(now);
                    }
                }
            }
            for phase in phases {
                if let Some(run) = self.last(phase) {
                    run.leave(now);
                }
            }
        }
        if let Body::RollbackEnded { validated: true } = &step.record.body {
            for phase in step
                .before
                .rollback
                .iter()
                .flat_map(|rollback| &rollback.phases)
            {
                if let Some(run) = self.last(phase) {
                    run.undone = Some(now.wall);
                }
            }
        }
    }

    pub(super) fn finish(mut self, state: &State) -> Vec<PhaseView> {
        let view = |phase: &Phase| {
            let runs = self.runs.remove(&phase.id).unwrap_or_default();
            let left = runs.last().is_some_and(|run| run.left.is_some());
            let standing = match state.phases.get(&phase.id) {
                Some(PhaseState::Undone) => PhaseStanding::Undone,
                Some(PhaseState::Done | PhaseState::Running { .. }) if left => PhaseStanding::Left,
                Some(PhaseState::Done | PhaseState::Idle) => PhaseStanding::Done,
                Some(PhaseState::Running { .. }) => PhaseStanding::Running,
                Some(PhaseState::Waiting) | None => PhaseStanding::Waiting,
            };
            let (id, title, after) = (phase.id.clone(), phase.title.clone(), phase.after.clone());
            PhaseView {
                id,
                title,
                after,
                standing,
                runs,
            }
        };
        let phases = state.program.phases.iter().map(view);
        // A part that was never switched off is nobody's business.
        let is_shown = |view: &PhaseView| {
            !view.runs.is_empty() || state.phases.get(&view.id) != Some(&PhaseState::Idle)
        };
        phases.filter(is_shown).collect()
    }

    fn last(&mut self, phase: &PhaseId) -> Option<&mut PhaseRun> {
        self.runs.get_mut(phase)?.last_mut()
    }

    fn step(&mut self, place: &Place) -> Option<&mut StepRun> {
        match place {
            Place::Phase { phase, op } => self.last(phase)?.steps.get_mut(*op),
            Place::Aside | Place::Rollback { .. } => None,
        }
    }
}

impl PhaseRun {
    fn begin(phase: &Phase, at: Timestamp) -> Self {
        let steps = phase.ops.iter().map(StepRun::waiting).collect();
        Self {
            started: at,
            finished: None,
            left: None,
            undone: None,
            steps,
        }
    }

    /// What has not begun is as the revised plan has it.
    fn revise(&mut self, phase: &Phase) {
        let begun = |step: &StepRun| step.tries > 0;
        let kept = self
            .steps
            .iter()
            .rposition(begun)
            .map_or(0, |last| last + 1);
        self.steps.truncate(kept);
        let rest = phase.ops.iter().skip(kept);
        self.steps.extend(rest.map(StepRun::waiting));
    }

    fn leave(&mut self, now: Now) {
        self.left.get_or_insert(now.wall);
        for step in &mut self.steps {
            if step.standing == StepStanding::Running {
                step.end(now, StepStanding::Left);
            }
        }
    }

    /// When it no longer ran, as far as is known.
    #[must_use]
    pub fn ended(&self) -> Option<Timestamp> {
        self.finished.or(self.left)
    }
}
