//! Where in time the slots of a phase fall: its numbered days, days of the week and times of day.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;

use super::layout::{DAYS_MAX, Layout};
use super::warnings::Warnings;
use crate::calendar::{Date, Roll, TimeOfDay, WorkCalendar};
use crate::model::{Phase, Slot};

/// Whose slot it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SlotAt {
    Step(usize),
    Activity(usize),
    Gate(usize),
}

/// A slot in time.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) at: SlotAt,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl Placed {
    /// Moves it behind a moment; it keeps the working time it has.
    pub(super) fn not_before(&mut self, forward: &WorkCalendar, moment: Timestamp) {
        if self.start >= moment {
            return;
        }
        let work = forward.working_between(self.start, self.end);
        let clock = self.end.since(self.start);
        self.start = forward.next_open(moment);
        self.end = if work.is_zero() {
            self.start + clock
        } else {
            forward.add_working(self.start, work)
        };
    }
}

/// When gates are to be decided by their slots.
pub(super) fn days_of_gates(placed: &[Placed]) -> BTreeMap<usize, Timestamp> {
    let gates = placed.iter().filter_map(|slot| match slot.at {
        SlotAt::Gate(number) => Some((number, slot.start)),
        SlotAt::Step(_) | SlotAt::Activity(_) => None,
    });
    gates.collect()
}

/// The slots of a phase: of its steps, then of its activities, then of its gates.
pub(super) fn slots(phase: &Phase) -> impl Iterator<Item = (SlotAt, &Slot)> {
    let steps = phase.steps.iter().enumerate();
    let steps = steps.filter_map(|(index, step)| Some((SlotAt::Step(index), step.slot.as_ref()?)));
    let others = phase.activities.iter().enumerate();
    let others =
        others.filter_map(|(index, one)| Some((SlotAt::Activity(index), one.slot.as_ref()?)));
    let gates = phase.gates.iter().enumerate();
    let gates = gates.filter_map(|(index, one)| Some((SlotAt::Gate(index), one.slot.as_ref()?)));
    steps.chain(others).chain(gates)
}

/// The date of a phase's day, counted from 1.
pub(super) fn day(layout: &Layout<'_>, phase: &Phase, first: Date, number: u32) -> Date {
    let offset = i64::from(number.clamp(1, DAYS_MAX)) - 1;
    if phase.days_by_calendar() {
        return first.plus_days(offset);
    }
    let found = layout.forward.offset(first, offset, Roll::Forward);
    found.unwrap_or_else(|| first.plus_days(offset))
}

/// Lays out the slots of a phase that begins at a moment. One that falls on a day on which nobody works or
/// all is frozen is done on the next day on which it can be.
pub(super) fn place(
    layout: &Layout<'_>,
    phase: &Phase,
    start: Timestamp,
    warnings: &mut Warnings,
) -> Vec<Placed> {
    let first = layout.calendar.zone().date(start);
    slots(phase)
        .map(|(at, slot)| {
            let date = day(layout, phase, first, slot.day);
            let due = on_weekday(slot, date);
            if due != date {
                warnings.another_weekday(at, slot, date, due);
            }
            let Some((on, begin)) = free_day(layout, slot, start, due) else {
                warnings.nowhere(at, due);
                return Placed {
                    at,
                    start,
                    end: start,
                };
            };
            if on != due {
                warnings.moved(layout, at, slot, due, on);
            }
            let last = slot.until_day.map_or(on, |number| {
                let last = day(layout, phase, first, number);
                // What ends on a free day has ended on the working day before it.
                let worked = layout.calendar.roll(last, Roll::Backward);
                worked.unwrap_or(last).max(on)
            });
            let end = end_of(layout, slot, last).max(begin);
            Placed {
                at,
                start: begin,
                end,
            }
        })
        .collect()
}

/// The day itself, or the next one that is the day of the week which the slot names.
fn on_weekday(slot: &Slot, date: Date) -> Date {
    let Some(weekday) = slot.weekday else {
        return date;
    };
    let mut days = (0..7).map(|days| date.plus_days(days));
    days.find(|day| day.weekday() == weekday).unwrap_or(date)
}

/// The first day from one on at which the slot can be done once the phase has begun, and when it begins then.
fn free_day(
    layout: &Layout<'_>,
    slot: &Slot,
    start: Timestamp,
    due: Date,
) -> Option<(Date, Timestamp)> {
    /// A freeze of more than a year, or a year of holidays: it is not this slot that is wrong.
    const DAYS_TRIED: i64 = 400;
    let zone = layout.calendar.zone();
    (0..DAYS_TRIED).find_map(|days| {
        let date = due.plus_days(days);
        let begin = match slot.time {
            // A day of the week that is named with a time is meant, be it a working day or not.
            Some(_)
                if !layout.calendar.is_business_day(date)
                    && (days > 0 || slot.weekday.is_none()) =>
            {
                return None;
            }
            Some(time) => {
                let begin = zone.moment(date, time.from()).max(start);
                let end = zone.moment(date, time.until());
                let free = begin < end && !layout.forward.is_frozen_within(begin, end);
                free.then_some(begin)?
            }
            None => {
                let open = layout.forward.next_open(layout.midnight(date).max(start));
                (zone.date(open) == date && layout.forward.is_business_day(date)).then_some(open)?
            }
        };
        Some((date, begin))
    })
}

/// When a slot ends on its last day.
fn end_of(layout: &Layout<'_>, slot: &Slot, last: Date) -> Timestamp {
    let zone = layout.calendar.zone();
    match slot.time {
        Some(time) => zone.moment(last, time.until()),
        None => {
            let midnight = zone.moment(last, TimeOfDay::END);
            layout.forward.last_close(midnight)
        }
    }
}
