//! Asking: quantiles, ranks and shares, each with its error interval.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks are made from shares in 0..=1"
)]

use core::time::Duration;

use crate::{
    estimate::Estimate,
    histogram::{Class, Extremes, MappedHistogram},
    kernels::{self, BLOCKS},
    mapping::Mapping,
    simd,
    store::Store,
};

/// How many values lie below a bound: the true number is in `low ..= high`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct CountEstimate {
    /// The likely number: the bound's bucket is shared out evenly over its width.
    pub value: u64,
    /// The least possible number.
    pub low: u64,
    /// The greatest possible number.
    pub high: u64,
}

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// The value at rank `⌈q·n⌉` of `n`, with its error interval; `None` if the histogram is empty
    /// or `q` is not in `0.0 ..= 1.0`.
    ///
    /// `q` is taken to the nearest 10⁻¹², so that 0.07 of 100 is rank 7 and not 8. Rank 1 (so
    /// `q = 0.0`, and any `q` of a single value) and rank `n` (`q = 1.0`) are exact.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Estimate> {
        let mut answer = [None];
        self.quantiles(&[q], &mut answer);
        let [answer] = answer;
        answer
    }

    /// Several quantiles in one pass, in any order, each as [`quantile`](Self::quantile) gives it.
    /// Answers go to the slots of the same place; slots beyond the questions become `None`.
    ///
    /// ```
    /// use phasegate_percentile::Histogram;
    ///
    /// let mut histogram = Histogram::new();
    /// histogram.record_slice(&[1.0, 2.0, 3.0, 4.0]);
    /// let mut answers = [None; 2];
    /// histogram.quantiles(&[0.0, 1.0], &mut answers);
    /// assert_eq!(answers.map(|answer| answer.map(|a| a.value)), [Some(1.0), Some(4.0)]);
    /// ```
    pub fn quantiles(&self, qs: &[f64], answers: &mut [Option<Estimate>]) {
        answers.fill(None);
        if let Some(only) = self.only_value() {
            for (&q, answer) in qs.iter().zip(answers) {
                *answer = (0.0..=1.0).contains(&q).then_some(Estimate::exact(only));
            }
            return;
        }
        // Clearing the sums of many blocks would take longer than making those of a few.
        match self.positive.counts().len() {
            0..=FEW => self.quantiles_by_blocks(&mut [0; FEW / 64], qs, answers),
            _ => self.quantiles_by_blocks(&mut [0; BLOCKS], qs, answers),
        }
    }

    /// The value that all are equal to.
    fn only_value(&self) -> Option<f64> {
        let Extremes {
            min,
            max,
            min_exact,
            max_exact,
        } = self.extremes();
        // Zeros of either sign are one value, and so is infinity.
        (min_exact && max_exact && min <= max && max <= min).then_some(min)
    }

    #[inline]
    fn quantiles_by_blocks(&self, sums: &mut [u64], qs: &[f64], answers: &mut [Option<Estimate>]) {
        let Some(sums) = RunningSums::new(self, sums) else {
            let count = self.count();
            for (&q, answer) in qs.iter().zip(answers) {
                *answer = rank_of(q, count).map(|rank| self.at_rank(rank, count));
            }
            return;
        };
        // A few at a time, so that none waits for the one before.
        let some = answers.chunks_mut(AT_ONCE);
        for (qs, answers) in qs.chunks(AT_ONCE).zip(some) {
            self.some_quantiles(&sums, qs, answers);
        }
    }

    /// Up to [`AT_ONCE`] quantiles.
    #[inline]
    fn some_quantiles(&self, sums: &RunningSums<'_>, qs: &[f64], answers: &mut [Option<Estimate>]) {
        let count = sums.before + sums.inside + sums.after;
        let (mut ranks, mut places) = ([0; AT_ONCE], [1; AT_ONCE]);
        for ((&q, rank), place) in qs.iter().zip(&mut ranks).zip(&mut places) {
            *rank = rank_of(q, count).unwrap_or(0);
            // One that is in no bucket looks for the first value instead, and leaves it.
            let inside = rank.wrapping_sub(sums.before);
            if inside.wrapping_sub(1) < sums.inside {
                *place = inside;
            }
        }
        if sums.inside != 0 {
            sums.find(
                &self.positive,
                places.get_mut(..qs.len()).unwrap_or_default(),
            );
        }
        let extremes = self.extremes();
        for ((answer, rank), place) in answers.iter_mut().zip(ranks).zip(places) {
            if rank == 0 {
                continue;
            }
            let inside = rank.wrapping_sub(sums.before).wrapping_sub(1) < sums.inside;
            // Each written where it is to stand: a copy would wait for its parts.
            if inside && rank > 1 && rank < count {
                let key = self.positive.first() + place as u32;
                *answer = Some(self.positive_estimate(key, extremes));
            } else {
                *answer = Some(self.at_rank(rank, count));
            }
        }
    }

    /// A quantile of recorded durations, to the nanosecond; `None` if there is none, or if it is
    /// negative or too long for a `Duration`.
    #[must_use]
    pub fn quantile_duration(&self, q: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(self.quantile(q)?.value / 1e9).ok()
    }

    /// How many values are less than `bound`. Exact where the bound is the edge of a bucket, and
    /// outside the values; otherwise the uncertainty is the count of one bucket. NaN as the bound
    /// has nothing below it.
    ///
    /// For a gate on a fixed threshold use a [`ThresholdCounter`](crate::ThresholdCounter) beside
    /// the histogram: it is exact always.
    #[must_use]
    pub fn count_below(&self, bound: f64) -> CountEstimate {
        let mut answer = CountEstimate {
            value: 0,
            low: 0,
            high: 0,
        };
        if bound.is_nan() {
            return answer;
        }
        self.for_each_interval(&mut |interval: Estimate, n: u64| {
            if interval.high < bound || (interval.high <= bound && self.is_open_above(interval)) {
                answer.low = answer.low.saturating_add(n);
                answer.high = answer.high.saturating_add(n);
                answer.value = answer.value.saturating_add(n);
            } else if interval.low < bound {
                let width = interval.high - interval.low;
                let share = ((bound - interval.low) / width).clamp(0.0, 1.0);
                let part = if share.is_nan() {
                    n / 2
                } else {
                    (n as f64 * share) as u64
                };
                answer.high = answer.high.saturating_add(n);
                answer.value = answer.value.saturating_add(part.min(n));
            }
        });
        answer
    }

    /// The share of values less than `bound`, `None` if the histogram is empty.
    #[must_use]
    pub fn share_below(&self, bound: f64) -> Option<Estimate> {
        let count = self.count();
        (count != 0).then(|| {
            let below = self.count_below(bound);
            let share = |n: u64| n as f64 / count as f64;
            Estimate::between(
                share(below.value),
                share(below.low),
                share(below.high),
                true,
            )
        })
    }

    /// The buckets that hold something as (least value, upper bound, count), in rising order;
    /// negative ones first. Values without a bucket are in [`classes`](Self::classes).
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64, u64)> + '_ {
        let mapping = &self.mapping;
        let negative = self.negative.iter().rev();
        negative
            .map(|(key, n)| (-mapping.upper(key), -mapping.lower(key), n))
            .chain(
                self.positive
                    .iter()
                    .map(|(key, n)| (mapping.lower(key), mapping.upper(key), n)),
            )
    }

    /// Whether the upper end of a positive bucket belongs to the next bucket. The greatest number ends the last
    /// one, and is in it.
    fn is_open_above(&self, interval: Estimate) -> bool {
        interval.high < self.extremes().max
            && interval.high < f64::MAX
            && interval.low > 0.0
            && self.mapping.key(interval.high) > self.mapping.key(interval.low)
    }

    /// Calls `visit` with the interval and count of each group of values, in rising order.
    pub(crate) fn for_each_interval(&self, visit: &mut dyn FnMut(Estimate, u64)) {
        let estimate = &mut |class, n| visit(self.bucket_estimate(class), n);
        self.for_each_of(&BELOW, estimate);
        for (key, n) in self.negative.iter().rev() {
            estimate(Class::Negative(key), n);
        }
        self.for_each_of(&AROUND_ZERO, estimate);
        for (key, n) in self.positive.iter() {
            estimate(Class::Positive(key), n);
        }
        self.for_each_of(&ABOVE, estimate);
    }

    /// Calls `visit` with those of the classes that hold something.
    pub(crate) fn for_each_of(&self, some: &[Class], visit: &mut dyn FnMut(Class, u64)) {
        let mut classes = self.classes;
        for &class in some {
            let n = classes.counter(class).map_or(0, |n| *n);
            if n != 0 {
                visit(class, n);
            }
        }
    }

    /// The estimate for the value at a rank in `1 ..= count`.
    pub(crate) fn at_rank(&self, rank: u64, count: u64) -> Estimate {
        if rank <= 1 && self.extremes().min_exact {
            return Estimate::exact(self.extremes().min);
        }
        if rank >= count && self.extremes().max_exact {
            return Estimate::exact(self.extremes().max);
        }
        let mut before = 0_u64;
        let mut found = None;
        self.for_each_interval(&mut |interval: Estimate, n: u64| {
            before = before.saturating_add(n);
            if found.is_none() && before >= rank {
                found = Some(interval);
            }
        });
        found.unwrap_or(Estimate::exact(self.extremes().max))
    }

    /// What is known of a value in a positive bucket.
    #[inline(always)]
    fn positive_estimate(&self, key: u32, extremes: Extremes) -> Estimate {
        let mapping = &self.mapping;
        let (low, high) = (mapping.lower(key), mapping.upper(key));
        let low = if low < extremes.min {
            extremes.min
        } else {
            low
        };
        let high = if high > extremes.max {
            extremes.max
        } else {
            high
        };
        Estimate::between(mapping.representative(key), low, high, true)
    }

    /// The bounds of a bucket or class, whatever the extremes are.
    pub(crate) fn bounds(&self, class: Class) -> (f64, f64) {
        let mapping = &self.mapping;
        match class {
            Class::Positive(key) => (mapping.lower(key), mapping.upper(key)),
            Class::Negative(key) => (-mapping.upper(key), -mapping.lower(key)),
            Class::NegativeInfinite => (f64::NEG_INFINITY, f64::NEG_INFINITY),
            Class::Infinite => (f64::INFINITY, f64::INFINITY),
            Class::NotANumber => (f64::NAN, f64::NAN),
            Class::Zero => (0.0, 0.0),
            Class::NegativeOverflow => (f64::MIN, -self.range().1),
            Class::NegativeUnderflow => (-self.range().0, -f64::MIN_POSITIVE),
            Class::NegativeSubnormal => (-f64::MIN_POSITIVE, -0.0),
            Class::Subnormal => (0.0, f64::MIN_POSITIVE),
            Class::Underflow => (f64::MIN_POSITIVE, self.range().0),
            Class::Overflow => (self.range().1, f64::MAX),
        }
    }

    /// What is known of a value in a bucket or class: its bounds, narrowed by the extremes.
    pub(crate) fn bucket_estimate(&self, class: Class) -> Estimate {
        let mapping = &self.mapping;
        let (low, high) = self.bounds(class);
        let (value, guaranteed) = match class {
            Class::Positive(key) => (mapping.representative(key), true),
            Class::Negative(key) => (-mapping.representative(key), true),
            Class::NegativeInfinite | Class::Infinite | Class::NotANumber | Class::Zero => {
                return Estimate::exact(low);
            }
            Class::NegativeOverflow => (high, false),
            Class::NegativeUnderflow | Class::NegativeSubnormal | Class::Overflow => (low, false),
            Class::Subnormal | Class::Underflow => (high, false),
        };
        let low = low.max(self.extremes().min);
        let high = high.min(self.extremes().max);
        Estimate::between(value, low, high, guaranteed || low >= high)
    }
}

pub(crate) const BELOW: [Class; 2] = [Class::NegativeInfinite, Class::NegativeOverflow];
pub(crate) const AROUND_ZERO: [Class; 5] = [
    Class::NegativeUnderflow,
    Class::NegativeSubnormal,
    Class::Zero,
    Class::Subnormal,
    Class::Underflow,
];
pub(crate) const ABOVE: [Class; 2] = [Class::Overflow, Class::Infinite];

/// `⌈q·n⌉` in `1 ..= n`, with `q` to the nearest 10⁻¹².
pub(crate) fn rank_of(q: f64, n: u64) -> Option<u64> {
    const UNIT: u64 = 1_000_000_000_000;
    if !(0.0..=1.0).contains(&q) || n == 0 {
        return None;
    }
    // Rounds to nearest: adding one half and cutting off cannot reach the next unit.
    let share = (q * UNIT as f64 + 0.5) as u64;
    if let Some(product) = share.checked_mul(n) {
        return Some(product.div_ceil(UNIT).max(1));
    }
    let product = u128::from(share) * u128::from(n);
    // Near the answer by floats, exact by multiplying: a division of 128 bits is slow.
    let mut rank = (q * n as f64) as u64;
    let below = |rank: u64| u128::from(rank) * u128::from(UNIT) < product;
    while rank > 0 && !below(rank - 1) {
        rank -= 1;
    }
    while rank < n && below(rank) {
        rank += 1;
    }
    Some(rank.max(1))
}

/// How many quantiles are looked for together.
const AT_ONCE: usize = 8;
/// So many counters are few.
const FEW: usize = 1024;

/// How many values lie before each block of positive buckets: made in one pass, used by every
/// quantile.
struct RunningSums<'a> {
    /// Running sums of the blocks' counts, each with its own block included.
    sums: &'a [u64],
    /// A block has `64 << shift` buckets.
    shift: u32,
    /// Whether counters are so low that sums of 64 fit 32 bits.
    narrow: bool,
    /// Values that rank before, in and after the positive buckets.
    before: u64,
    inside: u64,
    after: u64,
}

impl<'a> RunningSums<'a> {
    /// `None` where counts are so high that the short way does not hold.
    #[inline]
    fn new<M: Mapping, const SUM: bool>(
        of: &MappedHistogram<M, SUM>,
        sums: &'a mut [u64],
    ) -> Option<Self> {
        let counts = of.positive.counts();
        let classes = of.classes;
        let after = classes.overflow.checked_add(classes.infinite)?;
        let before = classes
            .ranked()
            .checked_sub(after)?
            .checked_add(of.negative.total())?;
        let blocks = counts.len().div_ceil(64);
        let shift = usize::BITS - (blocks.saturating_sub(1) / BLOCKS).leading_zeros();
        if of.positive.has_carries() {
            return None;
        }
        let narrow = simd::block_sums(counts, shift, sums);
        if !narrow {
            kernels::wide_block_sums(counts, shift, sums);
        }
        let mut run = 0;
        for sum in sums.get_mut(..blocks.div_ceil(1 << shift))? {
            run += *sum;
            *sum = run;
        }
        before.checked_add(run)?.checked_add(after)?;
        Some(Self {
            sums,
            shift,
            narrow,
            before,
            inside: run,
            after,
        })
    }

    /// Puts places of counters where ranks among the positive buckets were.
    #[inline]
    fn find(&self, store: &Store, ranks: &mut [u64]) {
        if self.narrow {
            simd::places_of_ranks(store.counts(), self.shift, self.sums, ranks);
        } else {
            for rank in ranks {
                *rank = kernels::wide_place_of_rank(store.counts(), self.shift, self.sums, *rank);
            }
        }
    }
}
