//! Recording: the short path that nearly every value takes, and the long one for all others.
//!
//! The short path shifts a float's bits into a key and adds one to a counter. A value in a bucket
//! strictly between those of the least and the greatest so far cannot move them; all other cells have
//! a guard, which the addition runs into. So the comparison that keeps an index in bounds is all there
//! is besides; it also turns away zero, negatives, NaN and infinities.
#![expect(clippy::cast_possible_truncation, reason = "keys are below 2^24")]

use core::time::Duration;

use crate::{
    histogram::{Class, MappedHistogram},
    kernels::{CHUNK, COUNT},
    mapping::Mapping,
    simd,
};

/// Slices shorter than this are recorded one by one: looking at all counters first would cost more.
const SLICE_MIN: usize = 128;

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// Records one value. Any `f64` will do: see [`Classes`](crate::Classes).
    #[inline]
    pub fn record(&mut self, value: f64) {
        let bits = value.to_bits();
        let key = self.mapping.key(value);
        // Negative: a guard, or a cell that is full now. Both together make zero.
        let cell = self.positive.count(key);
        if cell.cast_signed() > 0 || (cell & COUNT != 0 && self.inner.holds_bits(bits)) {
            if SUM && !self.sum.add_covered(bits) {
                self.sum.add_and_cover(bits);
            }
        } else {
            // As bits: a float would have to take the way through a vector register.
            self.record_outermost(bits);
        }
    }

    /// Records a new extreme, or a value that has no cell or a full one.
    #[inline(never)]
    fn record_outermost(&mut self, bits: u64) {
        let key = self.mapping.key(f64::from_bits(bits));
        if self.positive.is_full(key) || !self.inner.stretch(key, bits) {
            self.record_beyond(key, bits);
        } else if SUM && !self.sum.add_covered(bits) {
            self.sum.add_and_cover(bits);
        }
    }

    /// Records a value that is not in an outermost bucket so far, whatever it may be.
    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, key: u32, bits: u64) {
        self.positive.uncount(key);
        if !self.inner.holds_bits(bits) && self.inner.extend(key, bits, self.range) {
            self.move_guards();
        }
        self.record_apart(bits, 1);
    }

    /// Records the same value `n` times.
    #[inline]
    pub fn record_n(&mut self, value: f64, n: u64) {
        if n != 0 {
            self.record_apart(value.to_bits(), n);
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
        let shift = match self.mapping.key_shift() {
            Some(shift @ 32..=52) if values.len() >= SLICE_MIN => shift,
            _ => return values.iter().for_each(|value| self.record(*value)),
        };
        let mut headroom = self.positive.headroom();
        let mut places = [0; CHUNK];
        for chunk in values.chunks(CHUNK) {
            let n = chunk.len() as u32;
            if headroom < n || !self.record_chunk(chunk, shift, &mut places) {
                chunk.iter().for_each(|value| self.record(*value));
            }
            headroom = headroom.saturating_sub(n);
        }
    }

    /// Records up to [`CHUNK`] values together; `false`, and nothing done, if some has no bucket.
    fn record_chunk(&mut self, values: &[f64], shift: u32, places: &mut [u32; CHUNK]) -> bool {
        let first = self.positive.first();
        let (low, high) = simd::places(values, shift, first, places);
        // Negative values, infinities and NaN have keys above all others.
        if !self.range.holds(low) || !self.range.holds(high) {
            return false;
        }
        if !self.inner.holds_keys(low, high) {
            let (least, greatest) = simd::float_extremes(values);
            if !self.inner.holds_bits(least.to_bits()) || !self.inner.holds_bits(greatest.to_bits())
            {
                self.include_extremes(least, greatest);
            }
        }
        if low == high {
            self.positive.add(low, values.len() as u64, self.range.last);
        } else {
            self.positive.cover(low, high, self.range.last);
            if self.positive.first() != first {
                simd::places(values, shift, self.positive.first(), places);
            }
            self.positive
                .count_places(places.get(..values.len()).unwrap_or_default());
        }
        if SUM {
            let octave = 52 - shift;
            self.add_chunk_sum(values, low >> octave, high >> octave);
        }
        true
    }

    /// Adds positive normal values whose biased exponents are in `low ..= high`.
    fn add_chunk_sum(&mut self, values: &[f64], low: u32, high: u32) {
        // Values are cut 41 bits below the top of the greatest. A thousand high parts then add up
        // within 53 bits, and so do the low parts if the least value is not 33 octaves down.
        const MAGNET: u32 = 11;
        const SPAN: u32 = 30;
        if high - low <= SPAN && high + MAGNET < 0x7FE {
            let magnet = f64::from_bits(u64::from(high + MAGNET) << 52) * 1.5;
            let (whole, rest) = simd::split_sums(values, magnet);
            self.sum.add_parts(whole, rest);
        } else {
            self.sum.cover(low, high);
            for value in values {
                if !self.sum.add_covered(value.to_bits()) {
                    self.sum.add_times(*value, 1);
                }
            }
        }
    }

    /// Records a number of nanoseconds, as that number.
    #[inline]
    pub fn record_nanos(&mut self, nanos: u64) {
        match i64::try_from(nanos) {
            Ok(nanos) => self.record(nanos as f64),
            Err(_) => self.record_ages(nanos),
        }
    }

    /// Records more nanoseconds than any clock measures. Apart, or all others would take the slow
    /// conversion that only these need.
    #[cold]
    #[inline(never)]
    fn record_ages(&mut self, nanos: u64) {
        self.record(nanos as f64);
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

    /// The long path: any value, any count.
    #[cold]
    #[inline(never)]
    pub(crate) fn record_apart(&mut self, bits: u64, n: u64) {
        let value = f64::from_bits(bits);
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
        let extremes = self.extremes();
        if value <= extremes.min || value >= extremes.max {
            self.include_extremes(value, value);
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
        let low = self.extremes().min.max(first).max(lowest);
        let high = self
            .extremes()
            .max
            .min(self.mapping.upper(last.min(self.range.last)))
            .min(highest);
        (low <= high).then_some((low, high))
    }
}
