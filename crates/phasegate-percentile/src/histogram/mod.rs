//! The histogram: recording, and what can be asked of it.

mod classes;
mod combine;
mod correct;
mod inner;
mod query;
mod range;
mod record;
#[cfg(feature = "serde")]
mod serialize;

use crate::{
    error::ConfigError,
    mapping::{LogLinear, Mapping},
    store::Store,
    sum::ExactSum,
};

pub(crate) use classes::Class;
pub use classes::Classes;
pub use correct::Correction;
use inner::InnerKeys;
pub use query::CountEstimate;
pub(crate) use query::{ABOVE, AROUND_ZERO, BELOW};
pub(crate) use range::Range;

/// A mergeable histogram over `f64` with a proven relative error.
///
/// Counts, minimum and maximum are exact; so is the sum (rounded once), whatever the order of the
/// values, unless `SUM` is `false`. Quantiles are within the mapping's relative error, 1/129 =
/// 0.7752 % for the default mapping. A quantile `q` of `n` values is the one at rank `⌈q·n⌉`, the
/// least value `x` for which at least `q·n` values are `<= x`.
///
/// Every input is counted somewhere and none panics: see [`Classes`]. Counters never wrap; at
/// `u64::MAX` they stay.
///
/// Recording does not allocate once the histogram covers the values' range. Memory is bounded by
/// the range: 33 KiB of counters by default, about 4 KiB for typical latencies.
///
/// ```
/// use phasegate_percentile::Histogram;
///
/// let mut histogram = Histogram::new();
/// for millis in 1..=1000_u32 {
///     histogram.record(f64::from(millis));
/// }
/// let p99 = histogram.quantile(0.99).expect("it is not empty");
/// assert!((p99.value - 990.0).abs() <= 990.0 / 129.0);
/// assert_eq!(histogram.count(), 1000);
/// assert_eq!(histogram.max(), Some(1000.0));
/// assert_eq!(histogram.sum(), 500_500.0);
/// ```
#[derive(Clone, Debug)]
pub struct MappedHistogram<M: Mapping = LogLinear, const SUM: bool = true> {
    pub(crate) mapping: M,
    pub(crate) range: Range,
    pub(crate) positive: Store,
    pub(crate) negative: Store,
    inner: InnerKeys,
    /// As they were set last: see [`extremes`](Self::extremes).
    settled: Extremes,
    pub(crate) classes: Classes,
    pub(crate) sum: ExactSum,
    pub(crate) negative_sum: ExactSum,
}

/// The default histogram without an exact sum: the fastest to record into. Its sum is read from
/// the buckets, within the relative error.
///
/// ```
/// use phasegate_percentile::CountHistogram;
///
/// let mut histogram = CountHistogram::new();
/// histogram.record(2.5);
/// assert_eq!(histogram.count(), 1);
/// ```
pub type CountHistogram = MappedHistogram<LogLinear, false>;

/// The default histogram: 64 buckets per octave, with an exact sum. See [`MappedHistogram`].
///
/// ```
/// use phasegate_percentile::Histogram;
///
/// let mut histogram = Histogram::new();
/// histogram.record(2.5);
/// assert_eq!((histogram.count(), histogram.sum()), (1, 2.5));
/// ```
pub type Histogram = MappedHistogram<LogLinear, true>;

/// The least and the greatest ranked value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extremes {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// `false` after a subtraction took the value away: then `min` is a lower bound.
    pub(crate) min_exact: bool,
    /// `false` after a subtraction took the value away: then `max` is an upper bound.
    pub(crate) max_exact: bool,
}

impl Extremes {
    pub(crate) const NONE: Self = Self {
        min: f64::INFINITY,
        max: f64::NEG_INFINITY,
        min_exact: true,
        max_exact: true,
    };

    pub(crate) fn include(&mut self, value: f64) {
        if value <= self.min {
            (self.min, self.min_exact) = (value, true);
        }
        if value >= self.max {
            (self.max, self.max_exact) = (value, true);
        }
    }

    /// Whether something changed.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        let lower =
            other.min < self.min || (other.min <= self.min && other.min_exact && !self.min_exact);
        let higher =
            other.max > self.max || (other.max >= self.max && other.max_exact && !self.max_exact);
        if lower {
            (self.min, self.min_exact) = (other.min, other.min_exact);
        }
        if higher {
            (self.max, self.max_exact) = (other.max, other.max_exact);
        }
        lower || higher
    }
}

impl<M: Mapping + Default, const SUM: bool> MappedHistogram<M, SUM> {
    /// An empty histogram with the mapping's default setting and the default range, 2⁻⁶⁴ to 2⁶⁴.
    #[must_use]
    pub fn new() -> Self {
        Self::with_mapping(M::default())
    }
}

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// An empty histogram with a mapping of your own choice and the default range.
    #[must_use]
    pub fn with_mapping(mapping: M) -> Self {
        let range = Range::of(&mapping);
        Self::with_keys(mapping, range)
    }

    /// An empty histogram that gives buckets to magnitudes from `lowest` to `highest`. Values
    /// outside are counted in [`Classes`] and keep their rank, without the guarantee.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Range`] unless both are normal positive numbers and `lowest <= highest`.
    ///
    /// ```
    /// use phasegate_percentile::{MappedHistogram, mapping::LogLinear};
    ///
    /// // A finer error, 0.1 %, over one microsecond to one minute in seconds.
    /// let mut histogram: MappedHistogram<_> =
    ///     MappedHistogram::with_range(LogLinear::<9>, 1e-6, 60.0)?;
    /// histogram.record(0.25);
    /// histogram.record(1e9);
    /// assert_eq!(histogram.classes().overflow, 1);
    /// # Ok::<(), phasegate_percentile::ConfigError>(())
    /// ```
    pub fn with_range(mapping: M, lowest: f64, highest: f64) -> Result<Self, ConfigError> {
        let range = Range::new(&mapping, lowest, highest)?;
        Ok(Self::with_keys(mapping, range))
    }

    pub(crate) fn with_keys(mapping: M, range: Range) -> Self {
        Self {
            mapping,
            range,
            positive: Store::default(),
            negative: Store::default(),
            inner: InnerKeys::default(),
            settled: Extremes::NONE,
            classes: Classes::default(),
            sum: ExactSum::default(),
            negative_sum: ExactSum::default(),
        }
    }

    /// An empty histogram with the same mapping and range.
    #[must_use]
    pub fn empty_copy(&self) -> Self {
        Self::with_keys(self.mapping.clone(), self.range)
    }

    /// How many values were recorded, NaN left out. Saturates at `u64::MAX`.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes
            .ranked()
            .saturating_add(self.negative.total())
            .saturating_add(self.positive.total())
    }

    /// Whether nothing was recorded, NaN left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many values of each kind have no bucket.
    #[must_use]
    pub fn classes(&self) -> Classes {
        self.classes
    }

    /// How many values are below zero, in buckets or not.
    #[must_use]
    pub fn negative_count(&self) -> u64 {
        [
            self.classes.negative_infinite,
            self.classes.negative_overflow,
            self.classes.negative_underflow,
            self.classes.negative_subnormal,
        ]
        .into_iter()
        .fold(self.negative.total(), u64::saturating_add)
    }

    /// The least value, exact; `None` if empty. After [`subtract`](Self::subtract) it may be a
    /// lower bound, within the relative error.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        let extremes = self.extremes();
        (extremes.min <= extremes.max).then_some(extremes.min)
    }

    /// The greatest value, exact; `None` if empty. After [`subtract`](Self::subtract) it may be an
    /// upper bound, within the relative error.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        let extremes = self.extremes();
        (extremes.min <= extremes.max).then_some(extremes.max)
    }

    /// The mapping in use.
    #[must_use]
    pub fn mapping(&self) -> &M {
        &self.mapping
    }

    /// The proven relative error of quantiles within the range.
    #[must_use]
    pub fn relative_error(&self) -> f64 {
        self.mapping.relative_error()
    }

    /// The magnitudes that get buckets: the lower bound of the first, the upper bound of the last.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (
            self.mapping.lower(self.range.first),
            self.mapping.upper(self.range.last),
        )
    }

    /// Forgets all values and keeps the room.
    pub fn clear(&mut self) {
        self.positive.clear();
        self.negative.clear();
        self.settled = Extremes::NONE;
        self.classes = Classes::default();
        self.sum.clear();
        self.negative_sum.clear();
        self.refresh_inner();
    }

    /// Gives back the room of empty buckets at both ends.
    pub fn shrink_to_fit(&mut self) {
        self.positive.shrink();
        self.negative.shrink();
    }

    /// The bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.positive.heap_bytes()
            + self.negative.heap_bytes()
            + self.sum.heap_bytes()
            + self.negative_sum.heap_bytes()
    }

    /// The least and the greatest ranked value. Recording moves what the inner keys know, and only
    /// that.
    #[inline]
    pub(crate) fn extremes(&self) -> Extremes {
        self.inner.extremes().unwrap_or(self.settled)
    }

    /// Replaces the extremes.
    pub(crate) fn set_extremes(&mut self, extremes: Extremes) {
        self.settled = extremes;
        self.refresh_inner();
    }

    /// Lets the extremes include two ranked values.
    pub(crate) fn include_extremes(&mut self, low: f64, high: f64) {
        let mut extremes = self.extremes();
        extremes.include(low);
        extremes.include(high);
        self.set_extremes(extremes);
    }

    /// To be called when extremes were set.
    fn refresh_inner(&mut self) {
        self.inner = InnerKeys::between(self.settled, self.range, &self.mapping);
        self.move_guards();
    }

    /// Sets the guards of the positive cells as the inner keys say.
    pub(crate) fn move_guards(&mut self) {
        self.positive
            .set_open(self.inner.first_key, self.inner.end_key);
    }
}

impl<M: Mapping + Default, const SUM: bool> Default for MappedHistogram<M, SUM> {
    fn default() -> Self {
        Self::with_mapping(M::default())
    }
}

/// Equal if mapping and range are, and all counts, extremes and sums.
impl<M: Mapping, const SUM: bool> PartialEq for MappedHistogram<M, SUM> {
    fn eq(&self, other: &Self) -> bool {
        let extremes = |of: &Self| (of.min().map(f64::to_bits), of.max().map(f64::to_bits));
        self.mapping == other.mapping
            && self.range == other.range
            && self.classes == other.classes
            && self.positive == other.positive
            && self.negative == other.negative
            && extremes(self) == extremes(other)
            && self.sum == other.sum
            && self.negative_sum == other.negative_sum
    }
}
