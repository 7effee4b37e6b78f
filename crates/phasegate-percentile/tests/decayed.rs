//! Decay and correction.

use std::time::Duration;

use phasegate_percentile::{Decayed, Histogram};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

proptest! {
    #[test]
    fn weights_are_what_the_formula_gives(
        events in prop::collection::vec((0..100_u32, 1..1000_u32), 1..60), bound in 1.0..1000.0_f64,
    ) {
        let mut decayed = Decayed::new(Histogram::new(), SECOND * 10).unwrap();
        let newest = events.iter().map(|(at, _)| *at).max().unwrap();
        let (mut below, mut all) = (0.0, 0.0);
        for (at, value) in &events {
            decayed.record(SECOND * *at, f64::from(*value));
            let weight = (-f64::from(newest - at) / 10.0).exp2();
            all += weight;
            if f64::from(*value) < bound {
                below += weight;
            }
        }
        let weight = decayed.weight(SECOND * newest);
        prop_assert!((weight / all - 1.0).abs() < 1e-3, "{weight} {all}");
        let share = decayed.share_below(bound).unwrap();
        let truth = below / all;
        prop_assert!(share.low <= truth + 1e-3 && truth <= share.high + 1e-3, "{share:?} {truth}");
    }
}

#[test]
fn old_values_fade_and_too_late_ones_are_counted() {
    let mut decayed = Decayed::new(Histogram::new(), SECOND).unwrap();
    assert!(decayed.record(Duration::ZERO, 1.0));
    assert!(decayed.record(SECOND * 1000, 2.0));
    assert!(!decayed.record(Duration::ZERO, 1.0));
    assert_eq!(decayed.too_late(), 1);
    assert!((decayed.weight(SECOND * 1000) - 1.0).abs() < 1e-6);
    assert!(decayed.quantile(0.0).unwrap().low >= 1.9);
    assert!(decayed.record(Duration::MAX, 3.0));
    assert!(Decayed::new(Histogram::new(), Duration::ZERO).is_err());
}

#[test]
fn a_correction_puts_in_what_was_omitted() {
    let rows = [
        (100.0, 10.0, 9),
        (105.0, 10.0, 9),
        (10.0, 10.0, 0),
        (19.9, 10.0, 0),
        (20.0, 10.0, 1),
        (100.0, 0.0, 0),
        (100.0, -1.0, 0),
        (100.0, f64::NAN, 0),
        (f64::INFINITY, 1.0, 0),
        (f64::NAN, 1.0, 0),
        (-5.0, 1.0, 0),
    ];
    for (value, interval, added) in rows {
        let mut histogram = Histogram::new();
        assert_eq!(
            histogram.record_corrected(value, interval).added,
            added,
            "{value} {interval}"
        );
    }
    let mut histogram = Histogram::new();
    let correction = histogram.record_corrected(1e12, 1.0);
    assert_eq!(
        (correction.added, histogram.count()),
        (1 << 20, (1 << 20) + 1)
    );
    assert_eq!(correction.left_out, 1_000_000_000_000 - 1 - (1 << 20));
}
