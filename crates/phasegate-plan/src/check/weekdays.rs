//! Numbered days of a phase that name days of the week, where no date says which they are: is there a first day
//! of the phase with which all of them agree?

use super::{At, Scope, slots};
use crate::calendar::{Weekday, WorkCalendar};
use crate::fault::Code;
use crate::model::Phase;

pub(super) fn check(scope: &mut Scope<'_>, calendar: &WorkCalendar, phase: &Phase, here: At<'_>) {
    // With holidays or freezes a number of business days may be any day of the week.
    let by_calendar = phase.days_by_calendar();
    let draft = scope.draft;
    let any_day = !draft.calendar.holidays.is_empty() || !draft.freezes.is_empty();
    if (!by_calendar && any_day) || scope.is_unread(here, &["length", "window", "weeks"]) {
        return;
    }
    let mut firsts = calendar.weekdays();
    let week = firsts.clone();
    let mut agreed: Option<(u32, Weekday)> = None;
    slots::each(phase, here, &mut |here, slot| {
        let Some(weekday) = slot.weekday.filter(|_| slot.day > 0) else {
            return;
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
            agreed = agreed.or(Some((slot.day, weekday)));
            return;
        }
        let message = match agreed {
            Some((day, other)) => {
                let number = slot.day;
                format!("day {number} is no {weekday} where day {day} is a {other}")
            }
            None => format!("day {} is never a {weekday}: nobody works then", slot.day),
        };
        let help = "correct the number or the day of the week";
        scope.report(Code::WeekdayDisagrees, here.key("weekday"), message, help);
    });
}
