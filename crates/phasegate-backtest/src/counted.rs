//! Criteria that compare counts: over less time less is counted, so that a small number says nothing of the whole.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, Span, Window};
use phasegate_criterion::{Criterion, Shape};
use phasegate_engine::program::Program;
use phasegate_sla::{Finding, needs};

use crate::alarm::Source;

/// The longest time over which each criterion and trigger counts events, if it does.
pub(crate) fn counts_over(program: &Program) -> BTreeMap<Source, Span> {
    let registry = program.registry();
    let over = |criterion: &Criterion| {
        let needs = needs(criterion, &registry, &|_, _| true).unwrap_or_default();
        let is_count = |id| {
            registry
                .kpi(id)
                .is_some_and(|kpi| kpi.shape == Shape::Counter)
        };
        let counts = needs.iter().filter(|need| is_count(&need.kpi));
        counts.filter_map(|need| need.over).max()
    };
    let phases = program.phases.iter();
    let of_phases = phases.flat_map(|phase| phase.ops.iter().chain(&phase.rollback.ops));
    let of_procedures = program.procedures.iter().flat_map(|one| &one.rollback.ops);
    let checks = of_phases.chain(of_procedures);
    let checks = checks.flat_map(|op| op.checks().iter().chain(op.stops()));
    let checks = checks.map(|check| (Some(Source::Check(check.id.clone())), &check.criterion));
    let triggers = program.triggers.iter().map(|trigger| {
        let id = CriterionId::new(trigger.id.as_str()).ok();
        (id.map(Source::Trigger), &trigger.criterion)
    });
    let all = checks.chain(triggers);
    all.filter_map(|(source, criterion)| Some((source?, over(criterion)?)))
        .collect()
}

/// The windows behind a finding and its parts.
pub(crate) fn windows(finding: &Finding) -> impl Iterator<Item = Window> {
    let mut found: Vec<Window> = finding.window.into_iter().collect();
    let mut parts: Vec<&Finding> = finding.parts.iter().collect();
    while let Some(part) = parts.pop() {
        found.extend(part.window);
        parts.extend(&part.parts);
    }
    found.into_iter()
}
