//! Recording: the short path that nearly every value takes, and the long one for all others.
//!
//! The short path shifts a float's bits into a key and adds one to a counter. A key strictly
//! between those of the least and the greatest value cannot move the extremes, so one comparison
//! keeps them exact; the same comparison turns away zero, negatives, NaN and infinities.
#![expect(clippy::cast_possible_truncation, reason = "keys are below 2^24")]

use core::time::Duration;

use crate::{
    histogram::{Class, MappedHistogram},
    mapping::Mapping,
};

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// Records one value. Any `f64` will do: see [`Classes`](crate::Classes).
    #[inline]
    pub fn record(&mut self, value: f64) {
        let key = self.mapping.key(value);
        let inner = key.wrapping_sub(self.inner_first) < self.inner_length;
        if (inner || self.is_between_extremes(key, value)) && self.positive.add_covered(key) {
            if SUM && !self.sum.add_covered(value.to_bits()) {
                self.sum.add_times(value, 1);
            }
        } else {
            self.record_apart(value, 1);
        }
    }

    /// Records the same value `n` times.
    #[inline]
    pub fn record_n(&mut self, value: f64, n: u64) {
        if n != 0 {
            self.record_apart(value, n);
        }
    }

    /// Records each value of a slice; faster than one by one.
    ///
    /// ```
    /// use phasegate_percentile::Histogram;
    ///
    /// let mut histogram = Histogram::new();
    /// histogram.record_slice(&[0.5, 1.5, f64::NAN]);
    /// assert_eq!((histogram.count(), histogram.classes().nan), (2, 1));
    /// ```
    pub fn record_slice(&mut self, values: &[f64]) {
        for &value in values {
            self.record(value);
        }
    }

    /// Records a number of nanoseconds, as that number.
    #[inline]
    pub fn record_nanos(&mut self, nanos: u64) {
        self.record(float_of(nanos));
    }

    /// Records a duration as its number of nanoseconds.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_percentile::Histogram;
    ///
    /// let mut histogram = Histogram::new();
    /// histogram.record_duration(Duration::from_millis(20));
    /// assert_eq!(histogram.max(), Some(20e6));
    /// assert_eq!(histogram.quantile_duration(1.0), Some(Duration::from_millis(20)));
    /// ```
    #[inline]
    pub fn record_duration(&mut self, duration: Duration) {
        match u64::try_from(duration.as_nanos()) {
            Ok(nanos) => self.record_nanos(nanos),
            Err(_) => self.record(duration.as_nanos() as f64),
        }
    }

    /// Whether a value with the key of an extreme leaves the extremes as they are.
    #[inline(always)]
    fn is_between_extremes(&self, key: u32, value: f64) -> bool {
        key.wrapping_sub(self.range.first) <= self.range.last - self.range.first
            && self.extremes.min <= value
            && value <= self.extremes.max
            && self.extremes.min_exact
            && self.extremes.max_exact
    }

    /// The long path: any value, any count.
    #[cold]
    #[inline(never)]
    pub(crate) fn record_apart(&mut self, value: f64, n: u64) {
        let class = self.range.classify(&self.mapping, value);
        match class {
            Class::Positive(key) => {
                self.positive.add(key, n, self.range.last);
                self.include(value, n);
            }
            Class::Negative(key) => {
                self.negative.add(key, n, self.range.last);
                self.include(value, n);
            }
            Class::NotANumber => self.classes.nan = self.classes.nan.saturating_add(n),
            Class::NegativeInfinite
            | Class::NegativeOverflow
            | Class::NegativeUnderflow
            | Class::NegativeSubnormal
            | Class::Zero
            | Class::Subnormal
            | Class::Underflow
            | Class::Overflow
            | Class::Infinite => {
                if let Some(counter) = self.classes.counter(class) {
                    *counter = counter.saturating_add(n);
                }
                // Zero of either sign is one value.
                self.include(if class == Class::Zero { 0.0 } else { value }, n);
            }
        }
    }

    /// Lets extremes and sum take part in a value.
    fn include(&mut self, value: f64, n: u64) {
        if value <= self.extremes.min || value >= self.extremes.max {
            self.extremes.include(value);
            self.refresh_inner();
        }
        if !SUM || !value.is_finite() {
            return;
        }
        if value < 0.0 {
            self.negative_sum.add_times(-value, n);
        } else if n != 1 || !value.is_normal() {
            self.sum.add_times(value, n);
        } else if !self.sum.add_covered(value.to_bits()) {
            self.sum.add_times(value, 1);
            self.cover_sum();
        }
    }

    /// Gives each octave between the extremes (within the range) its fast accumulator.
    pub(crate) fn cover_sum(&mut self) {
        let octave = |value: f64| (value.to_bits() >> 52) as u32;
        if let Some((low, high)) = self.positive_extent() {
            self.sum.cover(octave(low), octave(high));
        }
    }

    /// The bounds of the positive values in buckets, as far as the extremes tell.
    fn positive_extent(&self) -> Option<(f64, f64)> {
        if self.positive.counts().is_empty() {
            return None;
        }
        let (lowest, highest) = self.range();
        let first = self
            .mapping
            .lower(self.positive.first().max(self.range.first));
        let last = self.positive.first() + self.positive.counts().len() as u32 - 1;
        let low = self.extremes.min.max(first).max(lowest);
        let high = self
            .extremes
            .max
            .min(self.mapping.upper(last.min(self.range.last)))
            .min(highest);
        (low <= high).then_some((low, high))
    }
}

/// A count as a float: one instruction for all that a clock can measure.
#[inline(always)]
pub(crate) fn float_of(n: u64) -> f64 {
    i64::try_from(n).map_or(n as f64, |n| n as f64)
}
