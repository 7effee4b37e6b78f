//! Where numbers are to go: targets and goals against what the phases ask for and against where the numbers stand.

use std::collections::BTreeMap;

use phasegate_core::Quantity;
use phasegate_criterion::{Baseline, Cmp, Given, Target};

use super::criteria::thresholds;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Kpi, KpiDirection};

/// What a phase asks of a KPI, for its least or its most, where that is what the goal is about.
pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut reached: BTreeMap<(&str, bool), Quantity> = BTreeMap::new();
    for phase in &draft.phases {
        for condition in &phase.criteria {
            for (kpi, op, bound) in thresholds(&condition.criterion) {
                let Some(up) = upwards(op) else { continue };
                let best = reached.entry((kpi, up)).or_insert_with(|| bound.clone());
                if better(&bound, best, up) {
                    *best = bound;
                }
            }
        }
    }
    // A target that a goal repeats is one fact.
    let mut told: BTreeMap<(&str, bool), Quantity> = BTreeMap::new();
    let kpis = At::ROOT.key("kpis");
    for (index, kpi) in draft.kpis.iter().enumerate() {
        let Some(target) = &kpi.target else { continue };
        let up = match target.op {
            Some(op) => upwards(op),
            None => Some(kpi.direction != KpiDirection::Lower),
        };
        let here = kpis.index(index);
        worse(scope, kpi, target, here.key("target"));
        if let Some(up) = up {
            let key = (kpi.id.as_str(), up);
            let here = here.key("target");
            if beyond(scope, &reached, key, &target.value, here) {
                told.insert(key, target.value.clone());
            }
        }
    }
    let goals = At::ROOT.key("goals");
    for (index, goal) in draft.goals.iter().enumerate() {
        let list = goals.index(index);
        let list = list.key("criteria");
        for (number, condition) in goal.criteria.iter().enumerate() {
            for (kpi, op, bound) in thresholds(&condition.criterion) {
                let Some(up) = upwards(op) else { continue };
                let same = told.get(&(kpi, up)).and_then(|told| told.compare(&bound));
                if same != Some(std::cmp::Ordering::Equal) {
                    beyond(scope, &reached, (kpi, up), &bound, list.index(number));
                }
            }
        }
    }
}

/// A target on the wrong side of where the number stands already.
fn worse(scope: &mut Scope<'_>, kpi: &Kpi, target: &Target, at: At<'_>) {
    let up = match kpi.direction {
        KpiDirection::Higher => true,
        KpiDirection::Lower => false,
        KpiDirection::Neutral => return,
    };
    // One that asks for the reverse is told of already.
    let reverse = target.op.and_then(upwards).is_some_and(|op| op != up);
    if reverse {
        return;
    }
    let Some(Baseline::Figure(Given::Point(value))) = &kpi.baseline else {
        return;
    };
    let now = value.quantity();
    if better(now, &target.value, up) {
        let message = format!(
            "'{}' stands at {now} already, and the {} the better: {} is a step back",
            kpi.id, kpi.direction, target.value
        );
        let help = "correct the target, the baseline or the direction";
        scope.report(Code::TargetBelowBaseline, at, message, help);
    }
}

fn beyond(
    scope: &mut Scope<'_>,
    reached: &BTreeMap<(&str, bool), Quantity>,
    key: (&str, bool),
    goal: &Quantity,
    at: At<'_>,
) -> bool {
    let short = reached.get(&key).filter(|best| better(goal, best, key.1));
    if let Some(best) = short {
        let message = format!(
            "'{}' is to reach {goal}, and the phases' criteria stop at {best}",
            key.0
        );
        let help = "add a criterion that reaches it to a later phase";
        scope.report(Code::GoalBeyondCriteria, at, message, help);
    }
    short.is_some()
}

fn upwards(op: Cmp) -> Option<bool> {
    if op.is_lower_bound() {
        Some(true)
    } else if op.is_upper_bound() {
        Some(false)
    } else {
        None
    }
}

fn better(a: &Quantity, b: &Quantity, up: bool) -> bool {
    let order = a.compare(b);
    order.is_some_and(|order| if up { order.is_gt() } else { order.is_lt() })
}
