//! Checks of conditions and of what is said about the whole of a criterion.

use super::{Fault, FaultCode, burn, clause, contradiction, test};
use crate::kpi::KpiRegistry;
use crate::tree::{Condition, Criterion, Measure, Scope, Test};

pub(super) fn condition(condition: &Condition, registry: &KpiRegistry, faults: &mut Vec<Fault>) {
    if let Condition::Test(one) = condition {
        test::check(one, registry, faults);
        burn::check(one, registry, faults);
    }
    if let Condition::All(group) = condition {
        burn::pairs(group, faults);
    }
    clause::of_condition(condition, faults);
    for part in condition.parts() {
        self::condition(part, registry, faults);
    }
    if let Condition::Score(weighted) = condition
        && weighted.warn.is_some_and(|warn| warn >= weighted.pass)
    {
        let message = "it would warn where it passes";
        faults.push(Fault::new(
            FaultCode::WarnAbovePass,
            weighted,
            message,
            "let it warn lower than it passes",
        ));
    }
}

pub(super) fn criterion(criterion: &Criterion, registry: &KpiRegistry, faults: &mut Vec<Fault>) {
    clause::of_criterion(criterion, faults);
    contradiction::check(&criterion.condition, faults);
    let limits = criterion.limits;
    if criterion.scope == Scope::Throughout
        && limits.total.is_none()
        && limits.consecutive.is_none()
    {
        faults.push(Fault::new(
            FaultCode::ThroughoutWithoutLimit,
            criterion,
            "the first evaluation that fails makes it fail for the whole phase",
            "add 'at most 0 failures' if that is meant, or another limit",
        ));
    }
    let response = &criterion.response;
    if response.within.is_some() && response.decide_within.is_none() {
        faults.push(Fault::new(
            FaultCode::DecisionUnlimited,
            criterion,
            "'within' limits carrying it out, not deciding on it",
            "add 'decide within'; 'decide within 0s' for at once",
        ));
    }
    if criterion.hold.for_.is_some() {
        for test in tests(&criterion.condition) {
            // With confidence, each look is at all samples since the start.
            let windowed = test.level().is_some() || test.over.is_some();
            if !windowed && !has_window(test, registry) {
                let message =
                    "it is held over time, and over what each value is taken stands nowhere";
                let mend = "add 'over 5m' to the test, or a window to the KPI";
                faults.push(Fault::new(
                    FaultCode::HoldWithoutWindow,
                    test,
                    message,
                    mend,
                ));
            }
        }
    }
}

fn has_window(test: &Test, registry: &KpiRegistry) -> bool {
    match super::measured(&test.subject.measure, registry) {
        Ok(measured) => measured
            .sources
            .iter()
            .all(|source| source.kpi.window.is_some()),
        // It is a fault already; a query of one's own may hold its window.
        Err(_) => true,
    }
}

/// All tests of a condition that are about KPIs, not a query of one's own.
pub(super) fn tests(condition: &Condition) -> impl Iterator<Item = &Test> {
    let about_kpis = |test: &&Test| !matches!(test.subject.measure, Measure::Query(_));
    condition.tests().filter(about_kpis)
}
