//! A window's total is what one gets by recording its values from scratch.

use std::time::Duration;

use phasegate_percentile::{Histogram, Placement, Window};
use proptest::prelude::*;

proptest! {
    #[test]
    fn the_total_equals_recording_from_scratch(
        events in prop::collection::vec((0..20_u64, 0..3_u64, 1..1000_u32), 1..200),
        slots in 1..6_usize,
    ) {
        let mut window = Window::new(Histogram::new(), Duration::from_secs(10), slots).unwrap();
        let (mut now, mut kept) = (0_u64, Vec::new());
        let mut too_late = 0;
        for (step, late, value) in events {
            now += step;
            let at = now.saturating_sub(late * 10);
            let value = f64::from(value);
            let newest = now / 10;
            window.advance(Duration::from_secs(now));
            if window.record(Duration::from_secs(at), value) == Placement::TooLate {
                too_late += 1;
            } else {
                kept.push((at / 10, value));
            }
            kept.retain(|(slot, _)| slot + slots as u64 > newest);
            let mut scratch = Histogram::new();
            kept.iter().for_each(|(_, value)| scratch.record(*value));
            prop_assert_eq!(window.total(Duration::from_secs(now)), &scratch);
        }
        prop_assert_eq!(window.too_late(), too_late);
    }
}

#[test]
fn an_earlier_time_does_not_move_the_window_back() {
    let mut window = Window::new(Histogram::new(), Duration::from_secs(1), 2).unwrap();
    window.record(Duration::from_secs(10), 1.0);
    assert_eq!(
        window.record(Duration::from_secs(9), 2.0),
        Placement::Late { slots: 1 }
    );
    assert_eq!(
        window.record(Duration::from_secs(8), 3.0),
        Placement::TooLate
    );
    assert_eq!(window.total(Duration::ZERO).count(), 2);
    assert_eq!(window.too_late(), 1);
}

#[test]
fn slots_come_oldest_first() {
    let mut window = Window::new(Histogram::new(), Duration::from_secs(1), 3).unwrap();
    for second in 0..5_u32 {
        window.record(Duration::from_secs(u64::from(second)), f64::from(second));
    }
    let firsts: Vec<_> = window.slots().map(Histogram::min).collect();
    assert_eq!(firsts, [Some(2.0), Some(3.0), Some(4.0)]);
}

#[test]
fn impossible_windows_are_refused() {
    for (length, slots) in [(0, 3), (1, 0), (1, 65_537)] {
        assert!(Window::new(Histogram::new(), Duration::from_secs(length), slots).is_err());
    }
}
