//! When people work: business days, working hours, holidays, and the arithmetic on them.
//!
//! "Two business days from Friday 16:00" is Tuesday 16:00: business days count days and keep the time
//! that clocks show, across a clock change too. Business hours count the time that passes while it is
//! worked, so an hour that a clock change takes away or gives is one hour less or more.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use phasegate_core::{Span, Timestamp};

use super::frozen::Frozen;
use super::{Date, Length, LengthUnit, TimeOfDay, TimeRange, Weekday, Zone};
use crate::form::record;

record! {
    /// A day on which nobody works. The bare date may stand for it.
    pub struct Holiday short date: Date {
        /// The day.
        need date: Date,
        /// What it is.
        may title: String,
    }
}

record! {
    /// The plan's calendar.
    pub struct WorkWeek {
        /// The zone in which the plan's dates and times are meant.
        or zone: Zone = Zone::utc(),
        /// On which days of the week people work; Monday to Friday, if nothing stands here.
        list days: Weekday,
        /// At which hours; 09:00-17:00, if nothing stands here.
        list hours: TimeRange,
        /// On which days nobody does.
        list holidays: Holiday,
    }
}

/// What to do with a date that is no business day, before business days are counted from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "forward or backward")]
pub enum Roll {
    /// Take the next that is one.
    Forward,
    /// Take the last that was one.
    Backward,
}

/// A calendar made ready for arithmetic.
///
/// ```
/// use phasegate_plan::calendar::{WorkCalendar, WorkWeek};
/// let calendar = WorkCalendar::new(&WorkWeek::new().zone("Europe/Berlin"));
/// // Friday 16:00, and the clocks change on Sunday.
/// let friday = "2025-03-28T15:00:00Z".parse()?;
/// let tuesday = calendar.add(friday, "2bd".parse()?);
/// assert_eq!(tuesday.to_string(), "2025-04-01T14:00:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct WorkCalendar {
    zone: Zone,
    days: [bool; 7],
    hours: Vec<TimeRange>,
    holidays: BTreeSet<Date>,
    pub(super) frozen: Frozen,
}

/// How far a search for a working day goes: a calendar with ten years of holidays in a row has none.
const SEARCH_DAYS_MAX: i64 = 3660;

impl WorkCalendar {
    /// Makes a calendar ready. Hours are sorted, and those that overlap are joined.
    pub fn new(week: &WorkWeek) -> Self {
        let mut days = [false; 7];
        for (index, day) in Weekday::ALL.into_iter().enumerate() {
            let works = if week.days.is_empty() {
                day < Weekday::Saturday
            } else {
                week.days.contains(&day)
            };
            if let Some(slot) = days.get_mut(index) {
                *slot = works;
            }
        }
        let mut hours = week.hours.clone();
        hours.sort();
        let mut joined: Vec<TimeRange> = Vec::new();
        for range in hours {
            match joined.last_mut() {
                Some(last) if range.from() <= last.until() => {
                    let until = last.until().max(range.until());
                    *last = TimeRange::new(last.from(), until).unwrap_or(*last);
                }
                _ => joined.push(range),
            }
        }
        if joined.is_empty() {
            let nine_to_five = TimeOfDay::new(9, 0)
                .zip(TimeOfDay::new(17, 0))
                .and_then(|(from, until)| TimeRange::new(from, until));
            joined.extend(nine_to_five);
        }
        Self {
            zone: week.zone.clone(),
            days,
            hours: joined,
            holidays: week.holidays.iter().map(|holiday| holiday.date).collect(),
            frozen: Frozen::default(),
        }
    }

    /// Its zone.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Does anybody work on this day?
    pub fn is_business_day(&self, date: Date) -> bool {
        let weekday = usize::from(date.weekday().days_after_monday());
        let works = self.days.get(weekday).copied().unwrap_or(false);
        works && !self.holidays.contains(&date) && !self.is_frozen_throughout(date)
    }

    /// Do freezes leave nothing of a day's hours?
    fn is_frozen_throughout(&self, date: Date) -> bool {
        self.frozen.may_touch(date) && self.open_hours(date).next().is_none()
    }

    /// The days of the week on which people work, holidays aside.
    pub(crate) fn weekdays(&self) -> Vec<Weekday> {
        let days = Weekday::ALL.into_iter().zip(self.days);
        let worked = days.filter(|(_, works)| *works);
        worked.map(|(day, _)| day).collect()
    }

    /// On how many days of a week people work, holidays aside: 1 to 7.
    pub(crate) fn days_a_week(&self) -> u64 {
        self.days
            .iter()
            .fold(0, |count, works| count + u64::from(*works))
    }

    /// The nearest business day in a direction, the day itself included; `None` if none is near.
    pub fn roll(&self, date: Date, roll: Roll) -> Option<Date> {
        let step = match roll {
            Roll::Forward => 1,
            Roll::Backward => -1,
        };
        (0..SEARCH_DAYS_MAX)
            .map(|days| date.plus_days(days * step))
            .find(|day| self.is_business_day(*day))
    }

    /// So many business days later, or earlier if negative, after rolling to a business day.
    pub fn offset(&self, date: Date, days: i64, roll: Roll) -> Option<Date> {
        let mut at = self.roll(date, roll)?;
        let (step, direction) = if days < 0 {
            (-1, Roll::Backward)
        } else {
            (1, Roll::Forward)
        };
        for _ in 0..days.unsigned_abs() {
            at = self.roll(at.plus_days(step), direction)?;
        }
        Some(at)
    }

    /// Business days from `first` (included) to `end` (not included); negative if `end` is before.
    pub fn business_days(&self, first: Date, end: Date) -> i64 {
        if end < first {
            // The days between, without the later and with the earlier end, counted the other way.
            return -self.business_days(end.plus_days(1), first.plus_days(1));
        }
        (0..end.days_since(first))
            .filter(|days| self.is_business_day(first.plus_days(*days)))
            .fold(0, |count, _| count + 1)
    }

    /// The stretches of a day in which it is worked, as moments.
    fn stretches(&self, date: Date) -> impl DoubleEndedIterator<Item = (Timestamp, Timestamp)> {
        let works = self.is_business_day(date);
        works.then(|| self.open_hours(date)).into_iter().flatten()
    }

    /// The working hours of a day, be it a working day or not.
    pub(super) fn hours_of(
        &self,
        date: Date,
    ) -> impl DoubleEndedIterator<Item = (Timestamp, Timestamp)> {
        self.hours.iter().map(move |range| {
            (
                self.zone.moment(date, range.from()),
                self.zone.moment(date, range.until()),
            )
        })
    }

    /// The same without what is frozen.
    pub(super) fn open_hours(
        &self,
        date: Date,
    ) -> impl DoubleEndedIterator<Item = (Timestamp, Timestamp)> {
        let hours = self.hours_of(date);
        hours.flat_map(|(from, until)| self.frozen.without(from, until))
    }

    /// The moment itself if it is worked then, else the next at which work begins.
    pub fn next_open(&self, moment: Timestamp) -> Timestamp {
        let today = self.zone.date(moment);
        for days in 0..SEARCH_DAYS_MAX {
            for (open, close) in self.stretches(today.plus_days(days)) {
                if moment < close {
                    return moment.max(open);
                }
            }
        }
        moment
    }

    /// The moment itself if work goes on until then or beyond, else the last at which it ended.
    pub fn last_close(&self, moment: Timestamp) -> Timestamp {
        let today = self.zone.date(moment);
        for days in 0..SEARCH_DAYS_MAX {
            for (open, close) in self.stretches(today.plus_days(-days)).rev() {
                if open < moment {
                    return moment.min(close);
                }
            }
        }
        moment
    }

    /// Later by so much working time.
    pub fn add_working(&self, moment: Timestamp, span: Span) -> Timestamp {
        let (mut at, mut left) = (self.next_open(moment), span);
        let mut date = self.zone.date(at);
        let mut idle = 0;
        while idle < SEARCH_DAYS_MAX {
            idle += 1;
            for (open, close) in self.stretches(date) {
                if close <= at {
                    continue;
                }
                idle = 0;
                let from = at.max(open);
                let here = close.since(from);
                if left <= here {
                    return from + left;
                }
                left = left.saturating_sub(here);
                at = close;
            }
            date = date.plus_days(1);
        }
        at
    }

    /// Working time from one moment to a later one.
    pub fn working_between(&self, from: Timestamp, until: Timestamp) -> Span {
        let mut sum = Span::ZERO;
        let mut date = self.zone.date(from);
        let last = self.zone.date(until);
        while date <= last {
            for (open, close) in self.stretches(date) {
                sum = sum.saturating_add(close.min(until).since(open.max(from)));
            }
            let next = date.plus_days(1);
            if next == date {
                break;
            }
            date = next;
        }
        sum
    }

    /// A moment later by a length's least number of units.
    pub fn add(&self, moment: Timestamp, length: Length) -> Timestamp {
        let count = length.least();
        let clock = |minutes: u64| moment + Span::from_secs(60).saturating_mul(minutes);
        match length.unit() {
            LengthUnit::Minutes => clock(u64::from(count)),
            LengthUnit::Hours => clock(u64::from(count) * 60),
            LengthUnit::BusinessHours => {
                self.add_working(moment, Span::from_secs(3600).saturating_mul(count.into()))
            }
            LengthUnit::Days => self.add_days(moment, i64::from(count)),
            LengthUnit::Weeks => self.add_days(moment, i64::from(count) * 7),
            LengthUnit::BusinessDays => self.add_business_days(moment, i64::from(count)),
            LengthUnit::Months => self.add_months(moment, i64::from(count)),
            LengthUnit::Quarters => self.add_months(moment, i64::from(count) * 3),
            LengthUnit::Years => self.add_months(moment, i64::from(count) * 12),
        }
    }

    /// So many days later by the calendar, at the same time of day.
    pub fn add_days(&self, moment: Timestamp, days: i64) -> Timestamp {
        let (date, millis) = self.zone.civil(moment);
        self.zone.at_millis(date.plus_days(days), millis)
    }

    /// So many business days later, at the same time of day. From a day that is none, the count
    /// begins at the next that is one, at its opening.
    pub fn add_business_days(&self, moment: Timestamp, days: i64) -> Timestamp {
        let (date, millis) = self.zone.civil(moment);
        let (date, millis) = if self.is_business_day(date) {
            (date, millis)
        } else {
            self.zone.civil(self.next_open(moment))
        };
        let target = self.offset(date, days, Roll::Forward).unwrap_or(date);
        self.zone.at_millis(target, millis)
    }

    fn add_months(&self, moment: Timestamp, months: i64) -> Timestamp {
        let (date, millis) = self.zone.civil(moment);
        let later = date.0.checked_add(months.months());
        self.zone.at_millis(later.map_or(date, Date), millis)
    }
}
