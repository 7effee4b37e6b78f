//! Cron expressions of five fields, in a time zone.

use std::fmt;
use std::str::FromStr;

use phasegate_core::Timestamp;

use super::{Date, TimeOfDay, Zone};

/// A cron expression: minute, hour, day of month, month, day of week. Names of months and days, lists,
/// ranges and steps are read; `@daily` and its like too. As in Vixie cron, a day fits if either the day
/// of the month or the day of the week does, when both are restricted.
///
/// ```
/// use phasegate_plan::calendar::{Cron, Zone};
/// let cron: Cron = "0 */4 * * *".parse()?;
/// let next = cron.next_after("2025-09-16T05:00:00Z".parse()?, &Zone::utc());
/// assert_eq!(next, Some("2025-09-16T08:00:00Z".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cron {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    any_day: bool,
    any_weekday: bool,
}

/// Why a text is no cron expression.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not a cron expression of five fields: {detail}")]
pub struct CronError {
    text: String,
    detail: String,
}

/// A field's name, its least and most, and names for its values.
struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        least: 0,
        most: 59,
        words: &[],
    },
    Field {
        name: "hour",
        least: 0,
        most: 23,
        words: &[],
    },
    Field {
        name: "day of the month",
        least: 1,
        most: 31,
        words: &[],
    },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

impl Field {
    fn value(&self, text: &str) -> Option<u32> {
        let lower = text.to_ascii_lowercase();
        let word = self.words.iter().position(|word| *word == lower);
        let number = match word {
            Some(index) => u32::try_from(index).ok()? + self.least,
            None if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok()?
            }
            None => return None,
        };
        (self.least..=self.most).contains(&number).then_some(number)
    }

    /// The values that a field allows, as bits.
    fn bits(&self, text: &str) -> Option<u64> {
        let mut bits = 0u64;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step.parse::<u32>().ok()?)),
                None => (part, None),
            };
            let (low, high) = match range.split_once('-') {
                _ if range == "*" => (self.least, self.most),
                Some((low, high)) => (self.value(low)?, self.value(high)?),
                // `5/10` runs to the end, `5` stands alone.
                None if step.is_some() => (self.value(range)?, self.most),
                None => (self.value(range)?, self.value(range)?),
            };
            // Sunday ends the week too: `fri-sun`.
            let high = if self.most == 7 && high == 0 && low > 0 {
                7
            } else {
                high
            };
            let step = step.unwrap_or(1);
            if step == 0 || high < low {
                return None;
            }
            let mut at = low;
            while at <= high {
                bits |= 1 << at;
                at += step;
            }
        }
        Some(bits)
    }
}

/// How far the search for a next time goes: 29 February on one day of the week comes every 28 years,
/// 40 across a year like 2100.
const SEARCH_DAYS_MAX: i64 = 366 * 41;

impl Cron {
    /// The expression as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// After how many days all its times come again, where that is a day or a week.
    pub(super) fn days_between(&self) -> Option<u64> {
        let all = |bits: u64, from: u32, to: u32| (from..=to).all(|at| bits & (1 << at) != 0);
        let each_week = all(self.days, 1, 31) && all(self.months, 1, 12);
        each_week.then_some(if all(self.weekdays, 0, 6) { 1 } else { 7 })
    }

    /// Does a day fit?
    pub fn fits(&self, date: Date) -> bool {
        let has = |bits: u64, at: u32| bits & (1 << at) != 0;
        let month = u32::from(date.month().unsigned_abs());
        let day = has(self.days, u32::from(date.day().unsigned_abs()));
        // Sunday is 0 and 7.
        let number = (u32::from(date.weekday().days_after_monday()) + 1) % 7;
        let weekday = has(self.weekdays, number) || (number == 0 && has(self.weekdays, 7));
        let fits = match (self.any_day, self.any_weekday) {
            (true, true) => true,
            (true, false) => weekday,
            (false, true) => day,
            (false, false) => day || weekday,
        };
        has(self.months, month) && fits
    }

    /// The first time after a moment, to the minute, as clocks of the zone show it. A time that the
    /// clocks skip counts as so much later; one that they show twice counts once. `None` if it never
    /// comes.
    pub fn next_after(&self, moment: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let today = zone.date(moment);
        // From the day before: what the clocks skip there may come out today.
        for days in -1..SEARCH_DAYS_MAX {
            let date = today.plus_days(days);
            if !self.fits(date) {
                continue;
            }
            let found = self
                .times()
                .map(|time| zone.moment(date, time))
                .find(|at| *at > moment);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The times of each day that fits, from a day on.
    pub(super) fn coming_since<'a>(
        &'a self,
        start: Date,
        zone: &'a Zone,
    ) -> impl Iterator<Item = Timestamp> + 'a {
        (0..SEARCH_DAYS_MAX)
            .map(move |days| start.plus_days(days))
            .filter(move |date| self.fits(*date))
            .flat_map(move |date| self.times().map(move |time| zone.moment(date, time)))
    }

    /// The same as recurrence rules of RFC 5545, in the zone's own time: one, or two where both the day of the
    /// month and the day of the week are restricted, of which no day fits both.
    ///
    /// ```
    /// use phasegate_plan::calendar::Cron;
    /// let cron: Cron = "30 2 1 * sun".parse()?;
    /// assert_eq!(cron.recurrence_rules(), [
    ///     "FREQ=DAILY;BYMONTHDAY=1;BYHOUR=2;BYMINUTE=30",
    ///     "FREQ=DAILY;BYMONTHDAY=2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,\
    ///      29,30,31;BYDAY=SU;BYHOUR=2;BYMINUTE=30",
    /// ]);
    /// # Ok::<(), phasegate_plan::calendar::CronError>(())
    /// ```
    pub fn recurrence_rules(&self) -> Vec<String> {
        let (days, weekdays) = (list(self.days, 1..=31), self.by_day());
        let others = list(!self.days, 1..=31);
        let month_day = |days: &str| format!(";BYMONTHDAY={days}");
        let choices = match (self.any_day, self.any_weekday) {
            (true, true) => vec![String::new()],
            (true, false) => vec![format!(";BYDAY={weekdays}")],
            (false, true) => vec![month_day(&days)],
            (false, false) if others.is_empty() => vec![month_day(&days)],
            (false, false) => {
                vec![
                    month_day(&days),
                    format!("{};BYDAY={weekdays}", month_day(&others)),
                ]
            }
        };
        let months = list(self.months, 1..=12);
        let months = match self.months.count_ones() {
            12 => String::new(),
            _ => format!(";BYMONTH={months}"),
        };
        let (hours, minutes) = (list(self.hours, 0..=23), list(self.minutes, 0..=59));
        let rule =
            |days: String| format!("FREQ=DAILY{months}{days};BYHOUR={hours};BYMINUTE={minutes}");
        choices.into_iter().map(rule).collect()
    }

    fn by_day(&self) -> String {
        const NAMES: [&str; 8] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let mut names: Vec<&str> = Vec::new();
        for (number, name) in (0u32..).zip(NAMES) {
            if self.weekdays & (1 << number) != 0 && !names.contains(&name) {
                names.push(name);
            }
        }
        names.join(",")
    }

    /// Does it ever come?
    pub fn ever_fires(&self) -> bool {
        self.next_after(Timestamp::EPOCH, &Zone::utc()).is_some()
    }

    fn times(&self) -> impl Iterator<Item = TimeOfDay> {
        let hours = self.hours;
        let minutes = self.minutes;
        (0u8..24)
            .filter(move |hour| hours & (1 << hour) != 0)
            .flat_map(move |hour| {
                (0u8..60)
                    .filter(move |minute| minutes & (1 << minute) != 0)
                    .filter_map(move |minute| TimeOfDay::new(hour, minute))
            })
    }
}

/// The numbers of a range whose bits are set.
fn list(bits: u64, range: std::ops::RangeInclusive<u32>) -> String {
    let numbers = range.filter(|number| bits & (1 << number) != 0);
    let texts: Vec<String> = numbers.map(|number| number.to_string()).collect();
    texts.join(",")
}

impl FromStr for Cron {
    type Err = CronError;
    fn from_str(text: &str) -> Result<Self, CronError> {
        let wrong = |detail: String| CronError {
            text: text.chars().take(80).collect(),
            detail,
        };
        let spelled = match text {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let parts: Vec<&str> = spelled.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(wrong(format!("it has {} fields", parts.len())));
        };
        let mut bits = [0u64; 5];
        for ((slot, field), part) in bits
            .iter_mut()
            .zip(&FIELDS)
            .zip([minute, hour, day, month, weekday])
        {
            *slot = field.bits(part).ok_or_else(|| {
                wrong(format!(
                    "the {} is '{part}', and goes from {} to {}",
                    field.name, field.least, field.most
                ))
            })?;
        }
        let [minutes, hours, days, months, weekdays] = bits;
        Ok(Self {
            text: text.to_owned(),
            minutes,
            hours,
            days,
            months,
            weekdays,
            any_day: day.starts_with('*'),
            any_weekday: weekday.starts_with('*'),
        })
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does a day satisfy a rule? Read anew, from its text alone.
    fn gives(rule: &str, date: Date) -> bool {
        rule.split(';').all(|part| {
            let (key, values) = part.split_once('=').expect("a part");
            let is = |number: i8| values.split(',').any(|one| one == number.to_string());
            match key {
                "BYMONTH" => is(date.month()),
                "BYMONTHDAY" => is(date.day()),
                "BYDAY" => {
                    let day = date.weekday().as_str().to_ascii_uppercase();
                    values.split(',').any(|one| day.starts_with(one))
                }
                _ => true,
            }
        })
    }

    #[test]
    fn as_rules_it_comes_on_the_same_days_and_on_none_twice() {
        let first = Date::new(2027, 1, 1).expect("a day");
        for text in [
            "0 2 * * 0",
            "15,45 */6 * * mon-fri",
            "0 0 1 * *",
            "0 4 13 * fri",
            "0 4 1-31 * fri",
            "@yearly",
            "0 0 29 2 *",
            "5 5 */2 3,9 7",
            "5 5 1-7 * 0-7",
        ] {
            let cron: Cron = text.parse().expect(text);
            let rules = cron.recurrence_rules();
            for date in (0..800).map(|days| first.plus_days(days)) {
                let found = rules.iter().filter(|rule| gives(rule, date)).count();
                assert_eq!(
                    found,
                    usize::from(cron.fits(date)),
                    "{text} on {date}: {rules:?}"
                );
            }
            let times = |key: &str| {
                let part = rules[0].split(';').find_map(|part| part.strip_prefix(key));
                part.expect(key).split(',').count()
            };
            assert_eq!(
                times("BYHOUR=") * times("BYMINUTE="),
                cron.times().count(),
                "{text}"
            );
        }
    }
}
