//! The range of magnitudes that get buckets: the bound of a histogram's memory.

use crate::{error::ConfigError, histogram::classes::Class, mapping::Mapping};

/// From which to which magnitude values get buckets of their own.
///
/// The range bounds the memory, and it does not depend on the order of the values, so merging stays
/// associative. What lies outside is counted in [`Classes`](crate::Classes) and keeps its rank; only
/// its value is then known as an interval.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Range {
    pub(crate) first: u32,
    pub(crate) last: u32,
}

impl Range {
    /// The bounds used unless others are given: they hold nanoseconds as well as seconds, up to
    /// the greatest `u64`, and at 64 buckets per octave they bound the counters at 33 KiB.
    const LOWEST: f64 = f64::from_bits((1023 - 64) << 52);
    const HIGHEST: f64 = f64::from_bits((1023 + 64) << 52);

    pub(crate) fn new<M: Mapping>(
        mapping: &M,
        lowest: f64,
        highest: f64,
    ) -> Result<Self, ConfigError> {
        if !(lowest.is_normal() && highest.is_normal() && 0.0 < lowest && lowest <= highest) {
            return Err(ConfigError::Range);
        }
        Ok(Self {
            first: mapping.key(lowest),
            last: mapping.key(highest),
        })
    }

    /// The default range in a mapping's keys.
    pub(crate) fn of<M: Mapping>(mapping: &M) -> Self {
        Self {
            first: mapping.key(Self::LOWEST),
            last: mapping.key(Self::HIGHEST),
        }
    }

    /// Whether a key is in range.
    #[inline(always)]
    pub(crate) fn holds(self, key: u32) -> bool {
        key.wrapping_sub(self.first) <= self.last - self.first
    }

    /// What kind of input a value is.
    pub(crate) fn classify<M: Mapping>(self, mapping: &M, value: f64) -> Class {
        let magnitude = value.abs();
        let negative = value < 0.0;
        let pick = |positive, mirrored| if negative { mirrored } else { positive };
        if value.is_nan() {
            Class::NotANumber
        } else if magnitude == f64::INFINITY {
            pick(Class::Infinite, Class::NegativeInfinite)
        } else if magnitude == 0.0 {
            Class::Zero
        } else if magnitude < f64::MIN_POSITIVE {
            pick(Class::Subnormal, Class::NegativeSubnormal)
        } else {
            let key = mapping.key(magnitude);
            if key < self.first {
                pick(Class::Underflow, Class::NegativeUnderflow)
            } else if key > self.last {
                pick(Class::Overflow, Class::NegativeOverflow)
            } else {
                pick(Class::Positive(key), Class::Negative(key))
            }
        }
    }
}
