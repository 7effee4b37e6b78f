//! `Retry-After` and HTTP dates (RFC 9110, 5.6.7), as text, without a clock.

use core::time::Duration;

use crate::call::Hint;

/// The value of a `Retry-After` header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the header has two forms")]
pub enum RetryAfter {
    /// So long after the answer.
    Seconds(u64),
    /// Not before this date, on the server's clock.
    Date(HttpDate),
}

impl RetryAfter {
    /// Reads either form; `None` for anything else.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::{HttpDate, RetryAfter};
    ///
    /// assert_eq!(RetryAfter::parse("120"), Some(RetryAfter::Seconds(120)));
    /// let answered = HttpDate::parse("Sun, 06 Nov 1994 08:49:37 GMT");
    /// let until = RetryAfter::parse("Sun, 06 Nov 1994 08:50:07 GMT").unwrap();
    /// assert_eq!(until.wait(answered), Some(Duration::from_secs(30)));
    /// ```
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            // More digits than fit mean longer than anyone waits.
            return Some(Self::Seconds(value.parse().unwrap_or(u64::MAX)));
        }
        HttpDate::parse(value).map(Self::Date)
    }

    /// How long to wait from the moment of the answer. `now` is the answer's own `Date` if it had
    /// one, else the local wall clock as the caller read it. A date needs it; one in the past means
    /// no wait.
    pub fn wait(self, now: Option<HttpDate>) -> Option<Duration> {
        match self {
            Self::Seconds(seconds) => Some(Duration::from_secs(seconds)),
            Self::Date(date) => now.map(|now| {
                Duration::from_secs(date.epoch_seconds.saturating_sub(now.epoch_seconds))
            }),
        }
    }

    /// The same as a [`Hint`]: nothing when a date has nothing to be compared with.
    pub fn hint(self, now: Option<HttpDate>) -> Hint {
        self.wait(now).map_or(Hint::None, Hint::After)
    }
}

impl Hint {
    /// What a gRPC server said in `grpc-retry-pushback-ms`: negative or unreadable means never.
    pub fn from_grpc_pushback(value: &str) -> Self {
        value.trim().parse::<u64>().map_or(Self::Never, |millis| {
            Self::After(Duration::from_millis(millis))
        })
    }
}

/// A date as HTTP writes it, to the second. Years 1970 to 9999.
///
/// ```
/// use phasegate_resilience::HttpDate;
///
/// let date = HttpDate::parse("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
/// assert_eq!(date.epoch_seconds(), 784_111_777);
/// assert_eq!(HttpDate::parse("yesterday"), None);
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HttpDate {
    epoch_seconds: u64,
}

impl HttpDate {
    /// The date so many seconds after 1970-01-01T00:00:00Z.
    pub const fn from_epoch_seconds(epoch_seconds: u64) -> Self {
        Self { epoch_seconds }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn epoch_seconds(self) -> u64 {
        self.epoch_seconds
    }

    /// Reads the three forms of RFC 9110: `Sun, 06 Nov 1994 08:49:37 GMT`,
    /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. A two-digit year below 70
    /// is of this century. The name of the day is not checked against the date.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Some((day_name, rest)) = value.split_once(", ") {
            if !is_day_name(day_name) {
                return None;
            }
            let rest = rest.strip_suffix(" GMT")?;
            let (date, time) = rest.rsplit_once(' ')?;
            let separator = if date.contains('-') { '-' } else { ' ' };
            let mut parts = date.split(separator);
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            if parts.next().is_some() {
                return None;
            }
            return Self::from_parts(year, month, day, time);
        }
        let mut parts = value.split_ascii_whitespace();
        let (day_name, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let (time, year) = (parts.next()?, parts.next()?);
        if parts.next().is_some() || !is_day_name(day_name) {
            return None;
        }
        Self::from_parts(year, month, day, time)
    }

    fn from_parts(year: &str, month: &str, day: &str, time: &str) -> Option<Self> {
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let month = u64::try_from(months.iter().position(|name| *name == month)?).ok()? + 1;
        let year = match (year.len(), number(year)?) {
            (4, year) if year >= 1970 => year,
            (2, year) if year >= 70 => 1900 + year,
            (2, year) => 2000 + year,
            _ => return None,
        };
        let day = number(day)?;
        if day == 0 || day > days_in(year, month) {
            return None;
        }
        let mut parts = time.split(':');
        let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
        let second = number(parts.next()?)?;
        // A leap second is read as the second after it.
        if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_before(year, month) + day - 1;
        Some(Self {
            epoch_seconds: days * 86_400 + hour * 3_600 + minute * 60 + second,
        })
    }
}

fn is_day_name(name: &str) -> bool {
    let full = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    full.iter()
        .any(|day| name == *day || day.get(..3) == Some(name))
}

fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of the month. At most 12 steps beyond the leap-year formula.
fn days_before(year: u64, month: u64) -> u64 {
    let before = year - 1;
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(before) - leaps(1969);
    years + (1..month).map(|month| days_in(year, month)).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_of_a_date_are_read() {
        let rows: &[(&str, Option<u64>)] = &[
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Thu, 29 Feb 2024 23:59:60 GMT", Some(1_709_251_200)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Fri, 01 Mar 2030 00:00:00 GMT", Some(1_898_553_600)),
            ("Thu, 30 Feb 2024 00:00:00 GMT", None),
            ("Wed, 29 Feb 2023 00:00:00 GMT", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Foo, 06 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 06 Nov 1969 08:49:37 GMT", None),
            ("", None),
            ("yesterday", None),
        ];
        for &(text, seconds) in rows {
            assert_eq!(
                HttpDate::parse(text).map(HttpDate::epoch_seconds),
                seconds,
                "{text}"
            );
        }
    }

    #[test]
    fn a_retry_after_that_cannot_be_read_says_nothing_and_a_huge_one_is_long() {
        for bad in ["-1", "1.5", "soon", "", "1e3"] {
            assert_eq!(RetryAfter::parse(bad), None, "{bad}");
        }
        let huge = RetryAfter::parse("99999999999999999999999");
        assert_eq!(huge, Some(RetryAfter::Seconds(u64::MAX)));
        assert_eq!(Hint::from_grpc_pushback("-1"), Hint::Never);
        assert_eq!(Hint::from_grpc_pushback("x"), Hint::Never);
        assert_eq!(
            Hint::from_grpc_pushback("15"),
            Hint::After(Duration::from_millis(15))
        );
    }
}
