//! Criteria: the first, last and worst finding of each, and all recorded ones in short.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, Fraction, PhaseId, Quantity, Timestamp};
use phasegate_engine::program::{Check, Op};
use phasegate_engine::record::{Body, Judged, Place};
use phasegate_engine::state::State;
use phasegate_sla::{Finding, Verdict};
use serde::Serialize;

use super::Step;

/// A criterion of a bake, a gate or a validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CriterionView {
    /// Its id.
    pub check: CriterionId,
    /// The criterion, in the criterion language.
    pub rule: String,
    /// Whose it is.
    pub scope: Scope,
    /// The title of the one operation in which it is looked at; `None` if there are several.
    pub during: Option<String>,
    /// So many failures in a row make it fail.
    pub fail_after: u32,
    /// With fewer samples it cannot be decided; 0 for any number.
    pub samples_min: u64,
    /// How often each verdict was recorded. The engine records changes, decisions and a roll-up.
    pub counted: Counted,
    /// The most failures in a row.
    pub failures_max: u32,
    /// The first finding.
    pub first: Option<Finding>,
    /// The last finding: how it stands, or how it ended.
    pub last: Option<Finding>,
    /// The last finding in which something was measured.
    pub measured: Option<Finding>,
    /// The worst finding: a failure before a warning before a pass, and among equals the one nearest to, or
    /// furthest beyond, its threshold. What cannot be said only where nothing else was found.
    pub worst: Option<Finding>,
    /// Every recorded finding.
    pub readings: Vec<Reading>,
}

/// Whose criterion it is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a criterion is looked at forwards or backwards"
)]
pub enum Scope {
    /// Of a phase, in its bakes and gates.
    Phase(PhaseId),
    /// Of the way back of a phase.
    Rollback(PhaseId),
}

/// How often each verdict was recorded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Counted {
    /// Passes.
    pub pass: u64,
    /// Warnings.
    pub warn: u64,
    /// Failures.
    pub fail: u64,
    /// Neither.
    pub inconclusive: u64,
}

impl Counted {
    /// All together.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.pass
            .saturating_add(self.warn)
            .saturating_add(self.fail)
            .saturating_add(self.inconclusive)
    }

    pub(crate) const fn count(&mut self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Fail => &mut self.fail,
            Verdict::Inconclusive(_) => &mut self.inconclusive,
            Verdict::Pass => &mut self.pass,
            Verdict::Warn => &mut self.warn,
        };
        *counter = counter.saturating_add(1);
    }
}

/// A finding in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Reading {
    /// When it was recorded.
    pub at: Timestamp,
    /// Where.
    pub place: Place,
    /// What was decided.
    pub verdict: Verdict,
    /// What was measured.
    pub observed: Option<Quantity>,
    /// How many samples stand behind it.
    pub samples: Option<u64>,
}

pub(super) struct Fold {
    criteria: Vec<CriterionView>,
    index: BTreeMap<(CriterionId, Scope), usize>,
}

impl Fold {
    /// All criteria of the program, in its order: nobody has looked at them yet.
    pub(super) fn new(state: &State) -> Self {
        let mut fold = Self {
            criteria: Vec::new(),
            index: BTreeMap::new(),
        };
        for phase in &state.program.phases {
            fold.declare(&phase.ops, &Scope::Phase(phase.id.clone()));
            fold.declare(&phase.rollback.ops, &Scope::Rollback(phase.id.clone()));
        }
        fold
    }

    fn declare(&mut self, ops: &[Op], scope: &Scope) {
        let checks = ops
            .iter()
            .flat_map(|op| op.checks().iter().map(move |check| (op, check)));
        for (op, check) in checks {
            let key = (check.id.clone(), scope.clone());
            if let Some(known) = self.index.get(&key) {
                if let Some(known) = self.criteria.get_mut(*known) {
                    known.during = None;
                }
                continue;
            }
            self.index.insert(key, self.criteria.len());
            let mut view = CriterionView::unseen(check, scope.clone());
            view.during = Some(op.title.clone());
            self.criteria.push(view);
        }
    }

    /// A revised plan: what was found stays, and what nobody has looked at is as it is written now.
    fn revise(&mut self, state: &State) {
        let before = std::mem::replace(self, Self::new(state));
        let (old, index) = (before.criteria, before.index);
        for (view, key) in index
            .into_iter()
            .filter_map(|(key, at)| Some((old.get(at)?, key)))
        {
            let place = self.index.get(&key).copied();
            match place.and_then(|at| self.criteria.get_mut(at)) {
                Some(known) if view.first.is_some() || view.rule == known.rule => {
                    known.clone_from(view);
                }
                None if view.first.is_some() => {
                    self.index.insert(key, self.criteria.len());
                    self.criteria.push(view.clone());
                }
                Some(_) | None => {}
            }
        }
    }

    pub(super) fn take(&mut self, step: &Step<'_>) {
        if let Body::Amended { .. } = &step.record.body {
            self.revise(step.after);
        }
        if let Body::Evaluated { judged, .. } = &step.record.body {
            for judged in judged {
                if let Some(view) = self.view(&judged.place, &judged.check) {
                    view.found(judged, step.record.at());
                }
            }
        }
    }

    /// Criteria of ways back have one owner: the phase that declares them first.
    fn view(&mut self, place: &Place, check: &CriterionId) -> Option<&mut CriterionView> {
        let index = match place {
            Place::Phase { phase, .. } => self
                .index
                .get(&(check.clone(), Scope::Phase(phase.clone()))),
            Place::Aside | Place::Rollback { .. } => {
                let back = |key: &(CriterionId, Scope)| {
                    key.0 == *check && matches!(key.1, Scope::Rollback(_))
                };
                self.index
                    .iter()
                    .find(|(key, _)| back(key))
                    .map(|(_, index)| index)
            }
        };
        self.criteria.get_mut(*index?)
    }

    pub(super) fn finish(self) -> Vec<CriterionView> {
        self.criteria
    }
}

impl CriterionView {
    fn unseen(check: &Check, scope: Scope) -> Self {
        Self {
            check: check.id.clone(),
            rule: check.criterion.to_string(),
            scope,
            during: None,
            fail_after: check.fail_after,
            samples_min: check.min_samples,
            counted: Counted::default(),
            failures_max: 0,
            first: None,
            last: None,
            measured: None,
            worst: None,
            readings: Vec::new(),
        }
    }

    fn found(&mut self, judged: &Judged, at: Timestamp) {
        let finding = &judged.finding;
        self.counted.count(&finding.verdict);
        self.failures_max = self.failures_max.max(judged.failures);
        self.first.get_or_insert_with(|| finding.clone());
        self.last = Some(finding.clone());
        if is_measured(finding) {
            self.measured = Some(finding.clone());
        }
        if self
            .worst
            .as_ref()
            .is_none_or(|worst| is_worse(finding, worst))
        {
            self.worst = Some(finding.clone());
        }
        self.readings.push(Reading {
            at,
            place: judged.place.clone(),
            verdict: finding.verdict.clone(),
            observed: finding.observed.clone(),
            samples: finding.samples,
        });
    }

    /// The last verdict; `None` where nobody has looked.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        self.last.as_ref().map(|finding| &finding.verdict)
    }
}

/// Was anything measured, in it or in a part of it?
pub(super) fn is_measured(finding: &Finding) -> bool {
    finding.observed.is_some() || finding.parts.iter().any(is_measured)
}

/// Of a criterion, a failure is worse than a warning, that than a pass. What cannot be said says nothing.
const fn of_criteria(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Inconclusive(_) => 0,
        Verdict::Pass => 1,
        Verdict::Warn => 2,
        Verdict::Fail => BEYOND,
    }
}

/// Of a trigger, the condition that holds is the bad one. What cannot be said says nothing.
const fn of_triggers(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Inconclusive(_) => 0,
        Verdict::Fail => 1,
        Verdict::Warn => 2,
        Verdict::Pass => BEYOND,
    }
}

/// The rank of what lies beyond its threshold.
const BEYOND: u8 = 3;

/// Is one finding of a criterion worse than another?
fn is_worse(one: &Finding, other: &Finding) -> bool {
    worse(one, other, of_criteria)
}

/// Is one finding of a trigger nearer to firing than another, or further beyond?
pub(super) fn is_nearer(one: &Finding, other: &Finding) -> bool {
    worse(one, other, of_triggers)
}

/// Of two findings of one rank, what lies beyond its threshold is worse the further it is from it, and
/// anything else the nearer it is.
fn worse(one: &Finding, other: &Finding, rank: impl Fn(&Verdict) -> u8) -> bool {
    let (this, that) = (rank(&one.verdict), rank(&other.verdict));
    if this != that {
        return this > that;
    }
    let beyond = this == BEYOND;
    match (distance(one, beyond), distance(other, beyond)) {
        (Some(one), Some(other)) if beyond => one > other,
        (Some(one), Some(other)) => one < other,
        (Some(_) | None, None) | (None, Some(_)) => false,
    }
}

/// From what was measured to the threshold, as a part of the threshold, which moves where it is what another version
/// shows; of several tests, of the first that has both.
fn distance(finding: &Finding, beyond: bool) -> Option<Fraction> {
    let (Some(observed), Some(bound)) = (&finding.observed, &finding.bound) else {
        return finding.parts.iter().find_map(|part| distance(part, beyond));
    };
    if observed.dimension() != bound.dimension() {
        // A percentile that was decided by counting: the more values lie within, the better.
        let within = observed.base()?;
        return Some(if beyond { within.negated() } else { within });
    }
    let bound = bound.base()?;
    let apart = observed.base()?.checked_sub(bound).map(Fraction::abs)?;
    match bound.abs() {
        zero if zero == Fraction::ZERO => Some(apart),
        bound => apart.checked_div(bound),
    }
}
