//! A fault of the caller: a configuration that cannot be meant. Never weather.

use core::fmt;

/// A value that was asked for and cannot be. Returned when something is built, never by a call.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, Misuse};
///
/// let nothing = Breaker::new(BreakerConfig::default().no_failure_rate());
/// assert_eq!(nothing.expect_err("no condition"), Misuse::NoCondition);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Misuse {
    /// A list of delays has no element.
    EmptyList,
    /// A growth factor below one or not finite.
    FactorOutOfRange,
    /// Nothing that could ever trip the breaker is configured.
    NoCondition,
    /// A text that is no duration such as `1m30s`.
    NoDuration,
    /// More half-open calls than the state word can count (1023).
    PermitsOutOfRange,
    /// A share outside 0..=1.
    RateOutOfRange,
    /// As many keys as a registry may hold are in it.
    TooManyKeys,
    /// A window without size, without slots or with more than the implementation can hold.
    WindowOutOfRange,
    /// A count or duration that must not be zero.
    Zero,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmptyList => "a list of delays needs at least one",
            Self::FactorOutOfRange => "a growth factor must be finite and at least one",
            Self::NoCondition => "a breaker needs at least one condition",
            Self::NoDuration => "a duration is written like 1m30s or 250ms",
            Self::PermitsOutOfRange => "half-open calls must be between 1 and 1023",
            Self::RateOutOfRange => "a rate must lie between 0 and 1",
            Self::TooManyKeys => "the registry holds as many keys as it may",
            Self::WindowOutOfRange => "a window must have a size within its limits",
            Self::Zero => "a count or duration must be more than zero",
        })
    }
}

impl core::error::Error for Misuse {}
