//! Extremes stay exact and counters carry, wherever the guards of the outermost buckets stand.
#![expect(clippy::float_cmp, reason = "exactness is what is tested")]

use phasegate_percentile::{CountHistogram, Recorder};
use proptest::prelude::*;

/// Few buckets, and several values in each: many are new extremes in the bucket of the one before.
fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => (100..140_u32).prop_map(|n| f64::from(n) / 100.0),
        4 => (1..2000_u32).prop_map(f64::from),
        1 => prop::sample::select(vec![0.0, -3.0, 1e300, 5e-324, f64::INFINITY]),
    ]
}

#[derive(Clone, Debug)]
enum Step {
    Record(f64),
    Times(f64, u64),
    Slice(Vec<f64>),
    Merge(Vec<f64>),
    Sorted(Vec<f64>),
    Shrink,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    let values = || prop::collection::vec(value(), 1..200);
    prop_oneof![
        8 => value().prop_map(Step::Record),
        2 => (value(), 1..4_u64).prop_map(|(value, n)| Step::Times(value, n)),
        2 => values().prop_map(Step::Slice),
        2 => values().prop_map(Step::Merge),
        2 => values().prop_map(Step::Sorted),
        1 => Just(Step::Shrink),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    #[test]
    fn extremes_and_counts_are_those_of_all_values(steps in prop::collection::vec(step(), 1..40)) {
        let mut histogram = CountHistogram::new();
        let recorder = Recorder::new();
        let (mut handle, mut shared) = (recorder.handle(), Vec::new());
        let mut values: Vec<f64> = Vec::new();
        for step in steps {
            match step {
                Step::Record(value) => {
                    histogram.record(value);
                    recorder.record(value);
                    values.push(value);
                }
                Step::Times(value, n) => {
                    histogram.record_n(value, n);
                    handle.record_n(value, n);
                    values.extend((0..n).map(|_| value));
                }
                Step::Slice(some) => {
                    histogram.record_slice(&some);
                    handle.record_slice(&some);
                    values.extend(some);
                }
                Step::Merge(some) => {
                    let mut other = CountHistogram::new();
                    some.iter().for_each(|value| other.record(*value));
                    some.iter().for_each(|value| handle.record(*value));
                    histogram.merge(&other)?;
                    values.extend(some);
                }
                Step::Sorted(mut some) => {
                    some.sort_by(f64::total_cmp);
                    some.iter().rev().chain(&some).for_each(|value| histogram.record(*value));
                    some.iter().rev().for_each(|value| handle.record(*value));
                    some.iter().for_each(|value| recorder.record(*value));
                    values.extend(some.iter().chain(&some));
                }
                Step::Shrink => histogram.shrink_to_fit(),
                Step::Clear => {
                    histogram.clear();
                    shared.append(&mut values);
                }
            }
            let least = values.iter().copied().reduce(f64::min);
            let greatest = values.iter().copied().reduce(f64::max);
            prop_assert_eq!((histogram.min(), histogram.max()), (least, greatest));
            prop_assert_eq!(histogram.count(), values.len() as u64);
        }
        let mut counted = CountHistogram::new();
        values.iter().for_each(|value| counted.record_n(*value, 1));
        prop_assert_eq!(&histogram, &counted);
        shared.iter().for_each(|value| counted.record_n(*value, 1));
        prop_assert_eq!(recorder.snapshot(), counted);
    }
}

#[test]
fn a_full_cell_carries_with_a_guard_and_without() {
    const FULL: u64 = 1 << 31;
    for value in [1.0, 2.0, 4.0] {
        for before in [FULL - 3, FULL - 2, 2 * FULL - 3, 3 * FULL] {
            let mut histogram = CountHistogram::new();
            [1.0, 2.0, 4.0]
                .into_iter()
                .for_each(|value| histogram.record(value));
            histogram.record_n(value, before);
            for more in 1..6 {
                histogram.record(value);
                assert_eq!(histogram.count(), 3 + before + more);
            }
            let held = |histogram: &CountHistogram| {
                histogram.buckets().map(|(_, _, n)| n).collect::<Vec<_>>()
            };
            let expected = [1.0, 2.0, 4.0].map(|other| if other == value { before + 6 } else { 1 });
            assert_eq!(held(&histogram), expected);
            assert_eq!((histogram.min(), histogram.max()), (Some(1.0), Some(4.0)));
            let mut sum = histogram.clone();
            for times in 2..5 {
                sum.merge(&histogram).unwrap();
                assert_eq!(held(&sum), expected.map(|n| n * times));
            }
            sum.subtract(&histogram).unwrap();
            assert_eq!(held(&sum), expected.map(|n| n * 3));
            // Its guards stand where they stood: a new extreme is seen.
            sum.record(0.5);
            sum.record(8.0);
            assert_eq!((sum.min(), sum.max()), (Some(0.5), Some(8.0)));
        }
    }
}
