//! The lengths of phases against the stated length of the whole.

use std::collections::BTreeMap;

use super::{At, Scope};
use crate::calendar::{Length, LengthUnit, WorkCalendar};
use crate::fault::Code;
use crate::model::PlanDraft;

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

pub(super) fn check(scope: &mut Scope<'_>, calendar: &WorkCalendar) {
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
        let (path, chain) = longest(draft, (&scope.before(), &scope.order()), &phases);
        let here = At::ROOT.key("lengths");
        let here = here.index(index);
        let word = if family == Family::Business {
            "working days"
        } else {
            "days"
        };
        // Weeks have fewer working days where holidays or freezes lie in them.
        let by_weeks = length.unit() == LengthUnit::Weeks && family == Family::Business;
        let fewer = by_weeks && !(draft.calendar.holidays.is_empty() && draft.freezes.is_empty());
        let short = whole && sum < least && !fewer;
        if chain && (short || most.is_some_and(|most| sum > most)) {
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
pub(super) fn longest(
    draft: &PlanDraft,
    (before, order): (&[Vec<usize>], &[usize]),
    lengths: &[u64],
) -> (u64, bool) {
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
    for &index in order {
        let list = before.get(index).map_or(&[][..], Vec::as_slice);
        let start = list.iter().filter_map(|one| end.get(*one)).max();
        let whole = start.copied().unwrap_or(0) + own.get(&index).copied().unwrap_or(0);
        if let Some(slot) = end.get_mut(index) {
            *slot = whole;
        }
    }
    (end.into_iter().max().unwrap_or(0), chain)
}
