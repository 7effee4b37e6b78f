//! The histogram's promises: error bound, exact extremes and sums, classes, combining.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "small numbers; exactness is what is tested"
)]

use std::time::Duration;

use phasegate_percentile::{
    Classes, CombineError, CountHistogram, Histogram, Ppm, ThresholdCounter, mapping::LogLinear,
};
use proptest::prelude::*;

const QUANTILES: [f64; 9] = [0.0, 0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0];

fn of(values: &[f64]) -> Histogram {
    let mut histogram = Histogram::new();
    values.iter().for_each(|value| histogram.record(*value));
    histogram
}

/// The value at rank `⌈q·n⌉`, NaN left out.
fn at_quantile(values: &[f64], q: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| !value.is_nan())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let share = (q * 1e12).round() as u128;
    let rank = (share * sorted.len() as u128).div_ceil(1_000_000_000_000) as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Any float, the odd ones often enough.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (-40.0..40.0_f64).prop_map(f64::exp2),
        2 => (-40.0..40.0_f64).prop_map(|exponent| -exponent.exp2()),
        2 => any::<f64>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN,
            f64::MIN_POSITIVE, -f64::MIN_POSITIVE, 5e-324, -5e-324, 1.0, 2.0, 1e300, 1e-300,
        ]),
        3 => prop::sample::select(vec![1.0, 1.015_625, 1.031_25, 2.0, 3.0]),
    ]
}

fn any_values() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(any_value(), 0..60)
}

#[test]
fn the_greatest_number_is_not_below_itself() {
    let below = of(&[f64::MAX, f64::INFINITY, 1.0]).count_below(f64::MAX);
    assert!(below.low <= 1 && 1 <= below.high, "{below:?}");
}

proptest! {
    #[test]
    fn every_quantile_is_inside_its_interval_and_bound(values in any_values()) {
        let histogram = of(&values);
        for q in QUANTILES {
            let (Some(truth), Some(answer)) = (at_quantile(&values, q), histogram.quantile(q))
            else {
                prop_assert!(values.iter().all(|value| value.is_nan()));
                continue;
            };
            prop_assert!(answer.low <= truth && truth <= answer.high, "{q} {answer:?} {truth}");
            if answer.guaranteed && truth.is_finite() {
                let error = (answer.value - truth).abs();
                prop_assert!(error <= truth.abs() / 129.0 * (1.0 + 1e-12), "{q} {answer:?} {truth}");
            }
        }
    }

    #[test]
    fn extremes_counts_and_sums_are_exact(values in prop::collection::vec(-1e9..1e9_f64, 1..60)) {
        let histogram = of(&values);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        prop_assert_eq!(histogram.min(), Some(least));
        prop_assert_eq!(histogram.max(), Some(greatest));
        prop_assert_eq!(histogram.count(), values.len() as u64);
        // Integers below 2^53 add up exactly in any order.
        let whole: Vec<f64> = values.iter().map(|value| value.trunc()).collect();
        prop_assert_eq!(of(&whole).sum(), whole.iter().sum::<f64>());
    }

    #[test]
    fn merging_is_commutative_and_associative_to_the_bit(
        a in any_values(), b in any_values(), c in any_values(),
    ) {
        let (a, b, c) = (of(&a), of(&b), of(&c));
        let merged = |left: &Histogram, right: &Histogram| {
            let mut sum = left.clone();
            sum.merge(right).unwrap();
            sum
        };
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
    }

    #[test]
    fn merging_equals_recording_all(a in any_values(), b in any_values()) {
        let mut merged = of(&a);
        merged.merge(&of(&b)).unwrap();
        prop_assert_eq!(merged, of(&[a, b].concat()));
    }

    #[test]
    fn a_slice_equals_one_by_one(values in any_values(), repeat in 1..40_usize) {
        let values = values.repeat(repeat);
        let mut sliced = Histogram::new();
        sliced.record_slice(&values);
        prop_assert_eq!(sliced, of(&values));
    }

    #[test]
    fn a_count_equals_repetition(values in any_values(), n in 0..5_u64) {
        let mut counted = Histogram::new();
        values.iter().for_each(|value| counted.record_n(*value, n));
        prop_assert_eq!(counted, of(&values.repeat(n as usize)));
    }

    #[test]
    fn subtracting_undoes_merging_but_for_the_extremes(a in any_values(), b in any_values()) {
        let (whole, part) = (of(&a), of(&b));
        let mut both = whole.clone();
        both.merge(&part).unwrap();
        both.subtract(&part).unwrap();
        prop_assert_eq!(both.count(), whole.count());
        prop_assert_eq!(both.sum().to_bits(), whole.sum().to_bits());
        prop_assert_eq!(both.classes(), whole.classes());
        prop_assert!(both.buckets().eq(whole.buckets()));
        if let Some((least, bound)) = whole.min().zip(both.min()) {
            prop_assert!(bound <= least);
            prop_assert!(whole.max() <= both.max());
        }
        for q in QUANTILES {
            if let Some((truth, answer)) = at_quantile(&a, q).zip(both.quantile(q)) {
                prop_assert!(answer.low <= truth && truth <= answer.high, "{q} {answer:?} {truth}");
            }
        }
    }

    #[test]
    fn counts_below_a_bound_hold_the_true_one(values in any_values(), bound in any_value()) {
        let histogram = of(&values);
        let truth = values.iter().filter(|value| **value < bound).count() as u64;
        let below = histogram.count_below(bound);
        prop_assert!(below.low <= truth && truth <= below.high, "{below:?} {truth}");
        prop_assert!(below.low <= below.value && below.value <= below.high);
    }

    #[test]
    fn the_compact_form_returns_what_it_was_given(values in any_values()) {
        let histogram = of(&values);
        prop_assert_eq!(Histogram::decode(&histogram.encode()), Ok(histogram));
    }

    #[test]
    fn a_changed_byte_is_noticed(values in any_values(), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let mut bytes = of(&values).encode();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        prop_assert!(Histogram::decode(&bytes).is_err());
    }

    #[test]
    fn the_sum_of_a_count_histogram_holds_the_true_one(values in any_values()) {
        let mut histogram = CountHistogram::new();
        histogram.record_slice(&values);
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let truth = of(&finite.collect::<Vec<_>>()).sum();
        let sum = histogram.sum_estimate();
        if sum.low.is_finite() && sum.high.is_finite() {
            prop_assert!(sum.low <= truth && truth <= sum.high, "{sum:?} {truth}");
        }
    }
}

#[test]
fn each_kind_of_input_is_counted_apart() {
    type Counter = fn(Classes) -> u64;
    let rows: [(f64, Counter); 12] = [
        (0.0, |classes| classes.zero),
        (-0.0, |classes| classes.zero),
        (5e-324, |classes| classes.subnormal),
        (-5e-324, |classes| classes.negative_subnormal),
        (1e-300, |classes| classes.underflow),
        (-1e-300, |classes| classes.negative_underflow),
        (1e300, |classes| classes.overflow),
        (-1e300, |classes| classes.negative_overflow),
        (f64::INFINITY, |classes| classes.infinite),
        (f64::NEG_INFINITY, |classes| classes.negative_infinite),
        (f64::NAN, |classes| classes.nan),
        (-f64::NAN, |classes| classes.nan),
    ];
    for (value, counter) in rows {
        let histogram = of(&[value, 1.0, -1.0, value]);
        assert_eq!(counter(histogram.classes()), 2, "{value}");
        let ranked = if value.is_nan() { 2 } else { 4 };
        assert_eq!(histogram.count(), ranked, "{value}");
    }
}

#[test]
fn one_outlier_never_moves_the_median_nor_grows_the_memory() {
    let mut histogram = Histogram::new();
    (1..=100_u32).for_each(|value| histogram.record(f64::from(value)));
    let (median, bytes) = (
        histogram.quantile(0.5).unwrap().value,
        histogram.heap_bytes(),
    );
    histogram.record(1e300);
    histogram.record(f64::MAX);
    let after = histogram.quantile(0.5).unwrap();
    assert!((after.value / median - 1.0).abs() < 0.04);
    assert!(after.guaranteed);
    assert!(histogram.heap_bytes() < bytes + 256);
    assert_eq!(histogram.classes().overflow, 2);
    assert_eq!(histogram.max(), Some(f64::MAX));
    let lost = histogram.quantile(0.99).unwrap();
    assert!(!lost.guaranteed && lost.low <= 1e300 && 1e300 <= lost.high);
}

#[test]
fn counters_stay_at_their_limit() {
    let mut histogram = Histogram::new();
    histogram.record_n(1.0, u64::from(u32::MAX));
    histogram.record(1.0);
    histogram.record(2.0);
    assert_eq!(histogram.count(), (1 << 32) + 1);
    assert_eq!(histogram.quantile(0.5).unwrap().low, 1.0);
    let copy = histogram.clone();
    histogram.merge(&copy).unwrap();
    assert_eq!(histogram.count(), (1 << 33) + 2);
    for value in [1.0, 0.0, -1.0, f64::NAN, 1e300] {
        histogram.record_n(value, u64::MAX);
        histogram.record_n(value, u64::MAX);
        histogram.record(value);
    }
    assert_eq!(histogram.count(), u64::MAX);
    assert_eq!(histogram.classes().nan, u64::MAX);
    assert!(Histogram::decode(&histogram.encode()).is_ok());
}

/// Counts that fit 26 bits, 32 bits and more are added up in three ways.
#[test]
fn quantiles_of_any_height_of_counts_are_right() {
    for n in [1, 1 << 20, 1 << 30, u64::from(u32::MAX), 1 << 40] {
        let mut histogram = CountHistogram::new();
        for value in 1..=1000_u32 {
            histogram.record_n(f64::from(value), n);
        }
        assert_eq!(histogram.count(), 1000 * n);
        for percent in [1.0, 25.0, 50.0, 95.0, 99.0, 99.9] {
            let truth = percent * 10.0;
            let answer = histogram.quantile(percent / 100.0).unwrap();
            assert!(
                answer.low <= truth && truth <= answer.high,
                "{n} {percent} {answer:?}"
            );
        }
    }
}

/// Data that rise, fall, are alike, or come by slices between: the extremes are always known.
#[test]
fn extremes_are_exact_whatever_the_order() {
    let rising: Vec<f64> = (1..=3000_u32).map(|i| f64::from(i) * 0.37).collect();
    let falling: Vec<f64> = rising.iter().rev().copied().collect();
    let inward: Vec<f64> = (0..3000).map(|i| rising[(i * 1291) % 3000]).collect();
    for values in [&rising, &falling, &inward] {
        let (mut singly, mut mixed) = (CountHistogram::new(), CountHistogram::new());
        for part in values.chunks(500) {
            let (slice, ones) = part.split_at(300);
            mixed.record_slice(slice);
            ones.iter().for_each(|value| mixed.record(*value));
            part.iter().for_each(|value| singly.record(*value));
            assert_eq!(mixed, singly);
            let seen = values.iter().take(singly.count() as usize);
            let (min, max) = seen.fold((f64::MAX, 0.0_f64), |(min, max), value| {
                (min.min(*value), max.max(*value))
            });
            assert_eq!((singly.min(), singly.max()), (Some(min), Some(max)));
        }
    }
}

#[test]
fn few_values_give_the_right_ones() {
    for n in 1..=4_u32 {
        let values: Vec<f64> = (1..=n).map(|i| f64::from(i) * 100.0).collect();
        let histogram = of(&values);
        for q in QUANTILES {
            let truth = at_quantile(&values, q).unwrap();
            let answer = histogram.quantile(q).unwrap();
            assert!((answer.value - truth).abs() <= truth / 129.0, "{n} {q}");
        }
        assert_eq!(histogram.quantile(0.0).unwrap().value, 100.0);
        assert_eq!(histogram.quantile(1.0).unwrap().value, f64::from(n) * 100.0);
    }
    assert_eq!(of(&[123.456]).quantile(0.73).unwrap().value, 123.456);
    assert_eq!(Histogram::new().quantile(0.5), None);
    for q in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(of(&[1.0]).quantile(q), None);
    }
}

#[test]
fn seven_percent_of_a_hundred_is_rank_seven() {
    let values: Vec<f64> = (0..100_i32)
        .map(|i| f64::from(i).exp2().min(1e18))
        .collect();
    assert_eq!(of(&values).quantile(0.07).unwrap().low, 64.0);
}

#[test]
fn what_does_not_fit_together_is_refused_and_changes_nothing() {
    let mut small = Histogram::with_range(LogLinear, 1.0, 10.0).unwrap();
    small.record(2.0);
    let before = small.clone();
    assert_eq!(small.merge(&of(&[3.0])), Err(CombineError::RangesDiffer));
    assert_eq!(small.subtract(&before.empty_copy()), Ok(()));
    let mut other = before.empty_copy();
    other.record(3.0);
    assert_eq!(small.subtract(&other), Err(CombineError::NotAPart));
    assert_eq!(small, before);
}

#[test]
fn a_million_lognormal_values_fit_in_four_kilobytes_and_their_wire_in_800() {
    // Box-Muller over a fixed multiplicative generator.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let mut histogram = Histogram::new();
    for _ in 0..1_000_000 {
        let normal = (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos();
        histogram.record((3.0 + normal).exp());
    }
    assert!(histogram.heap_bytes() <= 4096, "{}", histogram.heap_bytes());
    assert!(
        histogram.encode().len() <= 800,
        "{}",
        histogram.encode().len()
    );
}

#[test]
fn durations_and_nanoseconds_are_one_unit() {
    let mut histogram = Histogram::new();
    histogram.record_nanos(1_500);
    histogram.record_duration(Duration::from_micros(3));
    histogram.record_nanos(u64::MAX);
    assert_eq!(histogram.min(), Some(1_500.0));
    assert_eq!(
        histogram.quantile_duration(0.0),
        Some(Duration::from_nanos(1_500))
    );
    assert_eq!(histogram.classes(), Classes::default());
}

#[test]
fn a_threshold_counter_decides_in_integers() {
    let mut left = ThresholdCounter::new(10.0).unwrap();
    left.record_slice(&[1.0, 10.0, f64::NAN, 9.0]);
    let mut right = ThresholdCounter::new(10.0).unwrap();
    right.record_n(2.0, u64::MAX);
    assert_eq!((left.below(), left.count()), (2, 4));
    left.merge(&right).unwrap();
    assert_eq!(left.count(), u64::MAX);
    assert_eq!(
        left.is_percentile_below(Ppm::new(999_999).unwrap()),
        Some(true)
    );
    assert_eq!(left.is_percentile_below(Ppm::ONE), Some(false));
    let other = ThresholdCounter::new(11.0).unwrap();
    assert_eq!(left.merge(&other), Err(CombineError::ThresholdsDiffer));
    assert!(ThresholdCounter::new(f64::NAN).is_err());
}
