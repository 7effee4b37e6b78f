//! Model checks with loom: every interleaving and every allowed order of memory.
//!
//! The numbers of threads are left to shuttle: loom cannot follow a thread-local's destructor into a
//! static. Handing a shard on works by a lock in both cases, and is checked here with handles.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p phasegate-percentile --release --lib loom_model`

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Recorder, mapping::LogLinear};

/// A recorder with few buckets: a model checker tracks every cell.
fn small() -> Recorder<LogLinear<0>> {
    Recorder::with_range(LogLinear, 1.0, 8.0).unwrap()
}

/// Runs the model in all interleavings, and holds that there were at least so many: a check of one
/// is no check.
fn explore(at_least: usize, model: impl Fn() + Sync + Send + 'static) {
    let seen = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&seen);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let seen = seen.load(Ordering::Relaxed);
    std::println!("{seen} interleavings");
    assert!(seen >= at_least, "only {seen} interleavings");
}

#[test]
fn a_snapshot_beside_a_handle_loses_nothing_and_counts_nothing_twice() {
    explore(50, || {
        let recorder = small();
        let mut handle = recorder.handle();
        let writer = loom::thread::spawn(move || {
            handle.record(1.0);
            handle.record(4.0);
        });
        let during = recorder.snapshot();
        assert!(during.count() <= 2);
        // What was counted lies between the extremes that were seen.
        for (low, high, _) in during.buckets() {
            assert!(during.min().unwrap() < high && low <= during.max().unwrap());
        }
        writer.join().unwrap();
        let after = recorder.snapshot();
        assert_eq!(
            (after.count(), after.min(), after.max()),
            (2, Some(1.0), Some(4.0))
        );
    });
}

#[test]
fn intervals_hold_each_value_once() {
    explore(50, || {
        let recorder = small();
        let mut intervals = recorder.intervals();
        let mut handle = recorder.handle();
        let writer = loom::thread::spawn(move || {
            handle.record(1.0);
            handle.record(0.0);
            handle.record(1.0);
        });
        let first = intervals.take().count();
        writer.join().unwrap();
        assert_eq!(first + intervals.take().count(), 3);
    });
}

#[test]
fn a_shard_passes_from_handle_to_handle_with_its_values() {
    explore(10, || {
        let recorder = small();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let recorder = recorder.clone();
                loom::thread::spawn(move || recorder.handle().record(2.0))
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        recorder.handle().record(2.0);
        assert_eq!(recorder.snapshot().count(), 3);
    });
}
