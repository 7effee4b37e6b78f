//! Statements of checklists that criteria decide: each is a gate of its own, which nobody is asked about. What people
//! attest stands in the descriptions of what it belongs to.

use phasegate_core::Timestamp;
use phasegate_plan::model::{Gate, Item, Phase};
use phasegate_plan::{Plan, PlannedPhase, Schedule};

/// One statement, by the name that the engine gives its gate.
pub(super) struct Measured<'p> {
    pub(super) name: String,
    pub(super) item: &'p Item,
    pub(super) at: Timestamp,
}

/// Those before the start of the whole.
pub(super) fn before_start<'p>(plan: &'p Plan, schedule: &Schedule) -> Vec<Measured<'p>> {
    let begin = schedule.phases().iter().map(|phase| phase.start).min();
    let items = plan.prerequisites.iter().flat_map(|list| &list.items);
    let all = begin.map(|at| measured("plan", "prerequisite", items, at));
    all.unwrap_or_default()
}

/// Those of a phase: before it begins, and behind its steps. A step without a time of its own is done when the phase is.
pub(super) fn of_phase<'p>(phase: &'p Phase, planned: &PlannedPhase) -> Vec<Measured<'p>> {
    let of = phase.id.as_str();
    let before = phase.prerequisites.iter().flat_map(|list| &list.items);
    let mut all = measured(of, "prerequisite", before, planned.start);
    for step in &phase.steps {
        let mut slots = planned.activities.iter();
        let slot = slots.find(|one| one.step.as_ref() == Some(&step.id));
        let at = slot.map_or(planned.done, |slot| slot.end);
        let list = format!("{}-check", step.id);
        all.extend(measured(of, &list, &step.checks, at));
    }
    all
}

/// Those that stand before a gate.
pub(super) fn of_gate<'p>(of: &str, gate: &'p Gate, at: Timestamp) -> Vec<Measured<'p>> {
    measured(of, &format!("{}-check", gate.id), &gate.checks, at)
}

fn measured<'p>(
    of: &str,
    list: &str,
    items: impl IntoIterator<Item = &'p Item>,
    at: Timestamp,
) -> Vec<Measured<'p>> {
    let numbered = (1u32..).zip(items);
    let decided = numbered.filter(|(_, item)| !item.criteria.is_empty());
    let one = |(number, item): (u32, &'p Item)| Measured {
        name: format!("{of}.{list}-{number}"),
        item,
        at,
    };
    decided.map(one).collect()
}
