//! Thresholds that point the wrong way: what must hold to go forward asks for what is bad, or what sends back for
//! what is good.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_criterion::{Criterion, Fault, FaultCode, KpiRegistry, Purpose, check_purpose};

use super::walk::{Met, walk};
use super::{Scope, criteria};
use crate::fault::FAULTS_MAX;

pub(super) fn check(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    let mut wrong = Wrong {
        registry,
        faults: BTreeMap::new(),
    };
    let own = scope.draft.phases.iter().flat_map(|phase| &phase.triggers);
    let triggers = scope.draft.triggers.iter().chain(own);
    let telling = triggers.filter(|one| !one.acts());
    let telling: BTreeSet<*const Criterion> = telling
        .map(|one| std::ptr::from_ref(&one.criterion))
        .collect();
    // Of criteria to go forward all of a list must hold.
    let mut list: Vec<&Criterion> = Vec::new();
    walk(scope.draft, &mut |at, met| {
        if let Met::Criterion(criterion) = met
            && let Some(purpose) = at.purpose()
            && !telling.contains(&std::ptr::from_ref(criterion))
        {
            match at.in_conjunction() {
                Some(number) if purpose == Purpose::Pass => {
                    if number == 0 {
                        wrong.look(&std::mem::take(&mut list), Purpose::Pass);
                    }
                    list.push(criterion);
                }
                Some(_) | None => wrong.look(&[criterion], purpose),
            }
        }
    });
    wrong.look(&list, Purpose::Pass);
    // Places are made only where there is something to tell.
    if wrong.faults.is_empty() {
        return;
    }
    walk(scope.draft, &mut |at, met| {
        if let Met::Criterion(criterion) = met {
            for fault in wrong
                .faults
                .remove(&std::ptr::from_ref(criterion))
                .into_iter()
                .flatten()
            {
                criteria::tell_at(scope, &at, &fault);
            }
        }
    });
}

/// What was found, by the criterion that has it.
struct Wrong<'r> {
    registry: &'r KpiRegistry,
    faults: BTreeMap<*const Criterion, Vec<Fault>>,
}

impl Wrong<'_> {
    fn look(&mut self, list: &[&Criterion], purpose: Purpose) {
        if self.faults.len() >= FAULTS_MAX {
            return;
        }
        for (number, fault) in check_purpose(list, purpose, self.registry) {
            let Some(criterion) = list.get(number) else {
                continue;
            };
            // What is always or never so is told already.
            let known = phasegate_criterion::check(criterion, self.registry);
            let settled =
                |fault: &Fault| matches!(fault.code, FaultCode::AlwaysTrue | FaultCode::NeverTrue);
            if !known.iter().any(settled) {
                let key = std::ptr::from_ref(*criterion);
                self.faults.entry(key).or_default().push(fault);
            }
        }
    }
}
