//! The declared numbers: where each stood, where it is to go, and what was measured of it last.
//!
//! The status is that of the criteria about the number: a report does not evaluate. Only where the last value does not
//! even meet the target that stands beside it, nothing is called met.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, KpiId, Quantity, Timestamp, Unit};
use phasegate_criterion::{Cmp, Condition, Direction, Kpi, KpiRegistry, Test, measured};
use phasegate_engine::program::Check;
use phasegate_engine::state::State;
use phasegate_sla::{Finding, Verdict};
use serde::Serialize;

use super::criteria::{CriterionView, Scope};
use super::triggers::TriggerView;

/// A declared number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct KpiView {
    /// Its id.
    pub kpi: KpiId,
    /// For people.
    pub title: String,
    /// In which unit.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// How it stood before, as the plan says.
    pub baseline: String,
    /// Where it is to go, as the plan says.
    pub target: Option<String>,
    /// What was measured of it last, once for each measure that a criterion or a trigger takes of it.
    pub actual: Vec<Actual>,
    /// How it stands.
    pub status: KpiStatus,
}

/// What was measured last of one measure.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Actual {
    /// The measure, in the criterion language.
    pub measure: String,
    /// What was found, with its sample count.
    pub observed: Quantity,
    /// How many samples stand behind it.
    pub samples: Option<u64>,
    /// When.
    pub at: Timestamp,
}

/// How a number stands, by the last findings of the criteria about it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum KpiStatus {
    /// All criteria about it hold, and so does its target.
    Met,
    /// One of them does not hold.
    Missed,
    /// Nobody has measured it.
    NotMeasured,
    /// It was measured, and no criterion has decided about it, or not all; or they hold, and its target is not met.
    Open,
}

/// What one rule says about the numbers in it.
pub(super) struct Seen<'v> {
    pub(super) test: &'v Test,
    /// The last finding.
    last: Option<&'v Finding>,
    /// The last one in which something was measured.
    pub(super) measured: Option<&'v Finding>,
    /// A criterion decides about a number; a trigger only measures it.
    pub(super) decides: bool,
}

pub(super) fn of(
    state: &State,
    criteria: &[CriterionView],
    triggers: &[TriggerView],
) -> Vec<KpiView> {
    let registry = state.program.registry();
    let checks = state.program.checks();
    let seen = seen(state, &checks, criteria, triggers);
    let views = state.program.kpis.iter().map(|kpi| {
        let about: Vec<&Seen<'_>> = seen
            .iter()
            .filter(|seen| is_about(seen.test, &kpi.id, &registry))
            .collect();
        let actual = actual(&about);
        let mut status = status(&about);
        if status == KpiStatus::Met && misses_target(kpi, &actual) {
            status = KpiStatus::Open;
        }
        KpiView {
            kpi: kpi.id.clone(),
            title: kpi.title.clone(),
            unit: kpi.unit.clone(),
            direction: kpi.direction,
            baseline: kpi.baseline.to_string(),
            target: kpi.target.as_ref().map(ToString::to_string),
            actual,
            status,
        }
    });
    views.collect()
}

/// Is what was measured beside the target, where it can be compared with it and the target is no estimate?
fn misses_target(kpi: &Kpi, actual: &[Actual]) -> bool {
    let Some(target) = &kpi.target else {
        return false;
    };
    let Some(op) = target.op.or_else(|| kpi.direction.goal()) else {
        return false;
    };
    let misses = |one: &Actual| {
        let order = one.observed.compare(&target.value);
        order.is_some_and(|order| match op {
            Cmp::Equal | Cmp::NotEqual => false,
            Cmp::Greater => order.is_le(),
            Cmp::GreaterOrEqual => order.is_lt(),
            Cmp::Less => order.is_ge(),
            Cmp::LessOrEqual => order.is_gt(),
        })
    };
    // Of several measures it is not known which one is meant.
    matches!(actual, [one] if misses(one))
}

/// Every test of every criterion that somebody had to look at, and of every trigger.
pub(super) fn seen<'v>(
    state: &'v State,
    checks: &BTreeMap<CriterionId, &'v Check>,
    criteria: &'v [CriterionView],
    triggers: &'v [TriggerView],
) -> Vec<Seen<'v>> {
    let mut seen = Vec::new();
    // What nobody had to look at, because nothing went back or it went back before, leaves nothing open.
    let idle = |view: &&CriterionView| {
        let unneeded = state.outcome.is_some() || matches!(view.scope, Scope::Rollback(_));
        view.last.is_none() && unneeded
    };
    for view in criteria.iter().filter(|view| !idle(view)) {
        if let Some(check) = checks.get(&view.check) {
            let found = (view.last.as_ref(), view.measured.as_ref());
            tests(&check.criterion.condition, found, true, &mut seen);
        }
    }
    for (trigger, view) in state.program.triggers.iter().zip(triggers) {
        let found = (view.last.as_ref(), view.measured.as_ref());
        tests(&trigger.criterion.condition, found, false, &mut seen);
    }
    seen
}

/// A joined condition and its finding have the same parts in the same order.
fn tests<'v>(
    condition: &'v Condition,
    (last, measured): (Option<&'v Finding>, Option<&'v Finding>),
    decides: bool,
    seen: &mut Vec<Seen<'v>>,
) {
    let of = |finding: Option<&'v Finding>, index: usize| finding.and_then(|f| f.parts.get(index));
    let part = |index: usize| (of(last, index), of(measured, index));
    if let Condition::Test(test) = condition {
        seen.push(Seen {
            test,
            last,
            measured,
            decides,
        });
    }
    for (index, condition) in condition.parts().enumerate() {
        tests(condition, part(index), decides, seen);
    }
}

fn is_about(test: &Test, kpi: &KpiId, registry: &KpiRegistry) -> bool {
    let measured = measured(&test.subject.measure, registry);
    measured.is_ok_and(|measured| measured.sources.iter().any(|source| source.kpi.id == *kpi))
}

/// The newest value of each measure.
pub(super) fn actual(about: &[&Seen<'_>]) -> Vec<Actual> {
    let mut actual: Vec<Actual> = Vec::new();
    for seen in about {
        let Some(finding) = seen.measured else {
            continue;
        };
        let Some(observed) = finding.observed.clone() else {
            continue;
        };
        // A percentile that was decided by counting is the share within one threshold.
        let within = finding
            .bound
            .as_ref()
            .filter(|b| b.dimension() != observed.dimension());
        let measure = match within {
            Some(bound) => format!("{} within {bound}", seen.test.subject),
            None => seen.test.subject.to_string(),
        };
        let (samples, at) = (finding.samples, finding.at);
        let newest = Actual {
            measure,
            observed,
            samples,
            at,
        };
        match actual
            .iter_mut()
            .find(|known| known.measure == newest.measure)
        {
            Some(known) if known.at < newest.at => *known = newest,
            Some(_) => {}
            None => actual.push(newest),
        }
    }
    actual
}

pub(super) fn status(about: &[&Seen<'_>]) -> KpiStatus {
    let verdicts = || {
        about
            .iter()
            .filter(|s| s.decides)
            .map(|s| s.last.map(|f| &f.verdict))
    };
    if about.iter().all(|seen| {
        seen.measured
            .is_none_or(|finding| finding.observed.is_none())
    }) {
        KpiStatus::NotMeasured
    } else if verdicts().any(|verdict| verdict == Some(&Verdict::Fail)) {
        KpiStatus::Missed
    } else if verdicts().next().is_some()
        && verdicts().all(|v| matches!(v, Some(Verdict::Pass | Verdict::Warn)))
    {
        KpiStatus::Met
    } else {
        KpiStatus::Open
    }
}
