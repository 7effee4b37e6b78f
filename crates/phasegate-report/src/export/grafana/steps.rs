//! Thresholds of a number as Grafana draws them: coloured steps from its target, its levels and what
//! triggers fire at.

use phasegate_core::{Fraction, KpiId};
use phasegate_criterion::{Assertion, Cmp, Condition, Direction, Kpi, Measure, Operand, Test};
use phasegate_plan::Plan;
use serde_json::{Value, json};

/// How bad it is to lie beyond a bound. In the order of getting worse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Grade {
    Missed,
    Warned,
    Critical,
}

/// A bound: what lies above it (or below, if `below`) is of that grade.
struct Bound {
    at: Fraction,
    below: bool,
    grade: Grade,
}

/// The steps for a number shown so that one of it is `factor` of its base.
///
/// Only bounds on one side can be steps of one line: the side on which the number gets worse, which is the
/// KPI's direction or, if it has none, that of its worst bound.
pub(super) fn steps(plan: &Plan, kpi: &Kpi, factor: Fraction) -> Value {
    let bounds = bounds(plan, kpi);
    let worst = bounds.iter().max_by_key(|bound| bound.grade);
    let below = match kpi.direction {
        Direction::HigherIsBetter => true,
        Direction::LowerIsBetter => false,
        Direction::Neither => worst.is_some_and(|bound| bound.below),
    };
    let mut found: Vec<(f64, Grade)> = bounds
        .iter()
        .filter(|bound| bound.below == below)
        .filter_map(|bound| Some((bound.at.checked_div(factor)?.to_f64(), bound.grade)))
        .collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let colour = |grade: Option<Grade>| match grade {
        None => "green",
        Some(Grade::Missed) => "yellow",
        Some(Grade::Warned) => "orange",
        Some(Grade::Critical) => "red",
    };
    // Upwards: beyond each bound the worst so far; downwards: below each the worst from there on.
    let worst_of = |bounds: &[(f64, Grade)]| bounds.iter().map(|(_, grade)| *grade).max();
    let first = if below { worst_of(&found) } else { None };
    let mut steps = vec![json!({"color": colour(first), "value": null})];
    let mut last = colour(first);
    for (count, (at, _)) in found.iter().enumerate() {
        let after = count.saturating_add(1);
        let part = if below {
            found.get(after..)
        } else {
            found.get(..after)
        };
        let now = colour(worst_of(part.unwrap_or_default()));
        if now != last {
            steps.push(json!({"color": now, "value": at}));
        }
        last = now;
    }
    json!({"mode": "absolute", "steps": steps})
}

fn bounds(plan: &Plan, kpi: &Kpi) -> Vec<Bound> {
    let mut all = Vec::new();
    if let Some(target) = &kpi.target {
        // Beyond what is wanted it is missed.
        let op = target.op.or_else(|| kpi.direction.goal());
        let below = op.is_some_and(Cmp::is_lower_bound);
        if let (Some(at), Some(_)) = (target.value.base(), op) {
            all.push(Bound {
                at,
                below,
                grade: Grade::Missed,
            });
        }
    }
    for alert in &plan.alerts {
        fires_at(&alert.criterion.condition, &kpi.id, Grade::Warned, &mut all);
    }
    let of_phases = plan.phases.iter().flat_map(|phase| &phase.triggers);
    for trigger in plan.triggers.iter().chain(of_phases) {
        fires_at(
            &trigger.criterion.condition,
            &kpi.id,
            Grade::Critical,
            &mut all,
        );
    }
    for one in plan
        .procedures
        .iter()
        .flat_map(|procedure| &procedure.criteria)
    {
        fires_at(&one.criterion.condition, &kpi.id, Grade::Critical, &mut all);
    }
    all
}

/// The bounds of a condition that fires, of one number.
fn fires_at(condition: &Condition, kpi: &KpiId, plain: Grade, all: &mut Vec<Bound>) {
    for test in condition.tests() {
        if !is_about(test, kpi) {
            continue;
        }
        let found = match &test.assertion {
            Assertion::Bands { warn, crit } => {
                let warn = warn
                    .iter()
                    .map(|band| (band.op, &band.value, Grade::Warned));
                let crit = crit
                    .iter()
                    .map(|band| (band.op, &band.value, Grade::Critical));
                warn.chain(crit).collect()
            }
            Assertion::Compare(band) => match &band.value {
                Operand::Value(value) => vec![(band.op, value, plain)],
                Operand::Baseline | Operand::Budget | Operand::Target => Vec::new(),
            },
            Assertion::Comparable(_)
            | Assertion::NoWorse(_)
            | Assertion::Reach { .. }
            | Assertion::Stable
            | Assertion::Within(_) => Vec::new(),
        };
        for (op, value, grade) in found {
            let sided = op.is_upper_bound() || op.is_lower_bound();
            if let Some(at) = value.quantity().base().filter(|_| sided) {
                all.push(Bound {
                    at,
                    below: op.is_upper_bound(),
                    grade,
                });
            }
        }
    }
}

/// Is it a value of that number itself? Shares below a threshold and changes are of another scale.
fn is_about(test: &Test, kpi: &KpiId) -> bool {
    match &test.subject.measure {
        Measure::Aggregate { of, .. } => of.single().is_some_and(|name| name.kpi() == kpi),
        Measure::Plain { kpi: name, .. } => name.kpi() == kpi,
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Query(_) => false,
    }
}
