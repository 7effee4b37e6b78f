//! Gates on a fixed threshold: two integers decide them, and no bucket has a say.
//!
//! "p95 below 300 ms" means that at least 95 % of the values are below 300 ms. Counting those and
//! all is exact, merges by addition and needs sixteen bytes. A gate on a quantile read from a
//! sketch would turn on the bucket error, and on the choice among nine definitions.

use crate::error::{CombineError, ConfigError};

/// A share from 0 to 1 in parts per million: 950 000 is 95 %.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "u32", into = "u32"))]
pub struct Ppm(u32);

impl Ppm {
    /// 1 000 000 parts per million.
    pub const ONE: Self = Self(1_000_000);

    /// A share in parts per million.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Share`] above 1 000 000.
    ///
    /// ```
    /// use phasegate_percentile::Ppm;
    ///
    /// assert!(Ppm::new(999_000).is_ok());
    /// assert!(Ppm::new(1_000_001).is_err());
    /// ```
    pub const fn new(parts: u32) -> Result<Self, ConfigError> {
        if parts <= Self::ONE.0 {
            Ok(Self(parts))
        } else {
            Err(ConfigError::Share)
        }
    }

    /// The parts per million, 0 to 1 000 000.
    #[must_use]
    pub const fn parts(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Ppm {
    type Error = ConfigError;

    fn try_from(parts: u32) -> Result<Self, ConfigError> {
        Self::new(parts)
    }
}

impl From<Ppm> for u32 {
    fn from(share: Ppm) -> Self {
        share.0
    }
}

/// Whether at least `share` of `count` values are among the `below`: `below·10⁶ ≥ share·count`, in
/// integers. `None` without values.
///
/// ```
/// use phasegate_percentile::{Ppm, is_share_reached};
///
/// let p95 = Ppm::new(950_000)?;
/// assert_eq!(is_share_reached(95, 100, p95), Some(true));
/// assert_eq!(is_share_reached(94, 100, p95), Some(false));
/// assert_eq!(is_share_reached(0, 0, p95), None);
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[must_use]
pub fn is_share_reached(below: u64, count: u64, share: Ppm) -> Option<bool> {
    let needed = u128::from(share.0) * u128::from(count);
    (count != 0).then(|| u128::from(below) * u128::from(Ppm::ONE.0) >= needed)
}

/// Counts the values below a fixed threshold, and all values: exact, and mergeable by addition.
///
/// NaN is counted among all and never below, so that it can only make a gate fail. Counters stay
/// at `u64::MAX`.
///
/// ```
/// use phasegate_percentile::{Ppm, ThresholdCounter};
///
/// let mut counter = ThresholdCounter::new(300.0)?;
/// counter.record_slice(&[120.0, 250.0, 299.9, 300.0]);
/// assert_eq!((counter.below(), counter.count()), (3, 4));
/// assert_eq!(counter.is_percentile_below(Ppm::new(750_000)?), Some(true));
/// assert_eq!(counter.is_percentile_below(Ppm::new(950_000)?), Some(false));
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(try_from = "CounterParts"))]
pub struct ThresholdCounter {
    threshold: f64,
    below: u64,
    count: u64,
}

#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct CounterParts {
    threshold: f64,
    below: u64,
    count: u64,
}

#[cfg(feature = "serde")]
impl TryFrom<CounterParts> for ThresholdCounter {
    type Error = ConfigError;

    fn try_from(parts: CounterParts) -> Result<Self, ConfigError> {
        Self::from_counts(parts.threshold, parts.below, parts.count)
    }
}

impl ThresholdCounter {
    /// A counter of values less than `threshold`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Threshold`] if it is NaN.
    pub const fn new(threshold: f64) -> Result<Self, ConfigError> {
        Self::from_counts(threshold, 0, 0)
    }

    /// A counter that goes on from counts made elsewhere, such as by a metric store.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Threshold`] if the threshold is NaN, or if `below` is more than `count`.
    pub const fn from_counts(threshold: f64, below: u64, count: u64) -> Result<Self, ConfigError> {
        if threshold.is_nan() || below > count {
            return Err(ConfigError::Threshold);
        }
        Ok(Self {
            threshold,
            below,
            count,
        })
    }

    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.record_n(value, 1);
    }

    /// Counts a value `n` times.
    #[inline]
    pub fn record_n(&mut self, value: f64, n: u64) {
        self.add(if value < self.threshold { n } else { 0 }, n);
    }

    /// Counts each value of a slice.
    pub fn record_slice(&mut self, values: &[f64]) {
        let below = crate::simd::count_below(values, self.threshold);
        self.add(below, values.len() as u64);
    }

    /// Adds the counts of another counter with the same threshold.
    ///
    /// # Errors
    ///
    /// [`CombineError::ThresholdsDiffer`]; nothing is changed then.
    pub fn merge(&mut self, other: &Self) -> Result<(), CombineError> {
        if self.threshold.total_cmp(&other.threshold).is_ne() {
            return Err(CombineError::ThresholdsDiffer);
        }
        self.add(other.below, other.count);
        Ok(())
    }

    /// Takes away counts that were added earlier.
    ///
    /// # Errors
    ///
    /// [`CombineError::ThresholdsDiffer`], or [`CombineError::NotAPart`] if the other counted more;
    /// nothing is changed then.
    pub fn subtract(&mut self, part: &Self) -> Result<(), CombineError> {
        if self.threshold.total_cmp(&part.threshold).is_ne() {
            return Err(CombineError::ThresholdsDiffer);
        }
        let below = self
            .below
            .checked_sub(part.below)
            .ok_or(CombineError::NotAPart)?;
        let count = self
            .count
            .checked_sub(part.count)
            .ok_or(CombineError::NotAPart)?;
        if below > count {
            return Err(CombineError::NotAPart);
        }
        (self.below, self.count) = (below, count);
        Ok(())
    }

    /// The threshold.
    #[must_use]
    pub const fn threshold(&self) -> f64 {
        self.threshold
    }

    /// How many values were less than the threshold.
    #[must_use]
    pub const fn below(&self) -> u64 {
        self.below
    }

    /// How many values were counted, NaN included.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether at least `share` of the values are below the threshold; `None` without values.
    #[must_use]
    pub fn is_percentile_below(&self, share: Ppm) -> Option<bool> {
        is_share_reached(self.below, self.count, share)
    }

    /// `below` never passes `count`: if the count is full, what came after is left out of both.
    fn add(&mut self, below: u64, count: u64) {
        let room = u64::MAX - self.count;
        self.count += count.min(room);
        self.below += below.min(room);
    }
}
