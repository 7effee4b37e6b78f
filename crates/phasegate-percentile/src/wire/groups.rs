//! What the groups of values of a decoded histogram allow for: where its extremes can lie, and its sum.

use crate::{
    histogram::{ABOVE, AROUND_ZERO, BELOW, Class, Extremes, MappedHistogram},
    kernels::COUNT,
    mapping::Mapping,
    store::{COUNT_BITS, Store},
};

/// Bounds of a group: no value of it is less than the first, or greater than the second.
type Bounds = (f64, f64);

/// So many sums run beside each other: one alone would wait for each of its additions.
const LANES: usize = 4;

#[derive(Default)]
pub(super) struct Groups {
    /// The group with the least values.
    pub(super) lowest: Option<Bounds>,
    /// The group with the greatest values.
    pub(super) highest: Option<Bounds>,
    /// The least and the greatest possible sum of the finite values.
    sum_min: f64,
    sum_max: f64,
    /// The greatest possible sum of their sizes.
    size: f64,
}

impl Groups {
    pub(super) fn of<M: Mapping, const SUM: bool>(from: &MappedHistogram<M, SUM>) -> Self {
        let mut groups = Self::default();
        let extremes = from.extremes();
        groups.add_classes(from, &BELOW);
        groups.add_buckets(&from.negative, true, extremes, |key| {
            from.bounds(Class::Negative(key))
        });
        groups.add_classes(from, &AROUND_ZERO);
        groups.add_buckets(&from.positive, false, extremes, |key| {
            from.bounds(Class::Positive(key))
        });
        groups.add_classes(from, &ABOVE);
        groups
    }

    /// Is this sum of all values possible?
    pub(super) fn allow(&self, sum: f64) -> bool {
        let slack = self.size * 1e-9;
        let possible = self.sum_min - slack <= sum && sum <= self.sum_max + slack;
        possible || !self.size.is_finite()
    }

    fn add_classes<M: Mapping, const SUM: bool>(
        &mut self,
        from: &MappedHistogram<M, SUM>,
        classes: &[Class],
    ) {
        from.for_each_of(classes, &mut |class, n| {
            let bounds = from.bounds(class);
            self.lowest.get_or_insert(bounds);
            self.highest = Some(bounds);
            if bounds.0.is_finite() {
                let (low, high) = narrowed(bounds, from.extremes());
                let n = n as f64;
                self.sum_min += low * n;
                self.sum_max += high * n;
                self.size += low.abs().max(high.abs()) * n;
            }
        });
    }

    fn add_buckets(
        &mut self,
        store: &Store,
        is_negative: bool,
        extremes: Extremes,
        bounds: impl Fn(u32) -> Bounds,
    ) {
        let Some((first, last)) = store.occupied() else {
            return;
        };
        let (least, greatest) = if is_negative {
            (last, first)
        } else {
            (first, last)
        };
        self.lowest.get_or_insert(bounds(least));
        self.highest = Some(bounds(greatest));
        let (mut low, mut high) = weighted(
            store.counts(),
            |n| f64::from(n & COUNT),
            |place| bounds(store.first() + place),
        );
        if store.has_carries() {
            let (lows, highs) = weighted(
                store.carries(),
                |n| n as f64,
                |place| bounds(store.first() + place),
            );
            low += lows * CARRY;
            high += highs * CARRY;
        }
        // No other bucket reaches beyond the extremes.
        let cut = |key: u32| {
            let (bounds, n) = (bounds(key), store.get(key) as f64);
            let (low, high) = narrowed(bounds, extremes);
            ((low - bounds.0) * n, (high - bounds.1) * n)
        };
        low += cut(least).0;
        high += cut(greatest).1;
        self.sum_min += low;
        self.sum_max += high;
        self.size += if is_negative { -low } else { high };
    }
}

/// What one carry of a counter stands for.
const CARRY: f64 = (1_u64 << COUNT_BITS) as f64;

fn narrowed((low, high): Bounds, extremes: Extremes) -> Bounds {
    (low.max(extremes.min), high.min(extremes.max))
}

/// The sums of the lower and of the upper bounds, each times its count.
fn weighted<T: Copy>(
    counts: &[T],
    number: impl Fn(T) -> f64,
    bounds: impl Fn(u32) -> Bounds,
) -> (f64, f64) {
    let (mut lows, mut highs) = ([0.0; LANES], [0.0; LANES]);
    let mut place = 0;
    for lanes in counts.chunks(LANES) {
        for ((n, low), high) in lanes.iter().zip(&mut lows).zip(&mut highs) {
            let (lower, upper) = bounds(place);
            let n = number(*n);
            *low += lower * n;
            *high += upper * n;
            place += 1;
        }
    }
    (lows.iter().sum(), highs.iter().sum())
}
