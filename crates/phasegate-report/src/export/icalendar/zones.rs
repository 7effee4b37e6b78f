//! The plan's zone as a `VTIMEZONE`: every change of its clocks, one after the other.

use phasegate_core::{Span, Timestamp};
use phasegate_plan::Schedule;
use phasegate_plan::calendar::{TimeOfDay, Zone};

use super::lines::{Lines, moment};

/// For how long changes are written: rules of zones change, too.
const AHEAD: Span = Span::from_secs(10 * 366 * 86_400);
/// Before the first day of the plan, so that it has an offset.
const BEFORE: Span = Span::from_secs(366 * 86_400);

/// Writes the zone of a schedule.
pub(super) fn write(lines: &mut Lines, schedule: &Schedule) {
    let zone = schedule.calendar().zone();
    let start = zone.moment(schedule.start(), TimeOfDay::MIDNIGHT);
    let (from, until) = (start.before(BEFORE), start + AHEAD);
    lines.put("BEGIN", "VTIMEZONE");
    lines.put("TZID", zone.as_str());
    // What held before the first change; a zone without changes has only this.
    observance(lines, zone, from, zone.offset_seconds(from));
    for at in zone.clock_changes(from, until) {
        observance(
            lines,
            zone,
            at,
            zone.offset_seconds(at.before(Span::from_millis(1))),
        );
    }
    lines.put("END", "VTIMEZONE");
}

/// From a moment on. Its local time is that of the offset before it.
fn observance(lines: &mut Lines, zone: &Zone, at: Timestamp, before: i32) {
    let after = zone.offset_seconds(at);
    let millis = at
        .as_unix_millis()
        .saturating_add(i64::from(before) * 1_000);
    let Some(local) = moment(Timestamp::from_unix_millis(millis)) else {
        return;
    };
    let kind = if after > before {
        "DAYLIGHT"
    } else {
        "STANDARD"
    };
    lines.put("BEGIN", kind);
    lines.put("DTSTART", local.trim_end_matches('Z'));
    lines.put("TZOFFSETFROM", &offset(before));
    lines.put("TZOFFSETTO", &offset(after));
    lines.put("END", kind);
}

/// `+0200`; with seconds where there are some.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let size = seconds.unsigned_abs();
    let (hours, minutes, rest) = (size / 3_600, size / 60 % 60, size % 60);
    let rest = if rest == 0 {
        String::new()
    } else {
        format!("{rest:02}")
    };
    format!("{sign}{hours:02}{minutes:02}{rest}")
}
