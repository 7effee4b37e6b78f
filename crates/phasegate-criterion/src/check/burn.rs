//! Checks of burn rates against their service level objective: does the alert fire while the budget lasts, does its
//! window fit into the period, can its factor be reached at all? The same that `phasegate-sla` says of a pair of
//! windows, found in what stands in a criterion.

use phasegate_core::{Fraction, Span};

use super::{Fault, FaultCode};
use crate::kpi::{KpiRegistry, Slo};
use crate::tree::{Assertion, Band, Cmp, Condition, Group, Measure, Name, Operand, Test, Value};

/// A burn rate in one test.
pub(super) fn check(test: &Test, registry: &KpiRegistry, faults: &mut Vec<Fault>) {
    let Measure::BurnRate { slo, window } = &test.subject.measure else {
        return;
    };
    let Some(slo) = registry.slo(slo.kpi()) else {
        return;
    };
    // That an objective holds over no time is told of the objective.
    let long = window.span().is_some_and(|window| window > slo.period);
    if long && !slo.period.is_zero() {
        let message = format!(
            "its window {window} is longer than the {} of the objective",
            slo.period
        );
        let mend = "take a window within the period";
        faults.push(Fault::new(FaultCode::BurnWindowLong, test, message, mend));
    }
    for (op, value) in thresholds(&test.assertion) {
        factor(test, (op, value), slo, faults);
    }
}

/// Two windows of one objective are there so that the short one says whether it still goes on.
pub(super) fn pairs(group: &Group, faults: &mut Vec<Fault>) {
    let mut seen: Vec<(&Name, Span)> = Vec::new();
    for condition in group.conditions() {
        let Condition::Test(test) = condition else {
            continue;
        };
        let Measure::BurnRate { slo, window } = &test.subject.measure else {
            continue;
        };
        let fires = thresholds(&test.assertion)
            .iter()
            .any(|(op, _)| op.is_lower_bound());
        let Some(window) = window.span().filter(|_| fires) else {
            continue;
        };
        if seen.contains(&(slo, window)) {
            let message = "both windows are of the same length: the second one says nothing new";
            let mend = "let one be short, a twelfth of the long one, so that it soon stops firing";
            faults.push(Fault::new(FaultCode::BurnWindowsSame, test, message, mend));
        }
        seen.push((slo, window));
    }
}

fn thresholds(assertion: &Assertion) -> Vec<(Cmp, &Value)> {
    match assertion {
        Assertion::Bands { warn, crit } => {
            let bands = warn.iter().chain(crit);
            bands.map(|band| (band.op, &band.value)).collect()
        }
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => vec![(*op, value)],
        Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Reach { .. }
        | Assertion::Stable
        | Assertion::Within(_) => Vec::new(),
    }
}

fn factor(test: &Test, (op, value): (Cmp, &Value), slo: &Slo, faults: &mut Vec<Fault>) {
    let Some((factor, most)) = value.quantity().base().zip(most(slo)) else {
        return;
    };
    if op.is_lower_bound() && factor < Fraction::ONE {
        let message =
            "below 1 the budget lasts longer than the period: it fires although nothing is wrong";
        let mend = "write a factor of at least 1, or a longer period";
        faults.push(Fault::new(FaultCode::BurnFactorLow, test, message, mend));
    }
    let code = match factor.cmp(&most) {
        std::cmp::Ordering::Less => return,
        std::cmp::Ordering::Greater => FaultCode::LimitOutOfRange,
        std::cmp::Ordering::Equal => match op {
            Cmp::Greater => FaultCode::NeverTrue,
            Cmp::LessOrEqual => FaultCode::AlwaysTrue,
            Cmp::Equal | Cmp::GreaterOrEqual | Cmp::Less | Cmp::NotEqual => return,
        },
    };
    let rounded = most
        .to_decimal_exact()
        .or_else(|| most.to_decimal_rounded(3));
    let most = rounded.map_or_else(String::new, |most| format!(" {}", most.normalized()));
    let message = format!(
        "even if all events were bad, a budget of an objective of {} would burn at{most} only",
        slo.objective
    );
    let mend = "mend the factor, or the objective";
    faults.push(Fault::new(code, test, message, mend));
}

/// How fast the budget burns if everything is bad: one over the budget. None without a budget.
fn most(slo: &Slo) -> Option<Fraction> {
    let good = Fraction::from_decimal(slo.objective.to_decimal())?;
    Fraction::ONE.checked_div(Fraction::ONE.checked_sub(good)?)
}
