//! Merging and subtracting, and the sum.

use crate::{
    error::CombineError,
    estimate::Estimate,
    histogram::{Classes, Extremes, MappedHistogram},
    mapping::Mapping,
    store::shifted,
};

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// Adds all values of another histogram. The result is the same in any order and grouping, to
    /// the bit.
    ///
    /// # Errors
    ///
    /// [`CombineError`] if mapping or range differ; nothing is changed then. Histograms made in the
    /// same way always merge.
    ///
    /// ```
    /// use phasegate_percentile::Histogram;
    ///
    /// let (mut left, mut right) = (Histogram::new(), Histogram::new());
    /// left.record(1.0);
    /// right.record(3.0);
    /// left.merge(&right)?;
    /// assert_eq!((left.count(), left.sum()), (2, 4.0));
    /// # Ok::<(), phasegate_percentile::CombineError>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<(), CombineError> {
        self.check_alike(other)?;
        self.add_counts(other);
        let (mut extremes, others) = (self.extremes(), other.extremes());
        if others.min <= others.max && extremes.merge(others) {
            self.set_extremes(extremes);
        }
        Ok(())
    }

    /// Takes away values that were merged or recorded earlier.
    ///
    /// Counts and sum stay exact. An extreme that went away with the part is replaced by a bound
    /// from the buckets, within the relative error.
    ///
    /// # Errors
    ///
    /// [`CombineError`] if mapping or range differ, or [`CombineError::NotAPart`] if some bucket or
    /// class of the other holds more; nothing is changed then.
    pub fn subtract(&mut self, part: &Self) -> Result<(), CombineError> {
        self.check_alike(part)?;
        let classes = self
            .classes
            .without(part.classes)
            .ok_or(CombineError::NotAPart)?;
        let mut sums = (self.sum.clone(), self.negative_sum.clone());
        if SUM && !(sums.0.subtract(&part.sum) && sums.1.subtract(&part.negative_sum)) {
            return Err(CombineError::NotAPart);
        }
        if !self.positive.subtract(&part.positive) {
            return Err(CombineError::NotAPart);
        }
        if !self.negative.subtract(&part.negative) {
            // Undo: what was just taken away fits in again.
            self.positive.merge(&part.positive, self.range.last);
            return Err(CombineError::NotAPart);
        }
        self.classes = classes;
        (self.sum, self.negative_sum) = sums;
        self.narrow_extremes(part.extremes());
        Ok(())
    }

    /// The sum of all finite values, rounded once. Without `SUM` the sum of the buckets'
    /// representatives: see [`sum_estimate`](Self::sum_estimate).
    #[must_use]
    pub fn sum(&self) -> f64 {
        if SUM {
            self.sum.minus(&self.negative_sum)
        } else {
            self.sum_estimate().value
        }
    }

    /// The sum of all finite values with its error interval; exact if `SUM` is set.
    ///
    /// The interval is closed under the rounding of the additions that make it.
    #[must_use]
    pub fn sum_estimate(&self) -> Estimate {
        if SUM {
            return Estimate::exact(self.sum());
        }
        let mut bounds = (0.0, 0.0, 0.0);
        let mut guaranteed = true;
        self.for_each_interval(&mut |interval: Estimate, n: u64| {
            if interval.value.is_finite() {
                let n = n as f64;
                bounds.0 += interval.value * n;
                bounds.1 += interval.low * n;
                bounds.2 += interval.high * n;
                guaranteed &= interval.guaranteed;
            }
        });
        // Each addition rounds by at most 2^-53 of what it adds up to.
        let slack = (bounds.1.abs() + bounds.2.abs()) * 1e-12;
        Estimate::between(bounds.0, bounds.1 - slack, bounds.2 + slack, guaranteed)
    }

    /// The mean of the finite values; `None` if there is none. Exact up to two roundings if `SUM`
    /// is set.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        let infinite = self
            .classes
            .infinite
            .saturating_add(self.classes.negative_infinite);
        let finite = self.count().saturating_sub(infinite);
        (finite != 0).then(|| self.sum() / finite as f64)
    }

    fn check_alike(&self, other: &Self) -> Result<(), CombineError> {
        if self.mapping != other.mapping {
            return Err(CombineError::MappingsDiffer);
        }
        if self.range != other.range {
            return Err(CombineError::RangesDiffer);
        }
        Ok(())
    }

    /// Divides all counts by a power of two. Extremes become bounds.
    pub(crate) fn shift_down(&mut self, bits: u32) {
        self.positive.shift_down(bits);
        self.negative.shift_down(bits);
        self.classes = Classes::from_array(self.classes.to_array().map(|n| shifted(n, bits)));
        self.narrow_extremes(self.extremes());
    }

    /// After a part went away: extremes that it may have taken along become bounds.
    fn narrow_extremes(&mut self, part: Extremes) {
        let (mut lowest, mut highest) = (None, None);
        self.for_each_interval(&mut |interval: Estimate, _| {
            lowest.get_or_insert(interval);
            highest = Some(interval);
        });
        let (Some(lowest), Some(highest)) = (lowest, highest) else {
            self.set_extremes(Extremes::NONE);
            return;
        };
        let mut extremes = self.extremes();
        if part.min <= extremes.min {
            extremes.min_exact = lowest.is_exact();
            extremes.min = lowest.low;
        }
        if part.max >= extremes.max {
            extremes.max_exact = highest.is_exact();
            extremes.max = highest.high;
        }
        self.set_extremes(extremes);
    }

    /// Adds all but the extremes.
    fn add_counts(&mut self, other: &Self) {
        self.positive.merge(&other.positive, self.range.last);
        self.negative.merge(&other.negative, self.range.last);
        if other.classes != Classes::default() {
            self.classes = self.classes.merged(other.classes);
        }
        if SUM {
            self.sum.merge(&other.sum);
            self.negative_sum.merge(&other.negative_sum);
        }
    }

    /// Becomes the sum of two made alike, in the memory that is there. The extremes are known from
    /// elsewhere.
    pub(crate) fn become_sum_of(&mut self, whole: &Self, part: &Self, extremes: Extremes) {
        self.positive.clone_from(&whole.positive);
        self.negative.clone_from(&whole.negative);
        self.classes = whole.classes;
        self.sum.clone_from(&whole.sum);
        self.negative_sum.clone_from(&whole.negative_sum);
        self.add_counts(part);
        self.set_extremes(extremes);
    }

    /// Makes both extremes bounds from the buckets.
    pub(crate) fn loosen_extremes(&mut self) {
        let open = Extremes {
            min: f64::NEG_INFINITY,
            max: f64::INFINITY,
            ..Extremes::NONE
        };
        self.set_extremes(open);
        self.narrow_extremes(open);
    }

    /// The upper end of the lowest group of values, and the lower end of the highest one.
    pub(crate) fn outermost(&self) -> (f64, f64) {
        let (mut first, mut last) = (None, f64::NEG_INFINITY);
        self.for_each_interval(&mut |interval: Estimate, _| {
            first.get_or_insert(interval.high);
            last = interval.low;
        });
        (first.unwrap_or(f64::INFINITY), last)
    }
}
