//! The days that a phase is given: against those of the whole, its length, free days, freezes, and its slots.

use super::freezes::Frozen;
use super::{At, Scope};
use crate::calendar::{Date, DateWindow, Length, LengthUnit, WorkCalendar};
use crate::fault::Code;
use crate::model::Phase;

/// Windows longer than ten years are not looked into day by day.
pub(super) const DAYS_MAX: i64 = 3660;

/// May so many days be looked at one by one?
pub(super) fn affords_days(scope: &Scope<'_>, days: i64) -> bool {
    scope.affords(usize::try_from(days).unwrap_or(usize::MAX))
}

/// How many days a window has with those around it on which nobody works: from Monday to Friday is a week.
pub(super) fn with_free_days(
    calendar: &WorkCalendar,
    window: DateWindow,
) -> Result<u64, std::num::TryFromIntError> {
    let free = |days: &i64, from: Date| !calendar.is_business_day(from.plus_days(*days));
    let before = (1..7_i64)
        .take_while(|days| free(&-days, window.first()))
        .count();
    let after = (1..7_i64)
        .take_while(|days| free(days, window.last()))
        .count();
    let days = u64::try_from(window.days())?;
    Ok(days.saturating_add(u64::try_from(before + after)?))
}

pub(super) fn window(
    scope: &mut Scope<'_>,
    (calendar, forward): (&WorkCalendar, &WorkCalendar),
    frozen: &Frozen<'_>,
    phase: &Phase,
    here: At<'_>,
    window: DateWindow,
) {
    if let Some(whole) = scope.draft.window
        && (window.first() < whole.first() || window.last() > whole.last())
    {
        let message = format!("{window} is not within {whole}, the days of the whole");
        scope.report(
            Code::PhaseOutsideWindow,
            here,
            message,
            "correct one of the two",
        );
    }
    if !calendar.is_business_day(window.first()) {
        let first = window.first();
        let code = Code::StartsOnFreeDay;
        let told = scope.keeps(code, code.severity());
        let holidays = scope.draft.calendar.holidays.iter();
        let mut holidays = holidays.filter(|_| told);
        let title = match holidays.find(|day| day.date == first) {
            Some(holiday) => (holiday.title.as_ref())
                .map_or_else(|| ", a holiday".to_owned(), |title| format!(", '{title}'")),
            None => String::new(),
        };
        let message = format!("{first} is a {}{title}: nobody works then", first.weekday());
        let help = "begin on a working day, or say in 'calendar' that it is one";
        scope.report(Code::StartsOnFreeDay, here, message, help);
    }
    if window.days() > DAYS_MAX || !affords_days(scope, window.days()) {
        return;
    }
    if let Some(length) = phase.length {
        too_short(scope, (calendar, forward), length, here, window);
    }
    if let Some(freezes) = frozen.covering(scope, calendar, window) {
        let message = format!("all of {window} lies in the {freezes}");
        let help = "move the phase or the freeze";
        scope.report(Code::PhaseInFreeze, here, message, help);
    }
}

/// A length that does not fit into the days that it is given.
fn too_short(
    scope: &mut Scope<'_>,
    (calendar, forward): (&WorkCalendar, &WorkCalendar),
    length: Length,
    here: At<'_>,
    window: DateWindow,
) {
    let end = window.last().plus_days(1);
    let business = u64::try_from(forward.business_days(window.first(), end));
    let (needed, there) = match length.unit() {
        LengthUnit::BusinessDays => (u64::from(length.least()), business),
        LengthUnit::Days => (u64::from(length.least()), u64::try_from(window.days())),
        LengthUnit::Weeks => (
            u64::from(length.least()) * 7,
            with_free_days(calendar, window),
        ),
        LengthUnit::Minutes
        | LengthUnit::Hours
        | LengthUnit::BusinessHours
        | LengthUnit::Months
        | LengthUnit::Quarters
        | LengthUnit::Years => return,
    };
    let Some(there) = there.ok().filter(|there| *there < needed) else {
        return;
    };
    if scope.is_full() {
        return;
    }
    let mut message = format!("{length} do not fit into {window}");
    let weekdays = calendar.weekdays();
    let usual = (0..window.days()).filter(|days| {
        let date = window.first().plus_days(*days);
        weekdays.contains(&date.weekday())
    });
    if length.unit() == LengthUnit::BusinessDays
        && u64::try_from(usual.count()).is_ok_and(|usual| usual >= needed)
    {
        message.push_str(&format!(
            ", of which holidays and freezes leave {there} business days"
        ));
    }
    let help = "give it more days, or shorten its length";
    scope.report(Code::WindowTooShort, here, message, help);
}

pub(super) fn slots(scope: &mut Scope<'_>, calendar: &WorkCalendar, phase: &Phase, here: At<'_>) {
    let days = phase.length.and_then(|length| match length.unit() {
        LengthUnit::BusinessDays | LengthUnit::Days => length.most(),
        LengthUnit::Weeks => length.most().map(|weeks| weeks * 7),
        LengthUnit::Minutes
        | LengthUnit::Hours
        | LengthUnit::BusinessHours
        | LengthUnit::Months
        | LengthUnit::Quarters
        | LengthUnit::Years => None,
    });
    let weeks = phase.weeks.and_then(crate::model::Weeks::count);
    let days = match phase.length {
        Some(_) => days,
        None => match phase.window {
            Some(window) => u32::try_from(window.days()).ok(),
            None => weeks.map(|count| count.saturating_mul(7)),
        },
    };
    let by_business = !phase.days_by_calendar();
    super::slots::each(phase, here, &mut |here, slot| {
        let last = slot.until_day.unwrap_or(slot.day);
        if slot.day == 0 || last < slot.day || days.is_some_and(|days| last > days) {
            let days = if last == slot.day {
                format!("day {last} is")
            } else {
                format!("days {} to {last} are", slot.day)
            };
            let message = format!("{days} not in this phase");
            let help = "days are counted from 1, to the phase's length";
            scope.report(Code::SlotOutsidePhase, here.key("day"), message, help);
            return;
        }
        let (Some(weekday), Some(window)) = (slot.weekday, phase.window) else {
            return;
        };
        let offset = i64::from(slot.day) - 1;
        if offset > DAYS_MAX || (by_business && !affords_days(scope, offset)) {
            return;
        }
        let date = if by_business {
            calendar.offset(window.first(), offset, crate::calendar::Roll::Forward)
        } else {
            Some(window.first().plus_days(offset))
        };
        if let Some(date) = date.filter(|date| date.weekday() != weekday) {
            let message = format!(
                "day {} is {date}, a {}, not a {weekday}",
                slot.day,
                date.weekday()
            );
            scope.report(
                Code::WeekdayDisagrees,
                here.key("weekday"),
                message,
                "correct the day of the week or the number of the day",
            );
        }
    });
}
