//! Triggers: when each stirred, fired or was blind, and what it started.

use phasegate_core::{PhaseId, Span, Timestamp, TriggerId};
use phasegate_criterion::measured;
use phasegate_engine::program::{Program, Response, Trigger};
use phasegate_engine::record::{Body, TriggerProgress};
use phasegate_engine::state::State;
use phasegate_sla::{Alert, Finding, Verdict, Why};
use serde::Serialize;

use super::Step;
use super::criteria::{Counted, is_measured, is_nearer};

/// A trigger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TriggerView {
    /// Its id.
    pub trigger: TriggerId,
    /// The condition, in the criterion language. It passes where the trigger stirs.
    pub rule: String,
    /// Watched only in these phases; in all if empty.
    pub during: Vec<PhaseId>,
    /// What it starts.
    pub response: Option<Response>,
    /// For how long it may be blind.
    pub blind_after: Span,
    /// How often each verdict on its condition was recorded.
    pub counted: Counted,
    /// Its last finding.
    pub last: Option<Finding>,
    /// The last finding in which something was measured.
    pub measured: Option<Finding>,
    /// Its worst finding: nearest to firing, or furthest beyond.
    pub worst: Option<Finding>,
    /// When it was not quiet.
    pub stretches: Vec<Stretch>,
    /// Each time it started its response.
    pub firings: Vec<Firing>,
    /// How late its sources are.
    #[serde(skip)]
    lag: Span,
    /// From when on there is something to measure after the last change.
    #[serde(skip)]
    ready: Timestamp,
}

/// A stretch of time in which a trigger was not quiet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stretch {
    /// How it was.
    pub sort: StretchSort,
    /// From when on.
    pub from: Timestamp,
    /// Until when; to the end of the records, if absent.
    pub until: Option<Timestamp>,
}

/// How a trigger is when it is not quiet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum StretchSort {
    /// It could not be told.
    Blind,
    /// Its condition held for long enough.
    Firing,
    /// Its condition held, not for long enough yet.
    Pending,
    /// It began, or something was changed, so lately that there was nothing to measure yet: evidence counts from the
    /// plan's `settle` after a change on, and a source says things as late as its bindings tell.
    Settling,
}

/// One response of a trigger.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Firing {
    /// When.
    pub at: Timestamp,
    /// Because it was blind for too long, not because its condition held.
    pub blind: bool,
    /// Since when the condition held, or could not be told.
    pub since: Option<Timestamp>,
    /// What was found.
    pub finding: Finding,
    /// What it started.
    pub response: Option<Response>,
}

pub(super) struct Fold {
    triggers: Vec<TriggerView>,
}

impl Fold {
    pub(super) fn new(state: &State) -> Self {
        Self {
            triggers: TriggerView::all_quiet(&state.program),
        }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        let at = step.record.at();
        if let Body::Amended { program, .. } = &step.record.body {
            let known = std::mem::take(&mut self.triggers);
            let view = |quiet: TriggerView| {
                let known = known.iter().find(|view| view.trigger == quiet.trigger);
                known.cloned().unwrap_or(quiet)
            };
            self.triggers = TriggerView::all_quiet(program)
                .into_iter()
                .map(view)
                .collect();
        }
        if let Body::Evaluated { triggers, .. } = &step.record.body {
            let evidence = evidence_from(step.before);
            for progress in triggers {
                if let Some(view) = self.view(&progress.trigger) {
                    view.ready = view.ready.max(evidence + view.lag);
                    view.progressed(progress, at);
                }
            }
        }
        if let Body::TriggerFired {
            trigger,
            finding,
            response,
        } = &step.record.body
        {
            let state = step.before.triggers.get(trigger);
            let firing = state.is_some_and(|state| state.hold.alert() == Alert::Firing);
            let since = state.and_then(|state| {
                if firing {
                    state.hold.active_since()
                } else {
                    state.blind_since
                }
            });
            let (finding, response) = (finding.clone(), response.clone());
            let firing = Firing {
                at,
                blind: !firing,
                since,
                finding,
                response,
            };
            if let Some(view) = self.view(trigger) {
                view.firings.push(firing);
            }
        }
        if matches!(
            step.record.body,
            Body::RollbackEnded { validated: true } | Body::Finished { .. }
        ) {
            for view in &mut self.triggers {
                view.close(at);
            }
        }
    }

    fn view(&mut self, id: &TriggerId) -> Option<&mut TriggerView> {
        self.triggers.iter_mut().find(|view| view.trigger == *id)
    }

    pub(super) fn finish(mut self, last: Timestamp) -> Vec<TriggerView> {
        for view in &mut self.triggers {
            view.settle(last);
        }
        self.triggers
    }
}

/// From when on there is something to ask about: the last change and the time in which it settles, or the start; two
/// looks later at the latest somebody has asked.
fn evidence_from(state: &State) -> Timestamp {
    let timing = &state.program.timing;
    let changed = state.last_change.map(|change| change.wall + timing.settle);
    changed.unwrap_or(state.created.wall) + timing.every.saturating_mul(2)
}

impl TriggerView {
    fn all_quiet(program: &Program) -> Vec<Self> {
        let registry = program.registry();
        let lag = |trigger: &Trigger| {
            let tests = trigger.criterion.condition.tests();
            let measured = tests.filter_map(|test| measured(&test.subject.measure, &registry).ok());
            let sources = measured.flat_map(|measured| measured.sources);
            let bound = sources.filter_map(|one| program.bindings.get(&one.kpi.source));
            bound.map(|bound| bound.lag).max().unwrap_or_default()
        };
        let all = program.triggers.iter();
        all.map(|trigger| Self::quiet(trigger, lag(trigger)))
            .collect()
    }

    fn quiet(trigger: &Trigger, lag: Span) -> Self {
        Self {
            lag,
            ready: Timestamp::EPOCH,
            trigger: trigger.id.clone(),
            rule: trigger.criterion.to_string(),
            during: trigger.during.clone(),
            response: trigger.reaction.act.clone(),
            blind_after: trigger.blind.after,
            counted: Counted::default(),
            last: None,
            measured: None,
            worst: None,
            stretches: Vec::new(),
            firings: Vec::new(),
        }
    }

    fn progressed(&mut self, progress: &TriggerProgress, at: Timestamp) {
        self.counted.count(&progress.finding.verdict);
        self.last = Some(progress.finding.clone());
        if is_measured(&progress.finding) {
            self.measured = Some(progress.finding.clone());
        }
        if self
            .worst
            .as_ref()
            .is_none_or(|worst| is_nearer(&progress.finding, worst))
        {
            self.worst = Some(progress.finding.clone());
        }
        let sort = match (progress.hold.alert(), progress.blind_since) {
            (Alert::Firing, _) => Some((StretchSort::Firing, at)),
            (Alert::Pending, None) => Some((
                StretchSort::Pending,
                progress.hold.active_since().unwrap_or(at),
            )),
            (Alert::Inactive | Alert::Pending, Some(since)) => {
                let nothing_yet = progress.finding.verdict == Verdict::Inconclusive(Why::NoData);
                if nothing_yet && at <= self.ready {
                    Some((StretchSort::Settling, since))
                } else {
                    Some((StretchSort::Blind, since))
                }
            }
            (Alert::Inactive, None) => None,
        };
        self.settle(at);
        let open = self
            .stretches
            .last()
            .filter(|stretch| stretch.until.is_none());
        if open.map(|stretch| stretch.sort) == sort.map(|(sort, _)| sort) {
            return;
        }
        self.close(at);
        if let Some((sort, from)) = sort {
            self.stretches.push(Stretch {
                sort,
                from,
                until: None,
            });
        }
    }

    /// What is unseen for longer than it settles is blind from then on.
    fn settle(&mut self, at: Timestamp) {
        let ready = self.ready;
        let open = self.stretches.last_mut();
        let open = open.filter(|one| one.until.is_none() && one.sort == StretchSort::Settling);
        if let Some(open) = open.filter(|_| ready < at) {
            open.until = Some(ready);
            self.stretches.push(Stretch {
                sort: StretchSort::Blind,
                from: ready,
                until: None,
            });
        }
    }

    fn close(&mut self, at: Timestamp) {
        self.settle(at);
        if let Some(open) = self
            .stretches
            .last_mut()
            .filter(|stretch| stretch.until.is_none())
        {
            open.until = Some(at);
        }
    }
}
