//! Thresholds that point the wrong way: what must hold to go forward asks for what is bad, or what sends back for
//! what is good.

use phasegate_criterion::{Criterion, Fault, FaultCode, KpiRegistry, Purpose, check_purpose};

use super::walk::{Met, walk};
use super::{Scope, criteria};

pub(super) fn check(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    let mut found = Vec::new();
    let mut list: Vec<(String, &Criterion)> = Vec::new();
    walk(scope.draft, &mut |at, met| {
        let Met::Criterion(criterion) = met else {
            return;
        };
        let Some(purpose) = at.purpose() else {
            return;
        };
        match at.in_conjunction() {
            Some(number) if purpose == Purpose::Pass => {
                if number == 0 {
                    found.extend(told(&std::mem::take(&mut list), Purpose::Pass, registry));
                }
                list.push((at.to_string(), criterion));
            }
            Some(_) | None => found.extend(told(&[(at.to_string(), criterion)], purpose, registry)),
        }
    });
    found.extend(told(&list, Purpose::Pass, registry));
    for (pointer, fault) in found {
        criteria::tell_at(scope, &pointer, &fault);
    }
}

/// The faults of criteria that belong together, each with its place.
fn told(
    list: &[(String, &Criterion)],
    purpose: Purpose,
    registry: &KpiRegistry,
) -> Vec<(String, Fault)> {
    let criteria: Vec<&Criterion> = list.iter().map(|(_, criterion)| *criterion).collect();
    let faults = check_purpose(&criteria, purpose, registry).into_iter();
    let placed = faults.filter_map(|(number, fault)| {
        let (pointer, criterion) = list.get(number)?;
        // What is always or never so is told already.
        let settled = phasegate_criterion::check(criterion, registry)
            .iter()
            .any(|known| matches!(known.code, FaultCode::AlwaysTrue | FaultCode::NeverTrue));
        (!settled).then(|| (pointer.clone(), fault))
    });
    placed.collect()
}
