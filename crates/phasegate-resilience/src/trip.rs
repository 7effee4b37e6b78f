//! Why a breaker opened, with the numbers that decided it.

use core::fmt;

/// The condition that opened a breaker.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Condition {
    /// The share of failures reached its threshold.
    FailureRate,
    /// The share of slow calls reached its threshold.
    SlowRate,
    /// So many failures in a row.
    Consecutive,
    /// The probes failed.
    Probes,
    /// The probes did not come back in time.
    ProbesLost,
    /// A server said when to come back, and the breaker was told to open for that.
    ServerHint,
    /// By hand, or from a saved state, or because others reported it.
    Manual,
    /// So many failures in the window, whatever their share.
    FailureCount,
}

/// The last trip: the condition and its numbers.
///
/// For rates `count` of `of` calls; for a run `count` failures of `of` needed.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, Condition, Tick, Trip};
///
/// let breaker = Breaker::new(BreakerConfig::default().consecutive_failures(2))?;
/// for _ in 0..2 {
///     breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("closed").failure(&Tick::ZERO);
/// }
/// let trip: Trip = breaker.explain(&Tick::ZERO).trip.expect("it tripped");
/// assert_eq!((trip.condition, trip.count), (Condition::Consecutive, 2));
/// assert_eq!(trip.to_string(), "2 failures in a row");
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Trip {
    /// Which condition.
    pub condition: Condition,
    /// How many calls spoke for opening, at most 2^30 - 1.
    pub count: u32,
    /// Of how many, at most 2^30 - 1.
    pub of: u32,
}

#[cfg(any(feature = "std", feature = "spin"))]
const COUNT_BITS: u32 = 30;
#[cfg(any(feature = "std", feature = "spin"))]
const COUNT_MAX: u32 = (1 << COUNT_BITS) - 1;

#[cfg(any(feature = "std", feature = "spin"))]
impl Trip {
    pub(crate) fn new(condition: Condition, count: u64, of: u64) -> Self {
        let narrow = |n: u64| u32::try_from(n).unwrap_or(COUNT_MAX).min(COUNT_MAX);
        Self {
            condition,
            count: narrow(count),
            of: narrow(of),
        }
    }

    /// In one word, so that a rejection reads it without a lock. Zero is "never tripped".
    pub(crate) fn pack(self) -> u64 {
        let condition: u64 = match self.condition {
            Condition::FailureRate => 1,
            Condition::SlowRate => 2,
            Condition::Consecutive => 3,
            Condition::Probes => 4,
            Condition::ProbesLost => 5,
            Condition::ServerHint => 6,
            Condition::Manual => 7,
            Condition::FailureCount => 8,
        };
        condition | (u64::from(self.count) << 4) | (u64::from(self.of) << 34)
    }

    pub(crate) fn unpack(word: u64) -> Option<Self> {
        let condition = match word & 0xf {
            1 => Condition::FailureRate,
            2 => Condition::SlowRate,
            3 => Condition::Consecutive,
            4 => Condition::Probes,
            5 => Condition::ProbesLost,
            6 => Condition::ServerHint,
            7 => Condition::Manual,
            8 => Condition::FailureCount,
            _ => return None,
        };
        let narrow = |n: u64| u32::try_from(n & u64::from(COUNT_MAX)).unwrap_or(COUNT_MAX);
        Some(Self {
            condition,
            count: narrow(word >> 4),
            of: narrow(word >> 34),
        })
    }
}

impl fmt::Display for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, of) = (self.count, self.of);
        match self.condition {
            Condition::FailureRate | Condition::FailureCount => {
                write!(f, "{count} of {of} calls failed")
            }
            Condition::SlowRate => write!(f, "{count} of {of} calls were slow"),
            Condition::Consecutive => write!(f, "{count} failures in a row"),
            Condition::Probes => write!(f, "{count} of {of} probes failed or were slow"),
            Condition::ProbesLost => write!(f, "probes did not come back, {count} of {of} did"),
            Condition::ServerHint => f.write_str("the server said when to come back"),
            Condition::Manual => f.write_str("opened by request"),
        }
    }
}

#[cfg(all(test, any(feature = "std", feature = "spin")))]
mod tests {
    use super::*;

    #[test]
    fn a_packed_trip_unpacks_to_itself() {
        let all = [
            Condition::FailureRate,
            Condition::SlowRate,
            Condition::Consecutive,
            Condition::Probes,
            Condition::ProbesLost,
            Condition::ServerHint,
            Condition::Manual,
            Condition::FailureCount,
        ];
        for condition in all {
            for (count, of) in [(0, 0), (1, 2), (COUNT_MAX, COUNT_MAX), (5, COUNT_MAX)] {
                let trip = Trip {
                    condition,
                    count,
                    of,
                };
                assert_eq!(Trip::unpack(trip.pack()), Some(trip));
            }
        }
        assert_eq!(Trip::unpack(0), None);
        assert_eq!(Trip::new(Condition::Probes, u64::MAX, 3).count, COUNT_MAX);
    }
}
