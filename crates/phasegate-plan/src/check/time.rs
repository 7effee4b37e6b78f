//! Calendar sense: which check looks at what, and phases that are to begin before what they wait for.

use std::collections::BTreeSet;

use super::days::DAYS_MAX;
use super::freezes::Frozen;
use super::{At, Scope, days, durations, lengths, recurrences};
use crate::calendar::{Date, DateWindow, WorkCalendar};
use crate::fault::Code;
use crate::model::{Gate, Phase, PlanDraft};
use crate::value::Value;

pub(super) fn check(scope: &mut Scope<'_>) {
    let calendar = WorkCalendar::new(&scope.draft.calendar);
    super::freezes::check(scope);
    worked(scope);
    // By working days that are not those of the plan nothing can be said.
    if !scope.is_unread(At::ROOT, &["calendar"]) {
        lengths::check(scope, &calendar);
        super::span::check(scope, &calendar);
        super::holds::check(scope, calendar.days_a_week());
        windows(scope, &calendar);
    }
    recurrences::check(scope);
}

/// An empty list of working days or hours reads as the usual ones, and is meant as none.
fn worked(scope: &mut Scope<'_>) {
    let calendar = At::ROOT.key("calendar");
    for key in ["days", "hours"] {
        let here = calendar.key(key);
        let written = scope.document().value_at(&here.to_string());
        if matches!(written, Some(Value::List(items)) if items.is_empty()) {
            let message = "nobody would ever work";
            let help = "name them, or leave the key out for Monday to Friday, 09:00 to 17:00";
            scope.report(Code::EmptyValue, here, message, help);
        }
    }
}

fn windows(scope: &mut Scope<'_>, calendar: &WorkCalendar) {
    let draft = scope.draft;
    let before = scope.before();
    // Phases in circles, and those that wait for them, have no time.
    let order = scope.order();
    let timed: BTreeSet<usize> = order.iter().copied().collect();
    let frozen = Frozen::new(scope, calendar);
    let forward = draft.without_freezes(calendar);
    super::window::check(scope, (calendar, &forward), &frozen);
    let week = calendar.days_a_week();
    let phases = At::ROOT.key("phases");
    let ended = ended(draft, (&before, &order), week);
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        if let Some(window) = phase.window {
            let calendars = (calendar, &forward);
            days::window(scope, calendars, &frozen, phase, here.key("window"), window);
        }
        durations::weeks(scope, phase, week, here);
        durations::steps(scope, phase, week, here);
        days::slots(scope, &forward, phase, here);
        super::slots::steps(scope, phase, week, here);
        if phase.window.is_none() {
            super::weekdays::check(scope, calendar, phase, here);
        }
        let follows = timed.contains(&index)
            && !scope.is_unread(here, &["after"])
            && !scope.is_unread_before(index);
        let earlier = before.get(index).map_or(&[][..], Vec::as_slice);
        for &other in earlier.iter().filter(|_| follows) {
            if let Some(earlier) = draft.phases.get(other) {
                let end = ended.get(other).copied().flatten();
                follow(scope, phase, (earlier, end), here);
            }
        }
        let gates = here.key("gates");
        for (number, one) in phase.gates.iter().enumerate() {
            let window = phase.window.or(draft.window);
            gate(scope, calendar, one, window, gates.index(number));
        }
    }
    let gates = At::ROOT.key("gates");
    for (number, one) in draft.gates.iter().enumerate() {
        gate(scope, calendar, one, draft.window, gates.index(number));
    }
}

/// A phase that is to begin before one that it waits for has ended, by the days or weeks of both or by the day
/// before which that one has not ended.
fn follow(
    scope: &mut Scope<'_>,
    phase: &Phase,
    (earlier, end): (&Phase, Option<Date>),
    here: At<'_>,
) {
    let days = phase.window.zip(earlier.window);
    let weeks = phase.weeks.zip(earlier.weeks);
    let early = days.is_some_and(|(mine, its)| mine.first() < its.last())
        || weeks.is_some_and(|(mine, its)| its.last().is_none_or(|last| mine.first() < last));
    let far = earlier.window.is_none() && !early;
    let mine = phase.window.filter(|_| far);
    let late = mine.zip(end).is_some_and(|(mine, end)| mine.first() < end);
    if early || late {
        let message = format!(
            "'{}' is to begin before '{}', which it waits for, has ended",
            phase.id, earlier.id
        );
        let by_weeks = early && days.is_none();
        let key = if by_weeks { "weeks" } else { "window" };
        let help = "move one of the two, or correct 'after'";
        scope.report(Code::BeginsBeforeDependency, here.key(key), message, help);
    }
}

fn gate(
    scope: &mut Scope<'_>,
    calendar: &WorkCalendar,
    gate: &Gate,
    window: Option<DateWindow>,
    here: At<'_>,
) {
    if let (Some(moment), Some(window)) = (gate.not_before, window)
        && calendar.zone().date(moment) > window.last()
    {
        let message = format!(
            "this gate waits until {}, and it should all be over by {}",
            calendar.zone().date(moment),
            window.last()
        );
        scope.report(
            Code::GateAfterWindow,
            here.key("not-before"),
            message,
            "let it wait for an earlier day, or give the phase more days",
        );
    }
}

/// The last day of each phase, or one before which it has not ended: as it is given, or after what it waits for.
fn ended(
    draft: &PlanDraft,
    (before, order): (&[Vec<usize>], &[usize]),
    week: u64,
) -> Vec<Option<Date>> {
    let mut ends: Vec<Option<Date>> = vec![None; before.len()];
    for &index in order {
        let Some(phase) = draft.phases.get(index) else {
            continue;
        };
        let list = before.get(index).map_or(&[][..], Vec::as_slice);
        let begun = list
            .iter()
            .filter_map(|one| ends.get(*one).copied().flatten())
            .max();
        let takes = phase
            .length
            .map_or(0, |length| length.calendar_days(week).0);
        // It may begin on the day on which what it waits for ends.
        let takes = i64::try_from(takes.saturating_sub(1)).unwrap_or(0);
        let end = match phase.window {
            Some(window) => Some(window.last()),
            None => begun.map(|begun| begun.plus_days(takes.min(DAYS_MAX))),
        };
        if let Some(slot) = ends.get_mut(index) {
            *slot = end;
        }
    }
    ends
}
