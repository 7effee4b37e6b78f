//! What of a phase has a slot: its steps, activities and gates.

use super::At;
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
