//! The shared recorder with real threads.

use std::thread;

use phasegate_percentile::{CountHistogram, Recorder};

#[test]
fn snapshots_beside_writers_add_up() {
    let recorder = Recorder::new();
    let mut intervals = recorder.intervals();
    let mut seen = 0;
    thread::scope(|scope| {
        let writers: Vec<_> = (0..4_u32)
            .map(|i| {
                let recorder = &recorder;
                scope.spawn(move || {
                    let mut handle = recorder.handle();
                    for value in 1..=10_000_u32 {
                        if i % 2 == 0 {
                            recorder.record(f64::from(value));
                        } else {
                            handle.record(f64::from(value));
                        }
                    }
                })
            })
            .collect();
        while writers.iter().any(|writer| !writer.is_finished()) {
            seen += intervals.take().count();
        }
    });
    seen += intervals.take().count();
    assert_eq!(seen, 40_000);
    let mut alone = CountHistogram::new();
    (1..=10_000_u32).for_each(|value| alone.record_n(f64::from(value), 4));
    assert_eq!(recorder.snapshot(), alone);
}

#[test]
fn odd_values_and_counts_are_kept() {
    let recorder = Recorder::new();
    let odd = [0.0, -2.0, f64::NAN, f64::INFINITY, 1e300, 5e-324, 1.0];
    let mut alone = CountHistogram::new();
    let mut handle = recorder.handle();
    for value in odd {
        recorder.record_n(value, 2);
        handle.record(value);
        alone.record_n(value, 3);
        recorder.record_n(value, 0);
    }
    assert_eq!(recorder.snapshot(), alone);
}

#[test]
fn a_dropped_handles_values_stay_and_its_shard_is_used_again() {
    let recorder = Recorder::new();
    for _ in 0..100 {
        recorder.handle().record_slice(&[1.0, 2.0]);
    }
    assert_eq!(recorder.snapshot().count(), 200);
    assert_eq!(recorder.clone().snapshot().min(), Some(1.0));
}

#[test]
fn recorders_do_not_mix() {
    let (left, right) = (Recorder::new(), Recorder::new());
    left.record(1.0);
    right.record(2.0);
    assert_eq!(
        (left.snapshot().max(), right.snapshot().min()),
        (Some(1.0), Some(2.0))
    );
}
