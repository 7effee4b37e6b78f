//! Exact lengths of time. Calendar lengths (months, business days) belong to the plan's calendar.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, zero to 584 years, exact to the nanosecond. Text form: `1h30m`, `250ms`, `1.5s`.
///
/// A day is 24 hours and a week is 7 days; what depends on a calendar is not a span.
///
/// ```
/// use phasegate_core::Span;
/// let bake: Span = "1h30m".parse()?;
/// assert_eq!(bake, Span::from_secs(5400));
/// assert_eq!(bake.to_string(), "1h30m");
/// # Ok::<(), phasegate_core::SpanError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    nanos: u64,
}

/// Why a text is no [`Span`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpanError {
    /// Not of the form `1h30m`.
    #[error(
        "'{text}' is not a length of time: write 90s, 1h30m or 250ms (units w d h m s ms us ns)"
    )]
    Invalid {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// Longer than 584 years.
    #[error("'{text}' is longer than 584 years")]
    TooLong {
        /// The text, shortened to 80 characters.
        text: String,
    },
}

const UNITS: [(&str, u64); 8] = [
    ("w", 7 * 86_400_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self { nanos: 0 };
    /// The longest span, about 584 years.
    pub const MAX: Self = Self { nanos: u64::MAX };

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }

    /// So many milliseconds; clamped at [`Span::MAX`].
    pub const fn from_millis(millis: u64) -> Self {
        Self {
            nanos: millis.saturating_mul(1_000_000),
        }
    }

    /// So many seconds; clamped at [`Span::MAX`].
    pub const fn from_secs(secs: u64) -> Self {
        Self {
            nanos: secs.saturating_mul(1_000_000_000),
        }
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.nanos
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.nanos / 1_000_000
    }

    /// Seconds as a float: for display and statistics.
    pub fn as_secs_f64(self) -> f64 {
        self.to_duration().as_secs_f64()
    }

    /// As the standard library's type.
    pub const fn to_duration(self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Is it zero?
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Sum, clamped at [`Span::MAX`].
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
        }
    }

    /// Difference, zero where it would be negative.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_sub(other.nanos),
        }
    }

    /// So many times this span, clamped at [`Span::MAX`].
    #[must_use]
    pub const fn saturating_mul(self, times: u64) -> Self {
        Self {
            nanos: self.nanos.saturating_mul(times),
        }
    }

    /// As near as a person reads it in a sentence: from a day on to the hour, from an hour on to the
    /// minute, from ten seconds on to the second, from one on to the tenth, below that to the whole
    /// millisecond, microsecond or nanosecond. Halves go up.
    ///
    /// ```
    /// use phasegate_core::Span;
    /// let measured: Span = "203ms747us514ns".parse()?;
    /// assert_eq!(measured.rounded().to_string(), "204ms");
    /// # Ok::<(), phasegate_core::SpanError>(())
    /// ```
    #[must_use]
    pub const fn rounded(self) -> Self {
        let step = match self.nanos {
            DAY_NANOS.. => HOUR_NANOS,
            HOUR_NANOS.. => MINUTE_NANOS,
            10_000_000_000.. => 1_000_000_000,
            1_000_000_000.. => 100_000_000,
            1_000_000.. => 1_000_000,
            1_000.. => 1_000,
            0.. => 1,
        };
        let whole = self.nanos / step;
        let up = self.nanos % step >= step.div_ceil(2);
        Self {
            nanos: if up && step > 1 {
                whole.saturating_add(1).saturating_mul(step)
            } else {
                whole * step
            },
        }
    }
}

const MINUTE_NANOS: u64 = 60_000_000_000;
const HOUR_NANOS: u64 = 60 * MINUTE_NANOS;
const DAY_NANOS: u64 = 24 * HOUR_NANOS;

impl From<Duration> for Span {
    /// Clamped at [`Span::MAX`].
    fn from(duration: Duration) -> Self {
        Self {
            nanos: u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

impl From<Span> for Duration {
    fn from(span: Span) -> Self {
        span.to_duration()
    }
}

/// Reads one `12.5h` off the front: nanoseconds and the rest of the text.
fn component(text: &str) -> Option<(u128, &str)> {
    let number_len = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(number_len);
    let unit_len = rest
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(unit_len);
    let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) || fraction.len() > 18 {
        return None;
    }
    let mut nanos = whole
        .parse::<u128>()
        .ok()?
        .checked_mul(u128::from(*scale))?;
    if !fraction.is_empty() {
        let ten = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let part = fraction
            .parse::<u128>()
            .ok()?
            .checked_mul(u128::from(*scale))?;
        if part % ten != 0 {
            return None;
        }
        nanos = nanos.checked_add(part / ten)?;
    }
    Some((nanos, rest))
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let short = || text.chars().take(80).collect::<String>();
        if text == "0" {
            return Ok(Self::ZERO);
        }
        let (mut rest, mut total) = (text, 0u128);
        loop {
            let Some((nanos, tail)) = component(rest) else {
                return Err(SpanError::Invalid { text: short() });
            };
            total = total.saturating_add(nanos);
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
        match u64::try_from(total) {
            Ok(nanos) => Ok(Self { nanos }),
            Err(_) => Err(SpanError::TooLong { text: short() }),
        }
    }
}

/// Weeks are not used for printing: `10d` says more than `1w3d`.
impl Span {
    fn written(self, out: &mut impl fmt::Write) -> fmt::Result {
        let mut left = self.nanos;
        for (name, scale) in UNITS.into_iter().skip(1) {
            if left >= scale {
                write!(out, "{}{name}", left / scale)?;
                left %= scale;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return f.pad("0s");
        }
        if f.width().is_none() && f.precision().is_none() {
            return self.written(f);
        }
        let mut text = String::new();
        self.written(&mut text)?;
        f.pad(&text)
    }
}

impl TryFrom<String> for Span {
    type Error = SpanError;
    fn try_from(text: String) -> Result<Self, SpanError> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_in_sentences_are_rounded_to_what_a_person_reads() {
        for (text, read) in [
            ("0s", "0s"),
            ("3ns", "3ns"),
            ("1us499ns", "1us"),
            ("203ms747us514ns", "204ms"),
            ("999ms500us", "1s"),
            ("3s204ms", "3s200ms"),
            ("14s501ms", "15s"),
            ("4m59s999ms", "5m"),
            ("5m", "5m"),
            ("1h2m30s", "1h3m"),
            ("10d5h29m", "10d5h"),
        ] {
            let span: Span = text.parse().expect(text);
            assert_eq!(span.rounded().to_string(), read, "{text}");
        }
        assert_eq!(Span::MAX.rounded().rounded(), Span::MAX.rounded());
    }

    #[test]
    fn lengths_are_read_exactly() {
        for (text, nanos) in [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("1.5s", Some(1_500_000_000)),
            ("2w", Some(1_209_600_000_000_000)),
            ("1h30m", Some(5_400_000_000_000)),
            ("0.5ns", None),
            ("5", None),
            ("m", None),
            ("1.s", None),
            ("-1s", None),
            ("1 h", None),
            ("9999999w", None),
            ("1mo", None),
        ] {
            assert_eq!(
                text.parse::<Span>().ok().map(Span::as_nanos),
                nanos,
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_span_reads_back_as_it_prints(nanos: u64) {
            let span = Span::from_nanos(nanos);
            prop_assert_eq!(span.to_string().parse::<Span>(), Ok(span));
        }
    }
}
