//! Moments of civil time, in UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Span;

/// A moment in UTC with nanosecond precision. Text form: RFC 3339, always with `Z`.
///
/// Use it to wait and to show, never to order what two machines did.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// let noon: Timestamp = "2026-09-16T12:00:00Z".parse()?;
/// assert_eq!((noon + Span::from_secs(90)).to_string(), "2026-09-16T12:01:30Z");
/// # Ok::<(), phasegate_core::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(jiff::Timestamp);

/// Why a text is no [`Timestamp`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not a moment such as 2026-09-16T12:00:00Z")]
pub struct TimestampError {
    text: String,
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// From milliseconds since the epoch; clamped to the years -9999 to 9999.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(
            jiff::Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            }),
        )
    }

    /// Milliseconds since the epoch, rounded towards it.
    pub fn as_unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        let nanos = self
            .0
            .as_nanosecond()
            .saturating_sub(earlier.0.as_nanosecond());
        u64::try_from(nanos).map_or(
            if nanos < 0 { Span::ZERO } else { Span::MAX },
            Span::from_nanos,
        )
    }

    /// This moment less a span; clamped at the earliest moment.
    #[must_use]
    pub fn before(self, span: Span) -> Self {
        let (seconds, nanos) = parts(span);
        moment(
            self.0.as_second() - seconds,
            self.0.subsec_nanosecond() - nanos,
        )
        .map_or(Self(jiff::Timestamp::MIN), Self)
    }
}

/// Nanoseconds of a second.
const NANOS: i32 = 1_000_000_000;

/// That moment, if there is one; the nanoseconds may be up to two seconds either way.
fn moment(seconds: i64, nanos: i32) -> Option<jiff::Timestamp> {
    let seconds = seconds + i64::from(nanos.div_euclid(NANOS));
    jiff::Timestamp::new(seconds, nanos.rem_euclid(NANOS)).ok()
}

/// Whole seconds, 584 years at most, and the nanoseconds that are left.
fn parts(span: Span) -> (i64, i32) {
    let second = u64::from(NANOS.unsigned_abs());
    let seconds = span.as_nanos() / second;
    let nanos = i32::try_from(span.as_nanos() % second).unwrap_or_default();
    (seconds.cast_signed(), nanos)
}

/// Clamped at the latest moment.
impl std::ops::Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        let (seconds, nanos) = parts(span);
        moment(
            self.0.as_second() + seconds,
            self.0.subsec_nanosecond() + nanos,
        )
        .map_or(Self(jiff::Timestamp::MAX), Self)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        match text.parse() {
            Ok(moment) => Ok(Self(moment)),
            Err(_) => Err(TimestampError {
                text: text.chars().take(80).collect(),
            }),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;
    fn try_from(text: String) -> Result<Self, TimestampError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(moment: Timestamp) -> String {
        moment.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn arithmetic_clamps_and_never_panics() {
        let late = Timestamp::from_unix_millis(i64::MAX);
        let early = Timestamp::from_unix_millis(i64::MIN);
        assert_eq!(late + Span::MAX, late);
        assert_eq!(early.before(Span::MAX), early);
        assert_eq!(early.since(late), Span::ZERO);
        assert_eq!(
            Timestamp::from_unix_millis(1_500).since(Timestamp::EPOCH),
            Span::from_millis(1_500)
        );
    }

    proptest! {
        /// Steps agree with jiff's own arithmetic, before 1970 and at both ends too.
        #[test]
        fn steps_are_those_of_the_calendar(
            from in prop_oneof![
                -3_000_000_000_000_000_000_i128..3_000_000_000_000_000_000,
                jiff::Timestamp::MIN.as_nanosecond()..=jiff::Timestamp::MAX.as_nanosecond(),
                Just(jiff::Timestamp::MIN.as_nanosecond()),
                Just(jiff::Timestamp::MAX.as_nanosecond()),
            ],
            nanos in prop_oneof![0_u64..3_000_000_000, any::<u64>()],
        ) {
            let from = jiff::Timestamp::from_nanosecond(from).expect("within the calendar");
            let span = Span::from_nanos(nanos);
            let step = jiff::SignedDuration::try_from(span.to_duration()).expect("584 years");
            let later = from.checked_add(step).unwrap_or(jiff::Timestamp::MAX);
            let earlier = from.checked_sub(step).unwrap_or(jiff::Timestamp::MIN);
            prop_assert_eq!(Timestamp(from) + span, Timestamp(later));
            prop_assert_eq!(Timestamp(from).before(span), Timestamp(earlier));
        }
    }

    #[test]
    fn text_is_rfc_3339() {
        assert!("2026-09-16".parse::<Timestamp>().is_err());
        let moment: Timestamp = "2026-09-16T14:00:00+02:00".parse().expect("a moment");
        assert_eq!(moment.to_string(), "2026-09-16T12:00:00Z");
    }
}
