//! The declared numbers: where each stood, where it is to go, and what was measured of it last.
//!
//! The status is that of the criteria about the number: a report does not evaluate. Only where the last value does not
//! even meet the target that stands beside it, nothing is called met.

use phasegate_core::{Decimal, Dimension, KpiId, Quantity, Timestamp, Unit};
use phasegate_criterion::{
    Against, Baseline, Cmp, Criterion, Direction, Given, Kpi, KpiRegistry, Measure, Test, measured,
};
use phasegate_engine::program::Trigger;
use phasegate_engine::record::{Cause, Outcome};
use phasegate_engine::state::State;
use serde::Serialize;

use super::RollbackView;
use super::criteria::CriterionView;
use super::goals::{GoalNumber, GoalView};
use super::seen::{Seen, actual, seen, status, why};
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
    /// Who gave the baseline when the rollout began, where the plan leaves it open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_by: Option<String>,
    /// Where it is to go, as the plan says; where only goals say so, they.
    pub target: Option<String>,
    /// What was measured of it last, once for each measure that a criterion or a trigger takes of it.
    pub actual: Vec<Actual>,
    /// How it stands.
    pub status: KpiStatus,
    /// Why it stands so, in words; absent where it is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Is it open because its criteria hold, and its last value misses its target?
    pub misses_target: bool,
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
    /// Of values that were counted below a threshold, that threshold: the share of them is what was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Quantity>,
    /// Of things that were counted among others (`5/5`), how many were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
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
    /// One of them does not hold, or a trigger about it sent the rollout back.
    Missed,
    /// Nobody has measured it.
    NotMeasured,
    /// It was measured, and no criterion has decided about it, or not all; or they hold, and its target is not met.
    Open,
}

pub(super) fn of(
    state: &State,
    criteria: &[CriterionView],
    triggers: &[TriggerView],
    rollbacks: &[RollbackView],
    goals: &[GoalView],
) -> Vec<KpiView> {
    let sent_back = sent_back(state, rollbacks);
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
        let mut why = why(status, &about);
        let mut misses = false;
        if status == KpiStatus::Met && misses_target(kpi, &actual, &about) {
            misses = true;
            status = KpiStatus::Open;
            why = Some("its criteria hold, and the last value misses its target".to_owned());
        }
        // Without a target of its own, what the goals ask of it stands beside it.
        let asked: Vec<&GoalNumber> = match kpi.target {
            Some(_) => Vec::new(),
            None => asked_by_goals(state, goals, kpi, &registry),
        };
        let mut missed = asked
            .iter()
            .filter(|goal| goal.status == KpiStatus::Missed || goal.last_meets == Some(false));
        if let (KpiStatus::Met, Some(goal)) = (status, missed.next()) {
            status = KpiStatus::Open;
            let target = &goal.target;
            why = Some(format!(
                "its criteria hold, and the last value misses the goal {target}"
            ));
        }
        let sent_back = sent_back.filter(|one| {
            let mut tests = one.criterion.condition.tests();
            tests.any(|test| is_about(test, &kpi.id, &registry))
        });
        if let (KpiStatus::Met | KpiStatus::Open, Some(trigger)) = (status, sent_back) {
            status = KpiStatus::Missed;
            why = Some(format!("the trigger {} sent the rollout back", trigger.id));
        }
        KpiView {
            kpi: kpi.id.clone(),
            title: kpi.title.clone(),
            unit: kpi.unit.clone(),
            direction: kpi.direction,
            baseline: kpi.baseline.to_string(),
            baseline_by: state.program.given_baselines.get(&kpi.id).cloned(),
            target: target(kpi, &asked),
            actual,
            status,
            why,
            misses_target: misses && status == KpiStatus::Open,
        }
    });
    views.collect()
}

/// The numbers of goals that are about a KPI.
fn asked_by_goals<'g>(
    state: &State,
    goals: &'g [GoalView],
    kpi: &Kpi,
    registry: &KpiRegistry,
) -> Vec<&'g GoalNumber> {
    let about = |criterion: &Criterion| {
        let mut tests = criterion.condition.tests();
        tests.any(|test| is_about(test, &kpi.id, registry))
    };
    let program = state.program.goals.iter().flat_map(|goal| &goal.criteria);
    let views = goals.iter().flat_map(|goal| &goal.numbers);
    let both = program.zip(views);
    both.filter(|(criterion, _)| about(criterion))
        .map(|(_, view)| view)
        .collect()
}

/// The KPI's own target, or what the goals ask of it.
fn target(kpi: &Kpi, asked: &[&GoalNumber]) -> Option<String> {
    let own = kpi.target.as_ref().map(ToString::to_string);
    own.or_else(|| {
        let texts: Vec<&str> = asked.iter().map(|goal| goal.target.as_str()).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    })
}

/// Is what was measured beside the target, where it can be compared with it and the target is no estimate?
fn misses_target(kpi: &Kpi, actual: &[Actual], about: &[&Seen<'_>]) -> bool {
    let Some(target) = &kpi.target else {
        return false;
    };
    let Some(op) = target.op.or_else(|| kpi.direction.goal()) else {
        return false;
    };
    let misses = |value: &Quantity| meets(value, op, &target.value) == Some(false);
    // A change is no value of the number itself.
    let changes: Vec<&Seen<'_>> = about
        .iter()
        .copied()
        .filter(|seen| is_change(seen))
        .collect();
    let is_value = |one: &&Actual| {
        let mut changes = changes.iter();
        !changes.any(|seen| seen.test.subject.to_string() == one.measure)
    };
    let mut values = actual.iter().filter(is_value);
    match (values.next(), values.next()) {
        (Some(one), None) => misses(&one.observed),
        // Of several measures it is not known which one is meant.
        (Some(_), Some(_)) => false,
        (None, _) => {
            let mut changed = changes.iter().filter_map(|seen| changed(kpi, seen));
            changed.next_back().is_some_and(|value| misses(&value))
        }
    }
}

pub(super) fn is_change(seen: &Seen<'_>) -> bool {
    matches!(seen.test.subject.measure, Measure::Change(_))
}

/// Where a change from the number's own baseline has brought it: of a range, from what the change was held against.
pub(super) fn changed(kpi: &Kpi, seen: &Seen<'_>) -> Option<Quantity> {
    let (Against::Baseline, None) = seen.test.reference()? else {
        return None;
    };
    let Baseline::Figure(Given::Point(_) | Given::Range(_)) = &kpi.baseline else {
        return None;
    };
    let found = seen.measured?;
    let (before, change) = (found.reference.as_ref()?, found.observed.as_ref()?);
    if change.dimension() != Dimension::SHARE {
        return None;
    }
    let number = before.number().to_f64();
    let after = number + number * change.base()?.to_f64();
    // A change is written with limited digits: what they do not tell must not put it beside a target that it meets.
    let after: f64 = format!("{after:.9e}").parse().ok()?;
    let after = Decimal::from_f64(after).ok()?;
    Some(Quantity::new(after, before.unit().clone()))
}

/// The trigger that the last going back came from, unless everything was carried out after it.
fn sent_back<'v>(state: &'v State, rollbacks: &[RollbackView]) -> Option<&'v Trigger> {
    if state.outcome == Some(Outcome::Completed) {
        return None;
    }
    let Cause::Trigger { trigger, .. } = &rollbacks.last()?.cause else {
        return None;
    };
    let mut triggers = state.program.triggers.iter();
    triggers.find(|one| one.id == *trigger)
}

/// Does a value compare so with another? `None` where it cannot be said, or exactly that value is asked for.
pub(super) fn meets(observed: &Quantity, op: Cmp, value: &Quantity) -> Option<bool> {
    let order = observed.compare(value)?;
    match op {
        Cmp::Equal | Cmp::NotEqual => None,
        Cmp::Greater => Some(order.is_gt()),
        Cmp::GreaterOrEqual => Some(order.is_ge()),
        Cmp::Less => Some(order.is_lt()),
        Cmp::LessOrEqual => Some(order.is_le()),
    }
}

pub(super) fn is_about(test: &Test, kpi: &KpiId, registry: &KpiRegistry) -> bool {
    let measured = measured(&test.subject.measure, registry);
    measured.is_ok_and(|measured| measured.sources.iter().any(|source| source.kpi.id == *kpi))
}
