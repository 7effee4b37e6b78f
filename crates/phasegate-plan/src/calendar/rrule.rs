//! Recurrence rules of RFC 5545, on days: DAILY, WEEKLY, MONTHLY and YEARLY.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::{Date, Weekday};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A recurrence rule: `FREQ=WEEKLY;INTERVAL=2;BYDAY=TU`. Read are FREQ, INTERVAL, COUNT, UNTIL, WKST,
/// BYDAY (with numbers), BYMONTHDAY, BYMONTH and BYSETPOS; nothing finer than a day.
///
/// ```
/// use phasegate_plan::calendar::Rule;
/// let rule: Rule = "FREQ=MONTHLY;BYDAY=-1FR;COUNT=2".parse()?;
/// let dates: Vec<String> = rule.dates("2025-09-01".parse()?).take(5).map(|d| d.to_string()).collect();
/// assert_eq!(dates, ["2025-09-26", "2025-10-31"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    text: String,
    frequency: Frequency,
    interval: u32,
    count: Option<u32>,
    until: Option<Date>,
    week_start: Weekday,
    by_day: Vec<(i8, Weekday)>,
    by_month_day: Vec<i8>,
    by_month: Vec<i8>,
    by_set_pos: Vec<i16>,
}

/// Why a text is no recurrence rule.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not a recurrence rule such as FREQ=WEEKLY;INTERVAL=2;BYDAY=TU: {detail}")]
pub struct RuleError {
    text: String,
    detail: String,
}

const DAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Monday),
    ("TU", Weekday::Tuesday),
    ("WE", Weekday::Wednesday),
    ("TH", Weekday::Thursday),
    ("FR", Weekday::Friday),
    ("SA", Weekday::Saturday),
    ("SU", Weekday::Sunday),
];

fn weekday(text: &str) -> Option<Weekday> {
    DAYS.iter()
        .find(|(name, _)| *name == text)
        .map(|(_, day)| *day)
}

/// Numbers in a list, each within ± a limit and not zero.
fn numbers<T: FromStr + Into<i64> + Copy>(text: &str, limit: i64) -> Option<Vec<T>> {
    text.split(',')
        .map(|part| {
            let number: T = part.parse().ok()?;
            let wide: i64 = number.into();
            (wide != 0 && wide.abs() <= limit).then_some(number)
        })
        .collect()
}

impl Rule {
    /// The rule as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// After how many days all its dates come again, where that is a day or a week.
    pub(super) fn days_between(&self) -> Option<u64> {
        let narrowed = !self.by_month_day.is_empty()
            || !self.by_month.is_empty()
            || !self.by_set_pos.is_empty();
        if narrowed || self.count.is_some() || self.until.is_some() || self.interval != 1 {
            return None;
        }
        match self.frequency {
            Frequency::Daily if self.by_day.is_empty() => Some(1),
            Frequency::Daily | Frequency::Weekly => Some(7),
            Frequency::Monthly | Frequency::Yearly => None,
        }
    }

    /// The dates from a first day on. The first day counts only if the rule gives it.
    pub fn dates(&self, start: Date) -> impl Iterator<Item = Date> {
        let rule = self.clone();
        let mut period = 0u32;
        // After so many periods without a date there will be none: what comes at all comes within 40
        // years, a day of the week on 29 February across a year like 2100 included.
        let empty_max = match rule.frequency {
            Frequency::Daily => 366 * 41,
            Frequency::Weekly => 53 * 41,
            Frequency::Monthly => 12 * 41,
            Frequency::Yearly => 41,
        };
        let mut empty = 0u32;
        let mut given = 0u32;
        let mut waiting: Vec<Date> = Vec::new();
        std::iter::from_fn(move || {
            if rule.count.is_some_and(|count| given >= count) {
                return None;
            }
            while waiting.is_empty() {
                if empty > empty_max {
                    return None;
                }
                let mut dates = rule.period(start, period)?;
                period = period.checked_add(1)?;
                dates.retain(|date| *date >= start);
                empty = if dates.is_empty() { empty + 1 } else { 0 };
                dates.reverse();
                waiting = dates;
            }
            let next = waiting.pop()?;
            if rule.until.is_some_and(|until| next > until) {
                empty = empty_max + 1;
                waiting.clear();
                return None;
            }
            given += 1;
            Some(next)
        })
    }

    /// The dates of one day, week, month or year, sorted; `None` beyond the calendar.
    fn period(&self, start: Date, number: u32) -> Option<Vec<Date>> {
        let steps = i64::from(number) * i64::from(self.interval);
        let days = match self.frequency {
            Frequency::Daily => {
                let day = start.plus_days(steps);
                if day.year() > 9000 {
                    return None;
                }
                vec![day]
            }
            Frequency::Weekly => {
                let back = (7 + start.weekday().days_after_monday()
                    - self.week_start.days_after_monday())
                    % 7;
                let first = start.plus_days(steps * 7 - i64::from(back));
                if first.year() > 9000 {
                    return None;
                }
                (0..7).map(|day| first.plus_days(day)).collect()
            }
            Frequency::Monthly => {
                let months = i64::from(start.year()) * 12 + i64::from(start.month()) - 1 + steps;
                let year = i16::try_from(months / 12)
                    .ok()
                    .filter(|year| *year < 9000)?;
                month(year, i8::try_from(months % 12 + 1).ok()?)
            }
            Frequency::Yearly => {
                let year = i64::from(start.year()) + steps;
                let year = i16::try_from(year).ok().filter(|year| *year < 9000)?;
                (1..=12).flat_map(|number| month(year, number)).collect()
            }
        };
        let chosen: Vec<Date> = days
            .iter()
            .copied()
            .filter(|day| self.fits(*day, start))
            .collect();
        Some(self.positions(chosen))
    }

    fn fits(&self, day: Date, start: Date) -> bool {
        if !self.by_month.is_empty() && !self.by_month.contains(&day.month()) {
            return false;
        }
        if !self.by_month_day.is_empty() {
            let from_end = day.day() - last_day(day) - 1;
            let found = self
                .by_month_day
                .iter()
                .any(|number| *number == day.day() || *number == from_end);
            if !found {
                return false;
            }
        }
        if !self.by_day.is_empty() {
            return self.by_day.iter().any(|one| self.is_day(day, *one));
        }
        // What the rule leaves open, the first day fills in.
        match self.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => day.weekday() == start.weekday(),
            Frequency::Monthly => !self.by_month_day.is_empty() || day.day() == start.day(),
            Frequency::Yearly => {
                let month = !self.by_month.is_empty() || day.month() == start.month();
                let inner = !self.by_month_day.is_empty() || day.day() == start.day();
                // A day of the month without a month fits in every month.
                inner && (month || !self.by_month_day.is_empty())
            }
        }
    }

    /// Is this the named day, counted within the month or the year if there is a number?
    fn is_day(&self, day: Date, (number, weekday): (i8, Weekday)) -> bool {
        if day.weekday() != weekday {
            return false;
        }
        if number == 0 {
            return true;
        }
        let in_year = self.frequency == Frequency::Yearly && self.by_month.is_empty();
        let (from_start, from_end) = if in_year {
            let first = Date::new(day.year(), 1, 1).unwrap_or(day);
            let last = Date::new(day.year(), 12, 31).unwrap_or(day);
            (
                day.days_since(first) / 7 + 1,
                -(last.days_since(day) / 7) - 1,
            )
        } else {
            let left = i64::from(last_day(day) - day.day());
            ((i64::from(day.day()) - 1) / 7 + 1, -(left / 7) - 1)
        };
        i64::from(number) == from_start || i64::from(number) == from_end
    }

    fn positions(&self, days: Vec<Date>) -> Vec<Date> {
        if self.by_set_pos.is_empty() {
            return days;
        }
        let len = days.len();
        let chosen: BTreeSet<Date> = self
            .by_set_pos
            .iter()
            .filter_map(|position| {
                let number = usize::from(position.unsigned_abs());
                let index = if *position > 0 {
                    number.checked_sub(1)?
                } else {
                    len.checked_sub(number)?
                };
                days.get(index).copied()
            })
            .collect();
        chosen.into_iter().collect()
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut rule = Self {
            text: text.to_owned(),
            frequency: Frequency::Daily,
            interval: 1,
            count: None,
            until: None,
            week_start: Weekday::Monday,
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_month: Vec::new(),
            by_set_pos: Vec::new(),
        };
        let mut frequency = None;
        let mut seen = BTreeSet::new();
        // Names and words are of either case (RFC 5545, section 3.1).
        let upper = text.to_ascii_uppercase();
        for part in upper.strip_prefix("RRULE:").unwrap_or(&upper).split(';') {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("'{part}' is not KEY=VALUE"))?;
            if !seen.insert(key) {
                return Err(format!("{key} stands in it twice"));
            }
            let known = match key {
                "FREQ" => {
                    frequency = match value {
                        "DAILY" => Some(Frequency::Daily),
                        "WEEKLY" => Some(Frequency::Weekly),
                        "MONTHLY" => Some(Frequency::Monthly),
                        "YEARLY" => Some(Frequency::Yearly),
                        _ => None,
                    };
                    frequency.is_some()
                }
                _ => rule
                    .part(key, value)
                    .ok_or_else(|| format!("'{key}' is not read here"))?,
            };
            if !known {
                return Err(format!("'{value}' does not fit {key}"));
            }
        }
        rule.frequency = frequency.ok_or_else(|| "FREQ is missing".to_owned())?;
        let numbered = rule.by_day.iter().any(|(number, _)| *number != 0);
        if numbered && matches!(rule.frequency, Frequency::Daily | Frequency::Weekly) {
            return Err("a number before a day needs FREQ=MONTHLY or YEARLY".to_owned());
        }
        if rule.count.is_some() && rule.until.is_some() {
            return Err("COUNT and UNTIL cannot both stand in it".to_owned());
        }
        let chosen = ["BYDAY", "BYMONTHDAY", "BYMONTH"];
        if seen.contains("BYSETPOS") && !chosen.iter().any(|key| seen.contains(key)) {
            return Err("BYSETPOS picks from days that another BY... part gives".to_owned());
        }
        Ok(rule)
    }

    /// The last day on which it may come.
    pub(crate) fn until(&self) -> Option<Date> {
        self.until
    }

    /// Takes one part in. `None`: no such key; `false`: a value that does not fit it.
    fn part(&mut self, key: &str, value: &str) -> Option<bool> {
        let within = |number: u32| (1..=1000).contains(&number);
        let done = match key {
            "INTERVAL" => {
                self.interval = value.parse().ok().filter(|n| within(*n)).unwrap_or(0);
                self.interval > 0
            }
            "COUNT" => {
                self.count = value.parse().ok().filter(|n| *n > 0);
                self.count.is_some()
            }
            "UNTIL" => {
                self.until = until(value);
                self.until.is_some()
            }
            "WKST" => weekday(value).is_some_and(|day| {
                self.week_start = day;
                true
            }),
            "BYDAY" => by_day(value).is_some_and(|days| {
                self.by_day = days;
                true
            }),
            "BYMONTHDAY" => numbers(value, 31).is_some_and(|days| {
                self.by_month_day = days;
                true
            }),
            "BYMONTH" => numbers::<i8>(value, 12).is_some_and(|months| {
                self.by_month = months;
                self.by_month.iter().all(|month| *month > 0)
            }),
            "BYSETPOS" => numbers(value, 366).is_some_and(|positions| {
                self.by_set_pos = positions;
                true
            }),
            _ => return None,
        };
        Some(done)
    }
}

fn by_day(text: &str) -> Option<Vec<(i8, Weekday)>> {
    text.split(',')
        .map(|part| {
            let at = part.len().checked_sub(2)?;
            let (number, name) = part.is_char_boundary(at).then(|| part.split_at(at))?;
            let number = if number.is_empty() {
                0
            } else {
                number
                    .parse()
                    .ok()
                    .filter(|n: &i8| *n != 0 && n.abs() <= 53)?
            };
            Some((number, weekday(name)?))
        })
        .collect()
}

/// `20251231` or `20251231T235959Z`; the time is not used.
fn until(text: &str) -> Option<Date> {
    let digits = text.split('T').next()?;
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    if digits.len() != 8 {
        return None;
    }
    let narrow = |n: Option<i16>| n.and_then(|n| i8::try_from(n).ok());
    Date::new(part(0..4)?, narrow(part(4..6))?, narrow(part(6..8))?)
}

fn last_day(day: Date) -> i8 {
    day.0.days_in_month()
}

fn month(year: i16, number: i8) -> Vec<Date> {
    let mut days = Vec::with_capacity(31);
    days.extend((1..=31).filter_map(|day| Date::new(year, number, day)));
    days
}

impl FromStr for Rule {
    type Err = RuleError;
    fn from_str(text: &str) -> Result<Self, RuleError> {
        Self::read(text).map_err(|detail| RuleError {
            text: text.chars().take(80).collect(),
            detail,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
