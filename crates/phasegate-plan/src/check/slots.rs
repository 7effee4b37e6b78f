//! What of a phase has a slot, its steps, activities and gates, and whether steps come one after the other on theirs.

use std::collections::BTreeMap;

use phasegate_core::{Span, StepId};

use super::durations::days_at_most;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{GateWhen, Phase, Slot};

/// Calls `visit` with each slot of a phase and its place.
pub(super) fn each(phase: &Phase, here: At<'_>, visit: &mut dyn FnMut(At<'_>, &Slot)) {
    let mut list = |key: &str, slots: &mut dyn Iterator<Item = Option<&Slot>>| {
        let list = here.key(key);
        for (index, slot) in slots.enumerate() {
            if let Some(slot) = slot {
                visit(list.index(index).key("slot"), slot);
            }
        }
    };
    list(
        "steps",
        &mut phase.steps.iter().map(|one| one.slot.as_ref()),
    );
    list(
        "activities",
        &mut phase.activities.iter().map(|one| one.slot.as_ref()),
    );
    list(
        "gates",
        &mut phase.gates.iter().map(|one| one.slot.as_ref()),
    );
}

/// Steps are done in their order: none before the day and time of the one before it, and none on a day after which
/// its own time, and that of those behind it, runs over the end of the phase. Gates are decided where they stand among
/// them.
pub(super) fn steps(scope: &mut Scope<'_>, phase: &Phase, week: u64, here: At<'_>) {
    if scope.is_unread(here, &["steps", "length", "window", "weeks"]) {
        return;
    }
    gates(scope, phase, here.key("gates"));
    let day = Span::from_secs(86_400);
    let most = days_at_most(phase, week).map(|(days, _)| (days, day.saturating_mul(days)));
    let list = here.key("steps");
    let mut last: Option<&Slot> = None;
    let mut at = Span::ZERO;
    // What runs over without a day is told of the phase as a whole.
    let mut since: Option<u32> = None;
    for (index, step) in phase.steps.iter().enumerate() {
        let here = list.index(index);
        if let Some(slot) = &step.slot {
            if let Some(before) = last.filter(|last| comes_before(slot, last)) {
                let message = format!("{}, and a step before it {}", said(slot), said(before));
                let help =
                    "put the steps in the order of their days and times, or correct one of them";
                let here = here.key("slot");
                scope.report(Code::StepsOutOfOrder, here.key("day"), message, help);
                return;
            }
            last = Some(slot);
            let begins = day.saturating_mul(u64::from(slot.day.saturating_sub(1)));
            if begins > at {
                (at, since) = (begins, Some(slot.day));
            }
        }
        let rests = step.action.machine_time();
        at = at.saturating_add(rests);
        if let (Some(day), Some((days, most))) = (since, most)
            && at > most
            && !rests.is_zero()
        {
            let message = format!(
                "begun on day {day}, this is not over within the {days} days that the phase has at most"
            );
            let help = "let it begin earlier, shorten it, or give the phase more days";
            let here = here.key(step.action.key());
            scope.report(Code::WindowTooShort, here, message, help);
            return;
        }
    }
}

/// A gate on a day on which what it is decided after has not been done, or what it is decided before has.
fn gates(scope: &mut Scope<'_>, phase: &Phase, list: At<'_>) {
    let slots = phase.steps.iter();
    let slots = slots.filter_map(|step| Some((&step.id, step.slot.as_ref()?)));
    let slots: BTreeMap<&StepId, &Slot> = slots.collect();
    let latest = slots.values().max_by_key(|slot| slot.day);
    for (index, gate) in phase.gates.iter().enumerate() {
        let Some(slot) = &gate.slot else { continue };
        let here = list.index(index);
        let here = here.key("slot");
        let here = here.key("day");
        let wrong = match &gate.when {
            GateWhen::BeforeStart if slot.day > 1 => {
                let message = "a gate before the start is decided before the first day is over";
                let help = "write 'when: {before-step: …}', 'when: end', or 'day: 1'";
                Some((Code::SlotOutsidePhase, message.to_owned(), help))
            }
            GateWhen::BeforeStep(id) => {
                slots
                    .get(id)
                    .filter(|step| step.day < slot.day)
                    .map(|step| {
                        let message = format!(
                            "{}, and the step '{id}' behind it {}",
                            said(slot),
                            said(step)
                        );
                        let help = "decide earlier, or let the step be later";
                        (Code::StepsOutOfOrder, message, help)
                    })
            }
            GateWhen::End => latest.filter(|step| step.day > slot.day).map(|step| {
                let message = format!("{}, and a step before it {}", said(slot), said(step));
                let help = "decide later, or say before which step it is decided";
                (Code::StepsOutOfOrder, message, help)
            }),
            GateWhen::BeforeStart | GateWhen::Acceptance => None,
        };
        if let Some((code, message, help)) = wrong {
            scope.report(code, here, message, help);
        }
    }
}

/// Is a slot over before another one begins, by their days or, on one day, by their times?
fn comes_before(slot: &Slot, other: &Slot) -> bool {
    let times = slot.time.zip(other.time);
    let earlier = times.is_some_and(|(one, other)| one.until() <= other.from());
    slot.day < other.day || (slot.day == other.day && earlier)
}

fn said(slot: &Slot) -> String {
    match slot.time {
        Some(time) => format!("on day {} at {}", slot.day, time.from()),
        None => format!("on day {}", slot.day),
    }
}
