//! Numbered days of a phase that name days of the week, where no date says which they are: is there a first day
//! of the phase with which all of them agree?

use super::{At, Scope};
use crate::calendar::{Weekday, WorkCalendar};
use crate::fault::Code;
use crate::model::{Phase, Slot};

pub(super) fn check(scope: &mut Scope<'_>, calendar: &WorkCalendar, phase: &Phase, here: At<'_>) {
    // With holidays a number of business days may be any day of the week.
    let by_calendar = phase.days_by_calendar();
    if !by_calendar && !scope.draft.calendar.holidays.is_empty() {
        return;
    }
    let steps = here.key("steps");
    let activities = here.key("activities");
    let gates = here.key("gates");
    let slots = (phase.steps.iter().enumerate())
        .map(|(index, step)| (steps.index(index), step.slot.as_ref()))
        .chain(
            (phase.activities.iter().enumerate())
                .map(|(index, one)| (activities.index(index), one.slot.as_ref())),
        )
        .chain(
            (phase.gates.iter().enumerate())
                .map(|(index, one)| (gates.index(index), one.slot.as_ref())),
        );
    let mut firsts = calendar.weekdays();
    let week = firsts.clone();
    let mut agreed: Option<&Slot> = None;
    for (at, slot) in slots {
        let Some(slot) = slot.filter(|slot| slot.day > 0) else {
            continue;
        };
        let Some(weekday) = slot.weekday else {
            continue;
        };
        let offset = usize::try_from(slot.day - 1).unwrap_or_default();
        let later = |first: &Weekday, days: &[Weekday]| {
            let place = days.iter().position(|day| day == first)?;
            days.get(place.saturating_add(offset) % days.len()).copied()
        };
        let days: &[Weekday] = if by_calendar { &Weekday::ALL } else { &week };
        let fits = |first: &Weekday| later(first, days) == Some(weekday);
        if firsts.iter().any(fits) {
            firsts.retain(fits);
            agreed = agreed.or(Some(slot));
            continue;
        }
        let named = agreed.and_then(|other| Some((other.day, other.weekday?)));
        let message = match named {
            Some((day, other)) => {
                let number = slot.day;
                format!("day {number} is no {weekday} where day {day} is a {other}")
            }
            None => format!("day {} is never a {weekday}: nobody works then", slot.day),
        };
        let here = at.key("slot");
        let help = "correct the number or the day of the week";
        scope.report(
            Code::WeekdayDisagrees,
            here.key("weekday"),
            message,
            Some(help),
        );
    }
}
