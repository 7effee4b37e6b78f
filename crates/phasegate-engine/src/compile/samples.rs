//! What the samples of a plan's criteria can show: said before the start, of the plan alone.

use phasegate_criterion::Criterion;
use phasegate_plan::Plan;
use phasegate_sla::{SampleAdvice, sample_advice_shared};

use super::alarms::{Alarm, alarms};

/// What the samples of every criterion of a plan can show, how many it takes, and how long they take to come at the
/// rates that the KPIs expect; each sentence once, in the order of the plan. For tools that check a plan: five
/// samples out of five show no more than 54.9 %, and nobody should wait for more.
///
/// Triggers, alerts with a response, procedures that are taken by themselves and what ends an experiment share the
/// chance of a false alarm where they have a `confidence`, as they do in the rollout ([`Program::alarms_with_confidence`]).
///
/// Cost: some ten microseconds a comparison.
///
/// [`Program::alarms_with_confidence`]: crate::program::Program::alarms_with_confidence
pub fn sample_sizes(plan: &Plan) -> Vec<SampleAdvice> {
    let registry = plan.kpi_registry();
    let alarms: Vec<&Criterion> = alarms(plan).iter().map(Alarm::criterion).collect();
    let sharing = alarms.iter().filter(|alarm| alarm.has_confidence());
    let sharing = u32::try_from(sharing.count()).unwrap_or(u32::MAX);
    let mut said = std::collections::BTreeSet::new();
    let mut all = Vec::new();
    for criterion in plan.criteria() {
        let is_alarm = alarms.iter().any(|alarm| std::ptr::eq(*alarm, criterion));
        let alternatives = if is_alarm { sharing } else { 1 };
        for advice in sample_advice_shared(criterion, &registry, alternatives) {
            if said.insert(advice.sentence.clone()) {
                all.push(advice);
            }
        }
    }
    all
}
