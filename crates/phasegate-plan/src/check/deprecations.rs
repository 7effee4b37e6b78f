//! What is taken out of use: one stage after the other, and not before those who use it had the time promised.

use std::collections::BTreeMap;

use super::{Scope, durations};
use crate::calendar::{Length, LengthUnit, WorkCalendar};
use crate::fault::Code;
use crate::model::{Deprecation, DeprecationStage, Phase, PlanDraft, Slot};

/// One stage of the end of something.
pub(super) struct End<'d> {
    pub(super) end: &'d Deprecation,
    pub(super) phase: &'d Phase,
    /// The number of the phase.
    pub(super) index: usize,
    /// On which days of the phase it is.
    pub(super) slot: Option<&'d Slot>,
    /// Where the stage is said.
    pub(super) pointer: String,
}

impl End<'_> {
    /// How many days of the calendar its phase has gone on for at least when this comes.
    fn days_before(&self, week: u64) -> u64 {
        self.slot.map_or(0, |slot| {
            let before = slot.day.saturating_sub(1);
            self.days(before, week).0
        })
    }

    /// How many days of the calendar its phase has gone on for at most when this is done.
    fn days_until(&self, week: u64) -> Option<u64> {
        let slot = self.slot?;
        self.days(slot.until_day.unwrap_or(slot.day), week).1
    }

    fn days(&self, count: u32, week: u64) -> (u64, Option<u64>) {
        let unit = if self.phase.days_by_calendar() {
            LengthUnit::Days
        } else {
            LengthUnit::BusinessDays
        };
        Length::new(count, unit).calendar_days(week)
    }
}

/// Looks at the ends of each thing, in the order of the phases.
pub(super) fn check(scope: &mut Scope<'_>, ends: &BTreeMap<String, Vec<End<'_>>>) {
    if ends.is_empty() {
        return;
    }
    let week = WorkCalendar::new(&scope.draft.calendar).days_a_week();
    let run = Run::new(scope.draft, week);
    for list in ends.values() {
        one(scope, list, &run);
    }
}

fn one(scope: &mut Scope<'_>, list: &[End<'_>], run: &Run) {
    let mut before: Option<&End<'_>> = None;
    let first = list.first();
    let mut promised: Option<Length> = None;
    for one in list {
        let days = |length: Length| length.calendar_days(run.week).0;
        let longer = |length: &Length| promised.is_none_or(|best| days(*length) > days(best));
        promised = one.end.notice.filter(longer).or(promised);
        if let Some(before) = before
            && one.end.stage < before.end.stage
        {
            let message = format!("'{}' was {} already", one.end.target, before.end.stage);
            scope.report_at(
                Code::DeprecationOrder,
                one.pointer.clone(),
                message,
                "let it go from 'warn' over 'redirect' to 'removed'",
            );
        }
        // What could not be read may be what tells them.
        let is_first = before.is_none() && scope.is_whole();
        if is_first && one.end.stage == DeprecationStage::Removed {
            let message = format!("'{}' is removed and nobody was told before", one.end.target);
            let help = "deprecate it with 'stage: warn' first";
            scope.report_at(Code::DeprecationOrder, one.pointer.clone(), message, help);
        }
        let between = first.and_then(|first| run.days_between(first, one));
        if let (DeprecationStage::Removed, Some(between), Some(notice)) =
            (one.end.stage, between, promised)
            && days(notice) > between
        {
            let message = format!(
                "{between} days lie at most between notice and removal, {notice} was promised"
            );
            scope.report_at(
                Code::NoticeTooShort,
                one.pointer.clone(),
                message,
                "remove it later, tell people sooner, or promise less",
            );
        }
        before = Some(one);
    }
}

/// The phases in the order in which they are written, summed up once: how long those between two of them take
/// is then a difference.
struct Run {
    /// How many days of a week are worked.
    week: u64,
    sums: Vec<Sum>,
}

/// Of all phases up to one.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// The days they take at most.
    days: u64,
    /// How many of them do not simply follow the one before.
    loose: usize,
    /// Of how many it is not known how long they take.
    untold: usize,
}

impl Run {
    fn new(draft: &PlanDraft, week: u64) -> Self {
        let dated = |phase: &Phase| phase.gates.iter().any(|gate| gate.not_before.is_some());
        let mut sum = Sum::default();
        let mut before: Option<&Phase> = None;
        let mut sums = Vec::with_capacity(draft.phases.len());
        for phase in &draft.phases {
            let follows = match (&phase.after, before) {
                (Some(list), Some(before)) => list.as_slice() == std::slice::from_ref(&before.id),
                (Some(_), None) => false,
                (None, _) => true,
            };
            let days = durations::days_at_most(phase, week).map(|(days, _)| days);
            let told = days.filter(|_| !phase.outline && !dated(phase));
            sum.loose += usize::from(!follows);
            sum.untold += usize::from(told.is_none());
            // What is begun on a Friday ends after the days on which nobody works.
            sum.days = (sum.days.saturating_add(told.unwrap_or(0))).saturating_add(2);
            sums.push(sum);
            before = Some(phase);
        }
        Self { week, sums }
    }

    /// How many days can lie at most between an end and a later one, as far as their phases say it.
    fn days_between(&self, from: &End<'_>, to: &End<'_>) -> Option<u64> {
        let (first, last) = (from.phase, to.phase);
        let (before, until) = (from.days_before(self.week), to.days_until(self.week));
        if first.id == last.id {
            // On days of one phase it is those days that lie between, wherever the phase begins.
            if let Some((from_day, to_day)) = from.slot.zip(to.slot) {
                let until = to_day.until_day.unwrap_or(to_day.day);
                // From the morning of the one to the evening of the other.
                return match until.saturating_sub(from_day.day) {
                    0 => Some(1),
                    between => from.days(between, self.week).1.map(|days| days + 1),
                };
            }
            let whole = durations::days_at_most(first, self.week).map(|(days, _)| days);
            let until = until.into_iter().chain(whole).min();
            return until.map(|until| until.saturating_sub(before));
        }
        let windows = first.window.zip(last.window);
        let days = windows.map(|(first, last)| {
            let days = |days: i64| u64::try_from(days).unwrap_or(0);
            let whole = days(last.last().days_since(first.first()));
            let to_its_days = days(last.first().days_since(first.first()));
            let until = until.map(|until| to_its_days.saturating_add(until));
            whole.min(until.unwrap_or(whole)).saturating_sub(before)
        });
        let weeks = first.weeks.zip(last.weeks);
        let weeks = weeks.map(|(first, last)| last.first().saturating_sub(first.first()));
        let weeks = weeks.map(|weeks| u64::from(weeks) * 7);
        let lengths = || {
            let whole = self.by_lengths(from, to)?;
            let its = durations::days_at_most(last, self.week).map(|(days, _)| days);
            let behind = its.zip(until).map(|(its, until)| its.saturating_sub(until));
            let cut = behind.unwrap_or(0).saturating_add(before);
            Some(whole.saturating_sub(cut))
        };
        days.or(weeks).or_else(lengths)
    }

    /// From the beginning of one phase to the end of a later one, where each follows the one before it and
    /// none waits for a date.
    fn by_lengths(&self, from: &End<'_>, to: &End<'_>) -> Option<u64> {
        let (first, last) = (self.sums.get(from.index)?, self.sums.get(to.index)?);
        let before = from
            .index
            .checked_sub(1)
            .and_then(|index| self.sums.get(index));
        let before = before.copied().unwrap_or_default();
        let chain = first.loose == last.loose && before.untold == last.untold;
        (chain && from.index <= to.index).then(|| last.days.saturating_sub(before.days))
    }
}
