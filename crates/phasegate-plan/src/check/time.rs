//! Calendar sense: lengths, windows, freezes, recurrences.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Span, Timestamp};

use super::freezes::Frozen;
use super::graph::order;
use super::{At, Scope, durations};
use crate::calendar::{
    Date, DateWindow, Length, LengthUnit, Recurrence, TimeOfDay, WorkCalendar, Zone,
};
use crate::fault::Code;
use crate::model::{BackupKind, Gate, Phase, PlanDraft};
use crate::value::Value;

pub(super) fn check(scope: &mut Scope<'_>) {
    let calendar = WorkCalendar::new(&scope.draft.calendar);
    super::freezes::check(scope);
    worked(scope);
    // By working days that are not those of the plan nothing can be said.
    if !scope.is_unread(At::ROOT, &["calendar"]) {
        lengths(scope, &calendar);
        super::span::check(scope, &calendar);
        super::holds::check(scope, calendar.days_a_week());
        windows(scope, &calendar);
    }
    recurrences(scope);
    recovery(scope);
}

/// Windows longer than ten years are not looked into day by day.
const DAYS_MAX: i64 = 3660;
/// So many different recurrences are looked at for whether they ever come.
const RECURRENCES_MAX: usize = 2_000;
/// So many schedules of backups are laid over each other.
const SCHEDULES_MAX: usize = 20;

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

/// A length in one of two families that can be added up: working days, or days of the calendar.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Family {
    Business,
    Calendar,
}

fn in_family(length: Length, family: Family, week: u64) -> Option<(u64, Option<u64>)> {
    let per = match (length.unit(), family) {
        (LengthUnit::BusinessDays, Family::Business) | (LengthUnit::Days, Family::Calendar) => 1,
        (LengthUnit::Weeks, Family::Business) => week,
        (LengthUnit::Weeks, Family::Calendar) => 7,
        (
            LengthUnit::BusinessDays
            | LengthUnit::Days
            | LengthUnit::Minutes
            | LengthUnit::Hours
            | LengthUnit::BusinessHours
            | LengthUnit::Months
            | LengthUnit::Quarters
            | LengthUnit::Years,
            Family::Business | Family::Calendar,
        ) => return None,
    };
    let least = u64::from(length.least()) * per;
    Some((least, length.most().map(|most| u64::from(most) * per)))
}

/// The least that a length takes in a family in which it is not counted.
fn at_least(length: Length, family: Family, week: u64) -> u64 {
    let days = length.calendar_days(week).0;
    match family {
        Family::Business => days / 7 * week,
        Family::Calendar => days,
    }
}

fn lengths(scope: &mut Scope<'_>, calendar: &WorkCalendar) {
    let draft = scope.draft;
    let phases = At::ROOT.key("phases");
    let lost = |index| scope.is_unread(phases.index(index), &["length", "after", "outline"]);
    if scope.lost_items(phases) || (0..draft.phases.len()).any(lost) {
        return;
    }
    let week = calendar.days_a_week();
    for family in [Family::Business, Family::Calendar] {
        let planned = || draft.phases.iter().filter(|phase| !phase.outline);
        let exact = |length| in_family(length, family, week).map(|(least, _)| least);
        // What is counted in another way takes at least so much: the sum can be too long, and not too short.
        let whole = planned().all(|phase| phase.length.is_none_or(|one| exact(one).is_some()));
        let phases: Vec<u64> = planned()
            .map(|phase| {
                let length = phase.length;
                length.map_or(0, |one| {
                    exact(one).unwrap_or_else(|| at_least(one, family, week))
                })
            })
            .collect();
        if !planned().any(|phase| phase.length.and_then(exact).is_some_and(|days| days > 0)) {
            continue;
        }
        let stated = draft
            .lengths
            .iter()
            .enumerate()
            .find_map(|(index, length)| {
                let (least, most) = in_family(*length, family, week)?;
                Some((index, *length, least, most))
            });
        let Some((index, length, least, most)) = stated else {
            continue;
        };
        let sum: u64 = phases.iter().sum();
        let (path, chain) = longest(draft, &scope.before(), &phases);
        let here = At::ROOT.key("lengths");
        let here = here.index(index);
        let word = if family == Family::Business {
            "working days"
        } else {
            "days"
        };
        if chain && ((whole && sum < least) || most.is_some_and(|most| sum > most)) {
            let at_least = if whole { "" } else { "at least " };
            let message = format!(
                "the phases add up to {at_least}{sum} {word}, the whole is stated as {length}"
            );
            let help = "correct the phases' lengths or the length of the whole";
            scope.report(Code::LengthsDoNotAddUp, here, message, help);
        } else if !chain && most.is_some_and(|most| path > most) {
            let message = format!(
                "phases that wait for each other take {path} {word}, the whole is stated as {length}"
            );
            let help = "shorten the longest path or state a longer whole";
            scope.report(Code::CriticalPathTooLong, here, message, help);
        }
        return;
    }
}

/// The longest path through the phases, and whether they form one chain.
pub(super) fn longest(draft: &PlanDraft, before: &[Vec<usize>], lengths: &[u64]) -> (u64, bool) {
    let steps: Vec<usize> = draft
        .phases
        .iter()
        .enumerate()
        .filter(|(_, phase)| !phase.outline)
        .map(|(index, _)| index)
        .collect();
    let mut followers = vec![0usize; before.len()];
    for one in before.iter().flatten() {
        if let Some(count) = followers.get_mut(*one) {
            *count += 1;
        }
    }
    let roots = before.iter().filter(|list| list.is_empty()).count();
    let chain = before.iter().all(|list| list.len() <= 1)
        && followers.iter().all(|count| *count <= 1)
        && roots <= 1;
    let own: BTreeMap<usize, u64> = steps.into_iter().zip(lengths.iter().copied()).collect();
    let mut end = vec![0u64; before.len()];
    // Each after those it waits for; phases in circles are a fault of their own.
    for index in order(before) {
        let list = before.get(index).map_or(&[][..], Vec::as_slice);
        let start = list.iter().filter_map(|one| end.get(*one)).max();
        let whole = start.copied().unwrap_or(0) + own.get(&index).copied().unwrap_or(0);
        if let Some(slot) = end.get_mut(index) {
            *slot = whole;
        }
    }
    (end.into_iter().max().unwrap_or(0), chain)
}

fn windows(scope: &mut Scope<'_>, calendar: &WorkCalendar) {
    let draft = scope.draft;
    let before = scope.before();
    // Phases in circles, and those that wait for them, have no time.
    let timed: BTreeSet<usize> = order(&before).into_iter().collect();
    let frozen = Frozen::new(scope, calendar);
    let forward = draft.without_freezes(calendar);
    super::window::check(scope, (calendar, &forward), &frozen);
    let week = calendar.days_a_week();
    let phases = At::ROOT.key("phases");
    let ended = ended(draft, &before, week);
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        if let Some(window) = phase.window {
            let calendars = (calendar, &forward);
            window_of(scope, calendars, &frozen, phase, here.key("window"), window);
        }
        durations::weeks(scope, phase, week, here);
        durations::steps(scope, phase, week, here);
        slots(scope, calendar, phase, here);
        super::slots::steps(scope, phase, week, here);
        if phase.window.is_none() {
            super::weekdays::check(scope, calendar, phase, here);
        }
        for &other in before.get(index).into_iter().flatten() {
            let Some(earlier) = draft.phases.get(other) else {
                continue;
            };
            let days = phase.window.zip(earlier.window);
            let weeks = phase.weeks.zip(earlier.weeks);
            let early = days.is_some_and(|(mine, its)| mine.first() < its.last())
                || weeks
                    .is_some_and(|(mine, its)| its.last().is_none_or(|last| mine.first() < last));
            let late = || {
                let end = ended.get(other).copied().flatten();
                let far = earlier.window.is_none() && !early;
                let mine = phase.window.filter(|_| far);
                mine.zip(end).is_some_and(|(mine, end)| mine.first() < end)
            };
            if (early || late())
                && timed.contains(&index)
                && !scope.is_unread(here, &["after"])
                && !scope.is_unread_before(index)
            {
                let message = format!(
                    "'{}' is to begin before '{}', which it waits for, has ended",
                    phase.id, earlier.id
                );
                let key = if early && days.is_none() {
                    "weeks"
                } else {
                    "window"
                };
                let help = "move one of the two, or correct 'after'";
                scope.report(Code::BeginsBeforeDependency, here.key(key), message, help);
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
fn ended(draft: &PlanDraft, before: &[Vec<usize>], week: u64) -> Vec<Option<Date>> {
    let mut ends: Vec<Option<Date>> = vec![None; before.len()];
    for index in order(before) {
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

fn window_of(
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
        let mut holidays = scope.draft.calendar.holidays.iter();
        let title = holidays
            .find(|day| day.date == first)
            .and_then(|day| day.title.as_ref());
        let title = title.map_or_else(String::new, |title| format!(", '{title}'"));
        let message = format!("{first} is a {}{title}: nobody works then", first.weekday());
        let help = "begin on a working day, or say in 'calendar' that it is one";
        scope.report(Code::StartsOnFreeDay, here, message, help);
    }
    if window.days() > DAYS_MAX || !affords_days(scope, window.days()) {
        return;
    }
    let end = window.last().plus_days(1);
    let business = u64::try_from(forward.business_days(window.first(), end));
    let days = u64::try_from(window.days());
    if let Some(length) = phase.length {
        let (needed, there) = match length.unit() {
            LengthUnit::BusinessDays => (u64::from(length.least()), business),
            LengthUnit::Days => (u64::from(length.least()), days),
            LengthUnit::Weeks => (
                u64::from(length.least()) * 7,
                with_free_days(calendar, window),
            ),
            LengthUnit::Minutes
            | LengthUnit::Hours
            | LengthUnit::BusinessHours
            | LengthUnit::Months
            | LengthUnit::Quarters
            | LengthUnit::Years => (0, business),
        };
        if let Ok(there) = there
            && there < needed
        {
            let mut message = format!("{length} do not fit into {window}");
            let usual = (0..window.days()).filter(|days| {
                let weekday = window.first().plus_days(*days).weekday();
                calendar.weekdays().contains(&weekday)
            });
            if length.unit() == LengthUnit::BusinessDays
                && u64::try_from(usual.count()).is_ok_and(|usual| usual >= needed)
            {
                message.push_str(&format!(
                    ", of which holidays and freezes leave {there} business days"
                ));
            }
            scope.report(
                Code::WindowTooShort,
                here,
                message,
                "give it more days, or shorten its length",
            );
        }
    }
    if let Some(freezes) = frozen.covering(scope, calendar, window) {
        let message = format!("all of {window} lies in the {freezes}");
        let help = "move the phase or the freeze";
        scope.report(Code::PhaseInFreeze, here, message, help);
    }
}

fn slots(scope: &mut Scope<'_>, calendar: &WorkCalendar, phase: &Phase, here: At<'_>) {
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
            let message = format!("day {} to {last} is not in this phase", slot.day);
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

fn recurrences(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let root = At::ROOT;
    let mut all: Vec<(String, &Recurrence)> = Vec::new();
    let add = |list: &str, index: usize, key: &str, one: Option<&Recurrence>| {
        one.map(|_| root.key(list).index(index).key(key).to_string())
    };
    for (index, one) in draft.maintenance.iter().enumerate() {
        let at = add("maintenance", index, "recurrence", Some(&one.recurrence));
        all.extend(at.zip(Some(&one.recurrence)));
    }
    for (index, one) in draft.tests.iter().enumerate() {
        let at = add("tests", index, "schedule", one.schedule.as_ref());
        all.extend(at.zip(one.schedule.as_ref()));
    }
    for (index, one) in draft.communications.iter().enumerate() {
        let at = add("communications", index, "every", one.every.as_ref());
        all.extend(at.zip(one.every.as_ref()));
    }
    for (index, one) in draft.afterwards.iter().enumerate() {
        let at = add("afterwards", index, "every", one.every.as_ref());
        all.extend(at.zip(one.every.as_ref()));
    }
    let phases = root.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        let list = phases.index(index);
        let list = list.key("watch");
        for (number, one) in phase.watch.iter().enumerate() {
            if let Some(every) = &one.every {
                all.push((list.index(number).key("every").to_string(), every));
            }
        }
    }
    if let Some(every) = draft
        .review
        .as_ref()
        .and_then(|review| review.every.as_ref())
    {
        all.push((root.key("review").key("every").to_string(), every));
    }
    let backups = draft.recovery.iter().flat_map(|recovery| &recovery.backups);
    for (index, one) in backups.enumerate() {
        let at = root.key("recovery");
        let at = at.key("backups");
        let at = at.index(index).key("schedule").to_string();
        all.extend(one.schedule.as_ref().map(|schedule| (at, schedule)));
    }
    never(scope, all);
}

/// Tells which of these never come, counted from the first day of the plan.
fn never(scope: &mut Scope<'_>, all: Vec<(String, &Recurrence)>) {
    let window = scope.draft.window.map(DateWindow::first);
    let start = window.or_else(|| Date::new(2024, 1, 1));
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for (pointer, recurrence) in all {
        let text = recurrence.to_string();
        let comes = match known.get(&text) {
            Some(comes) => *comes,
            None if known.len() >= RECURRENCES_MAX => continue,
            None => {
                let comes = start.is_none_or(|start| recurrence.ever_comes(start));
                known.insert(text, comes);
                comes
            }
        };
        if !comes {
            let message = format!("'{recurrence}' never comes");
            let over = match recurrence {
                Recurrence::Rule(rule) => rule.until().zip(window).filter(|(end, day)| end < day),
                Recurrence::Cron(_) => None,
            };
            let help = match over {
                Some((end, day)) => format!("it is over on {end}, and the plan begins on {day}"),
                None => "there is no such day".to_owned(),
            };
            scope.report_at(Code::NeverComes, pointer, message, &help);
        }
    }
}

/// The longest time between two backups, against what may be lost. Of what comes more rarely than in five
/// weeks, at least those five weeks lie between.
fn recovery(scope: &mut Scope<'_>) {
    let Some(recovery) = &scope.draft.recovery else {
        return;
    };
    let backups = At::ROOT.key("recovery");
    let backups = backups.key("backups");
    for (index, one) in recovery.backups.iter().enumerate() {
        if let (Some(name), None) = (&one.command, &one.runner)
            && !scope.is_unread(backups.index(index), &["runner"])
        {
            let message = format!("nothing says who runs '{name}'");
            let help = "add 'runner:' with the binding of a command runner";
            let here = backups.index(index);
            let here = here.key("command");
            scope.report(Code::CommandWithoutRunner, here, message, help);
        }
    }
    let continuous = recovery
        .backups
        .iter()
        .any(|one| one.kind == BackupKind::Continuous);
    let scheduled = recovery.backups.iter().any(|one| one.schedule.is_some());
    let (Some(point), true) = (recovery.point, scheduled && !continuous) else {
        return;
    };
    if let Some(gap) = longest_gap(
        recovery
            .backups
            .iter()
            .filter_map(|one| one.schedule.as_ref()),
    ) && gap > point
    {
        let message = format!("{gap} can lie between two backups, and at most {point} may be lost");
        let help = "back up more often, or continuously";
        let here = At::ROOT.key("recovery");
        scope.report(Code::BackupTooRare, here.key("point"), message, help);
    }
}

fn longest_gap<'a>(schedules: impl Iterator<Item = &'a Recurrence>) -> Option<Span> {
    const LOOKED_AT: usize = 2000;
    let (start, utc) = (Date::new(2024, 1, 1)?, Zone::utc());
    let begin = utc.moment(start, TimeOfDay::MIDNIGHT);
    let end = begin + Span::from_secs(35 * 86_400);
    let mut times: Vec<Timestamp> = vec![begin];
    let mut seen = end;
    for schedule in schedules.take(SCHEDULES_MAX) {
        let coming = schedule.coming_since(start, &utc);
        let within = coming.filter(|at| *at > begin).take_while(|at| *at <= end);
        let before = times.len();
        times.extend(within.take(LOOKED_AT));
        if times.len() - before == LOOKED_AT {
            seen = times.last().map_or(seen, |last| seen.min(*last));
        }
    }
    times.push(seen);
    times.retain(|time| *time <= seen);
    times.sort();
    times
        .windows(2)
        .filter_map(|pair| match *pair {
            [earlier, later] => Some(later.since(earlier)),
            _ => None,
        })
        .max()
}
