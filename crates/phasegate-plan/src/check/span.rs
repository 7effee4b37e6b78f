//! How long the whole takes, said in more than one way: stated lengths, weeks and days of phases, the timeline.

use std::collections::{BTreeMap, BTreeSet};

use super::{At, Scope};
use crate::calendar::{DateWindow, Length, LengthUnit, WorkCalendar};
use crate::fault::Code;
use crate::model::{Phase, TimelineEntry, Weeks};

pub(super) fn check(scope: &mut Scope<'_>, calendar: &WorkCalendar) {
    let week = calendar.days_a_week();
    stated(scope, week);
    beyond(scope, week);
    timeline(scope, week);
}

/// Two lengths of the whole that cannot both be right.
fn stated(scope: &mut Scope<'_>, week: u64) {
    let lengths = &scope.draft.lengths;
    let list = At::ROOT.key("lengths");
    let Some((first, rest)) = lengths.split_first() else {
        return;
    };
    for (index, other) in rest.iter().enumerate() {
        let apart = |a: Length, b: Length| {
            let (least, most) = (a.calendar_days(week).0, b.calendar_days(week).1);
            most.is_some_and(|most| most < least)
        };
        if apart(*first, *other) || apart(*other, *first) {
            let message = format!("{other} is not {first}, and both are stated of the whole");
            let help = "correct one of them";
            scope.report(
                Code::LengthsContradict,
                list.index(index + 1),
                message,
                help,
            );
        }
    }
}

/// Phases that lie in weeks, or on days, beyond the longest that the whole is stated to take.
fn beyond(scope: &mut Scope<'_>, week: u64) {
    let draft = scope.draft;
    let most: Option<Vec<u64>> = draft
        .lengths
        .iter()
        .map(|length| length.calendar_days(week).1)
        .collect();
    let Some(most) = most.and_then(|all| all.into_iter().max()) else {
        return;
    };
    let list = At::ROOT.key("phases");
    let planned = || {
        draft
            .phases
            .iter()
            .enumerate()
            .filter(|(_, one)| !one.outline)
    };
    let stated = draft
        .lengths
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    let reaches = |phase: &Phase| match phase.weeks {
        Some(weeks) => u64::from(weeks.last().unwrap_or(weeks.first()) - 1) * 7 >= most,
        None => false,
    };
    if let Some((index, phase)) = planned().find(|(_, phase)| reaches(phase)) {
        let weeks = phase
            .weeks
            .map(|weeks| weeks.to_string())
            .unwrap_or_default();
        let message = format!("this reaches to weeks {weeks}, the whole is stated as {stated}");
        let help = "correct the weeks or the length of the whole";
        let here = list.index(index);
        scope.report(Code::BeyondStatedLength, here.key("weeks"), message, help);
    }
    // Days on which nobody works may lie around the stretch: they are not counted.
    let windows = || planned().filter_map(|(index, phase)| Some((index, phase.window?)));
    let first = windows().map(|(_, window)| window.first()).min();
    let last = windows().max_by_key(|(_, window)| window.last());
    if let Some((first, (index, window))) = first.zip(last)
        && window.last().days_since(first) >= i64::try_from(most).unwrap_or(i64::MAX)
    {
        let days = DateWindow::new(first, window.last()).map(|all| all.days());
        let days = days.unwrap_or_else(|| window.days());
        let message =
            format!("{days} days lie from {first} to this end, the whole is stated as {stated}");
        let help = "correct the days or the length of the whole";
        let here = list.index(index);
        scope.report(Code::BeyondStatedLength, here.key("window"), message, help);
    }
}

/// The timeline against the phases that it names.
fn timeline(scope: &mut Scope<'_>, week: u64) {
    let draft = scope.draft;
    let list = At::ROOT.key("timeline");
    if scope.lost_items(list) || scope.lost_items(At::ROOT.key("phases")) {
        return;
    }
    let phases = draft.phases_by_id();
    let gates = draft.phases.iter().flat_map(|phase| &phase.gates);
    let gates: BTreeSet<&str> = gates
        .chain(&draft.gates)
        .map(|gate| gate.id.as_str())
        .collect();
    // Working days that each phase is given, and where the last of them stands.
    let mut given: BTreeMap<&str, (u64, usize)> = BTreeMap::new();
    for (index, entry) in draft.timeline.iter().enumerate() {
        let here = list.index(index);
        if let Some(gate) = &entry.gate
            && !gates.contains(gate.as_str())
        {
            let message = format!("there is no gate '{gate}' in this plan");
            scope.report(
                Code::UnknownName,
                here.key("gate"),
                message,
                "write the id of a gate of a phase or of the whole",
            );
        }
        let last = entry.until_day.or(entry.day);
        let backwards = entry
            .day
            .zip(last)
            .is_some_and(|(first, last)| last < first || first == 0);
        if backwards || (entry.until_day.is_some() && entry.day.is_none()) {
            let message = "days are counted from 1, from 'day' to 'until-day'";
            scope.report(
                Code::RangeBackwards,
                here.key("until-day"),
                message,
                "such as 'day: 1' and 'until-day: 3'",
            );
            continue;
        }
        let days = match (entry.day, last, entry.weeks.count()) {
            (Some(first), Some(last), _) => u64::from(last - first + 1),
            (None, _, Some(weeks)) => u64::from(weeks) * week,
            (None, _, None) | (Some(_), None, _) => continue,
        };
        elsewhere(scope, &phases, entry, here);
        if let [phase] = entry.phases.as_slice() {
            let slot = given.entry(phase.as_str()).or_insert((0, index));
            *slot = (slot.0.saturating_add(days), index);
        }
    }
    too_few(scope, &phases, given, week);
}

/// Phases that the timeline has in other weeks than they themselves.
fn elsewhere(
    scope: &mut Scope<'_>,
    phases: &BTreeMap<&str, &Phase>,
    entry: &TimelineEntry,
    here: At<'_>,
) {
    for id in &entry.phases {
        let own = phases.get(id.as_str()).and_then(|phase| phase.weeks);
        let apart = |one: Weeks, other: Weeks| one.last().is_some_and(|last| last < other.first());
        if let Some(own) = own
            && (apart(own, entry.weeks) || apart(entry.weeks, own))
        {
            let message = format!(
                "the timeline has '{id}' in weeks {}, its own are {own}",
                entry.weeks
            );
            let help = "correct the timeline or the weeks of the phase";
            scope.report(Code::TimelineDisagrees, here.key("weeks"), message, help);
        }
    }
}

/// Phases to which the timeline gives fewer working days than they take.
fn too_few(
    scope: &mut Scope<'_>,
    phases: &BTreeMap<&str, &Phase>,
    given: BTreeMap<&str, (u64, usize)>,
    week: u64,
) {
    let list = At::ROOT.key("timeline");
    for (id, (days, index)) in given {
        let length = phases.get(id).and_then(|phase| phase.length);
        let needed = length.and_then(|length| match length.unit() {
            LengthUnit::BusinessDays => Some(u64::from(length.least())),
            LengthUnit::Weeks => Some(u64::from(length.least()) * week),
            LengthUnit::Minutes
            | LengthUnit::Hours
            | LengthUnit::BusinessHours
            | LengthUnit::Days
            | LengthUnit::Months
            | LengthUnit::Quarters
            | LengthUnit::Years => None,
        });
        if let (Some(length), Some(needed)) = (length, needed)
            && days < needed
        {
            let message =
                format!("the timeline gives '{id}' {days} working days, it takes {length}");
            let help = "correct the timeline or the length of the phase";
            scope.report(Code::TimelineDisagrees, list.index(index), message, help);
        }
    }
}
