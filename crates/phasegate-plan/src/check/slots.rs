//! What of a phase has a slot, its steps, activities and gates, and whether steps come one after the other on theirs.

use phasegate_core::Span;

use super::durations::days_at_most;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Phase, Slot};

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

/// Steps are done in their order: none on an earlier day than the one before it, and none on a day after which its
/// own time, and that of those behind it, runs over the end of the phase.
pub(super) fn steps(scope: &mut Scope<'_>, phase: &Phase, week: u64, here: At<'_>) {
    if scope.is_unread(here, &["steps", "length", "window", "weeks"]) {
        return;
    }
    let day = Span::from_secs(86_400);
    let most = days_at_most(phase, week).map(|(days, _)| (days, day.saturating_mul(days)));
    let list = here.key("steps");
    let (mut last, mut at) = (0, Span::ZERO);
    // What runs over without a day is told of the phase as a whole.
    let mut since: Option<u32> = None;
    for (index, step) in phase.steps.iter().enumerate() {
        let here = list.index(index);
        if let Some(slot) = &step.slot {
            if slot.day < last {
                let message = format!("on day {}, and a step before it is on day {last}", slot.day);
                let help = "put the steps in the order of their days, or correct the day";
                let here = here.key("slot");
                scope.report(Code::StepsOutOfOrder, here.key("day"), message, help);
                return;
            }
            last = slot.day;
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
            scope.report(
                Code::WindowTooShort,
                here.key(step.action.key()),
                message,
                help,
            );
            return;
        }
    }
}
