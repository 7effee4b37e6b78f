//! What must hold of what the calendar decides, by the records alone: who is called, and work that comes again.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;
use phasegate_engine::record::{Body, IncidentStep, MaintenanceStep, Record};

pub(super) fn check(records: &[Record], out: &mut Vec<String>) {
    somebody_is_called_in_order(records, out);
    maintenance_goes_its_way(records, out);
}

/// Whoever is first is called at once, and nobody twice.
fn somebody_is_called_in_order(records: &[Record], out: &mut Vec<String>) {
    let mut called: BTreeMap<u64, Option<u32>> = BTreeMap::new();
    for record in records {
        let Body::Incident { number, step } = &record.body else {
            continue;
        };
        match step {
            IncidentStep::Called { order, people, .. } => {
                let last = called.insert(*number, Some(*order));
                if people.is_empty() || last.flatten() >= Some(*order) {
                    out.push(format!("on call: {people:?} of {order} after {last:?}"));
                }
            }
            IncidentStep::Declared { .. } => _ = called.insert(*number, None),
            IncidentStep::Acknowledged { .. }
            | IncidentStep::Decided { .. }
            | IncidentStep::FollowedUp { .. }
            | IncidentStep::Late { .. }
            | IncidentStep::Resolved { .. }
            | IncidentStep::Updated { .. } => {
                if called.get(number) == Some(&None) {
                    out.push(format!("on call: nobody was called about {number}"));
                }
            }
        }
    }
}

/// It begins when it is due and not before, ends after it has begun, and no beginning comes twice.
fn maintenance_goes_its_way(records: &[Record], out: &mut Vec<String>) {
    let mut last: BTreeMap<u32, (Timestamp, MaintenanceStep)> = BTreeMap::new();
    for record in records {
        let Body::Maintenance {
            number,
            begins,
            step,
            ..
        } = &record.body
        else {
            continue;
        };
        let before = last.insert(*number, (*begins, *step));
        let is_later = before.is_none_or(|(earlier, _)| *begins > earlier);
        let fits = match step {
            MaintenanceStep::Announced => is_later,
            MaintenanceStep::Begun => {
                let announced = before == Some((*begins, MaintenanceStep::Announced));
                record.at() >= *begins && (announced || is_later)
            }
            MaintenanceStep::Over => before == Some((*begins, MaintenanceStep::Begun)),
        };
        if !fits {
            let at = record.at();
            out.push(format!(
                "maintenance: {step:?} of {begins} at {at} after {before:?}"
            ));
        }
    }
}
