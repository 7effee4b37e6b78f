//! Dates, times of day and days of the week: civil time, of no zone.

use std::fmt;
use std::str::FromStr;

use jiff::civil;

/// A text that is no date, time of day or range of them.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not {wanted}")]
pub struct CivilError {
    text: String,
    wanted: &'static str,
}

impl CivilError {
    pub(super) fn new(text: &str, wanted: &'static str) -> Self {
        Self {
            text: text.chars().take(80).collect(),
            wanted,
        }
    }
}

/// A day of the calendar, from year -9999 to 9999. Text form: `2025-09-16`.
///
/// ```
/// use phasegate_plan::calendar::{Date, Weekday};
/// let date: Date = "2025-09-13".parse()?;
/// assert_eq!(date.weekday(), Weekday::Saturday);
/// assert_eq!(date.plus_days(2).to_string(), "2025-09-15");
/// # Ok::<(), phasegate_plan::calendar::CivilError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Date(pub(super) civil::Date);

impl Date {
    /// From year, month (1 to 12) and day (1 to 31); `None` if there is no such day.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The day of the week.
    pub fn weekday(self) -> Weekday {
        Weekday::of(self.0.weekday())
    }

    /// So many days later, or earlier if negative; clamped at the ends of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let span = jiff::Span::new().try_days(days);
        let moved = span.and_then(|span| self.0.checked_add(span));
        Self(moved.unwrap_or(if days < 0 {
            civil::Date::MIN
        } else {
            civil::Date::MAX
        }))
    }

    /// Days from the other date to this one; negative if it is later.
    pub fn days_since(self, other: Self) -> i64 {
        let span = other.0.until(self.0);
        span.map_or(0, |span| i64::from(span.get_days()))
    }
}

impl FromStr for Date {
    type Err = CivilError;
    fn from_str(text: &str) -> Result<Self, CivilError> {
        let wrong = || CivilError::new(text, "a date such as 2025-09-16");
        let mut parts = text.splitn(3, '-');
        let mut part = |len: usize| -> Result<i16, CivilError> {
            let digits = parts.next().ok_or_else(wrong)?;
            let shaped = digits.len() == len && digits.bytes().all(|b| b.is_ascii_digit());
            if !shaped {
                return Err(wrong());
            }
            digits.parse().ok().ok_or_else(wrong)
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let narrow = |n: i16| i8::try_from(n).ok().ok_or_else(wrong);
        Self::new(year, narrow(month)?, narrow(day)?).ok_or_else(wrong)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A time of the day, exact to the minute, from 00:00 to 24:00. Text form: `09:00`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TimeOfDay {
    minutes: u16,
}

impl TimeOfDay {
    /// The beginning of the day.
    pub const MIDNIGHT: Self = Self { minutes: 0 };
    /// The end of the day: the beginning of the next.
    pub const END: Self = Self { minutes: 24 * 60 };

    /// From hour (0 to 24) and minute; `None` if there is no such time.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let minutes = u16::from(hour) * 60 + u16::from(minute);
        (minute < 60 && minutes <= Self::END.minutes).then_some(Self { minutes })
    }

    /// The hour, 0 to 24.
    pub fn hour(self) -> u8 {
        u8::try_from(self.minutes / 60).unwrap_or(24)
    }

    /// The minute, 0 to 59.
    pub fn minute(self) -> u8 {
        u8::try_from(self.minutes % 60).unwrap_or(0)
    }
}

impl FromStr for TimeOfDay {
    type Err = CivilError;
    fn from_str(text: &str) -> Result<Self, CivilError> {
        let wrong = || CivilError::new(text, "a time of day such as 09:00");
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let number = |digits: &str| -> Result<u8, CivilError> {
            if digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()) {
                digits.parse().ok().ok_or_else(wrong)
            } else {
                Err(wrong())
            }
        };
        Self::new(number(hour)?, number(minute)?).ok_or_else(wrong)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// A stretch of a day. Text form: `09:00-17:00`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TimeRange {
    from: TimeOfDay,
    until: TimeOfDay,
}

impl TimeRange {
    /// From one time until a later one; `None` if it is not later.
    pub fn new(from: TimeOfDay, until: TimeOfDay) -> Option<Self> {
        (from < until).then_some(Self { from, until })
    }

    /// The first moment.
    pub fn from(self) -> TimeOfDay {
        self.from
    }

    /// The first moment after it.
    pub fn until(self) -> TimeOfDay {
        self.until
    }
}

impl FromStr for TimeRange {
    type Err = CivilError;
    fn from_str(text: &str) -> Result<Self, CivilError> {
        let wrong = || CivilError::new(text, "a part of a day such as 09:00-17:00");
        let (from, until) = text.split_once('-').ok_or_else(wrong)?;
        let backwards = || CivilError::new(text, "from an earlier time to a later one of one day");
        Self::new(from.parse()?, until.parse()?).ok_or_else(backwards)
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.until)
    }
}

/// Days from a first to a last, both included. Text form: `2025-09-16..2025-09-30`, or one date.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DateWindow {
    first: Date,
    last: Date,
}

impl DateWindow {
    /// From a first to a last day; `None` if the last is before the first.
    pub fn new(first: Date, last: Date) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The first day.
    pub fn first(self) -> Date {
        self.first
    }

    /// The last day.
    pub fn last(self) -> Date {
        self.last
    }

    /// How many days it has, at least 1.
    pub fn days(self) -> i64 {
        self.last.days_since(self.first) + 1
    }
}

impl FromStr for DateWindow {
    type Err = CivilError;
    fn from_str(text: &str) -> Result<Self, CivilError> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let wrong = || CivilError::new(text, "from an earlier day to a later one");
        Self::new(first.parse()?, last.parse()?).ok_or_else(wrong)
    }
}

impl fmt::Display for DateWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}..{}", self.first, self.last)
        }
    }
}

/// A day of the week, Monday first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a week has seven days")]
#[expect(missing_docs, reason = "their names say all")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All seven, Monday first.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];

    /// The word that stands for it: `monday`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Monday => "monday",
            Self::Tuesday => "tuesday",
            Self::Wednesday => "wednesday",
            Self::Thursday => "thursday",
            Self::Friday => "friday",
            Self::Saturday => "saturday",
            Self::Sunday => "sunday",
        }
    }

    pub(super) fn of(day: civil::Weekday) -> Self {
        match day {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        }
    }

    /// Days after Monday, 0 to 6.
    pub fn days_after_monday(self) -> u8 {
        match self {
            Self::Monday => 0,
            Self::Tuesday => 1,
            Self::Wednesday => 2,
            Self::Thursday => 3,
            Self::Friday => 4,
            Self::Saturday => 5,
            Self::Sunday => 6,
        }
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Weekday {
    type Err = CivilError;
    fn from_str(text: &str) -> Result<Self, CivilError> {
        Self::ALL
            .into_iter()
            .find(|day| day.as_str() == text)
            .ok_or_else(|| CivilError::new(text, "a day of the week such as monday"))
    }
}
