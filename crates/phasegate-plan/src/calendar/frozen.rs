//! Stretches of time that are taken out of a calendar: freezes. Why something is frozen is not known here.

use std::collections::BTreeSet;

use phasegate_core::{Span, Timestamp};

use super::{Date, WorkCalendar};

/// Stretches of time in order, of which no two touch.
#[derive(Clone, Debug, Default)]
pub(super) struct Frozen {
    stretches: Vec<(Timestamp, Timestamp)>,
}

impl Frozen {
    fn new(stretches: impl IntoIterator<Item = (Timestamp, Timestamp)>) -> Self {
        let mut sorted: Vec<_> = stretches.into_iter().collect();
        sorted.retain(|(from, until)| from < until);
        sorted.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::new();
        for (from, until) in sorted {
            match joined.last_mut() {
                Some((_, last)) if from <= *last => *last = (*last).max(until),
                Some(_) | None => joined.push((from, until)),
            }
        }
        Self { stretches: joined }
    }

    /// Those that have a moment in common with a stretch.
    fn within(&self, from: Timestamp, until: Timestamp) -> &[(Timestamp, Timestamp)] {
        let first = self.stretches.partition_point(|(_, end)| *end <= from);
        let rest = self.stretches.get(first..).unwrap_or_default();
        let count = rest.partition_point(|(begin, _)| *begin < until);
        rest.get(..count).unwrap_or_default()
    }

    /// What is left of a stretch.
    pub(super) fn without(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> impl DoubleEndedIterator<Item = (Timestamp, Timestamp)> {
        let cuts = self.within(from, until);
        (0..=cuts.len()).filter_map(move |index| {
            let before = index.checked_sub(1).and_then(|last| cuts.get(last));
            let begin = before.map_or(from, |(_, end)| *end);
            let end = cuts.get(index).map_or(until, |(begin, _)| *begin);
            (begin < end).then_some((begin, end))
        })
    }

    /// May something of a day be frozen, in whatever zone? Cheap, and sure where it says no.
    pub(super) fn may_touch(&self, date: Date) -> bool {
        const DAY_MILLIS: i64 = 86_400_000;
        if self.stretches.is_empty() {
            return false;
        }
        let Some(epoch) = Date::new(1970, 1, 1) else {
            return true;
        };
        let midnight = date.days_since(epoch).saturating_mul(DAY_MILLIS);
        // Clocks of the world differ from universal time by 26 hours at most.
        let moment = |millis| Timestamp::from_unix_millis(midnight.saturating_add(millis));
        let around = self.within(moment(-2 * DAY_MILLIS), moment(3 * DAY_MILLIS));
        !around.is_empty()
    }
}

impl WorkCalendar {
    /// The same calendar without some stretches of time, each from a moment until another: freezes, in which
    /// nothing moves forward. What is taken out is no working time, and a day of whose hours nothing is left
    /// is no business day.
    ///
    /// ```
    /// use phasegate_plan::calendar::{WorkCalendar, WorkWeek};
    /// let freeze = ("2025-09-02T00:00:00Z".parse()?, "2025-09-03T12:00:00Z".parse()?);
    /// let calendar = WorkCalendar::new(&WorkWeek::new()).without([freeze]);
    /// let monday = "2025-09-01T09:00:00Z".parse()?;
    /// // Eight hours on Monday, five on Wednesday afternoon.
    /// assert_eq!(calendar.add(monday, "13bh".parse()?).to_string(), "2025-09-03T17:00:00Z");
    /// assert!(!calendar.is_business_day("2025-09-02".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn without(&self, stretches: impl IntoIterator<Item = (Timestamp, Timestamp)>) -> Self {
        let before = self.frozen.stretches.iter().copied();
        let mut calendar = self.clone();
        calendar.frozen = Frozen::new(before.chain(stretches));
        calendar
    }

    /// The moment itself, or the end of the freeze it lies in.
    pub(crate) fn thaw(&self, moment: Timestamp) -> Timestamp {
        let next = moment + Span::from_nanos(1);
        let found = self.frozen.within(moment, next).first();
        found.map_or(moment, |(_, end)| *end)
    }

    /// Is some of this time frozen?
    pub(crate) fn is_frozen_within(&self, from: Timestamp, until: Timestamp) -> bool {
        !self.frozen.within(from, until).is_empty()
    }

    /// How much of the hours of business days is frozen between two moments: what a count of days leaves out,
    /// because of each such day something is left.
    pub(crate) fn partly_frozen(&self, from: Timestamp, until: Timestamp) -> Span {
        // Only the first and the last day of a freeze are frozen in part.
        let ends = self.frozen.within(from, until).iter();
        let days: BTreeSet<Date> = ends
            .flat_map(|(begin, end)| [self.zone().date(*begin), self.zone().date(*end)])
            .collect();
        let within = |(open, close): (Timestamp, Timestamp)| close.min(until).since(open.max(from));
        let sum = |spans: &mut dyn Iterator<Item = (Timestamp, Timestamp)>| {
            spans.fold(Span::ZERO, |sum, one| sum.saturating_add(within(one)))
        };
        days.into_iter()
            .filter(|day| self.is_business_day(*day))
            .fold(Span::ZERO, |lost, day| {
                let whole = sum(&mut self.hours_of(day));
                lost.saturating_add(whole.saturating_sub(sum(&mut self.open_hours(day))))
            })
    }
}
