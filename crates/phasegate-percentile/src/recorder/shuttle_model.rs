//! Model checks with shuttle: random schedules over more threads than loom can exhaust.
//!
//! `RUSTFLAGS="--cfg shuttle" cargo test -p phasegate-percentile --release --lib shuttle_model`

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use crate::{Recorder, mapping::LogLinear};

const SCHEDULES: usize = 2_000;

/// Runs the model under many schedules; `model` says what it saw, and at least so many different
/// sights are wanted: a check of one interleaving is no check.
fn explore(at_least: usize, model: impl Fn() -> Vec<u64> + Sync + Send + 'static) {
    let seen = Arc::new(Mutex::new((0_usize, BTreeSet::new())));
    let sights = Arc::clone(&seen);
    shuttle::check_random(
        move || {
            let sight = model();
            let mut seen = sights.lock().unwrap();
            seen.0 += 1;
            seen.1.insert(sight);
        },
        SCHEDULES,
    );
    let seen = seen.lock().unwrap();
    std::println!(
        "{} different outcomes of {SCHEDULES} schedules",
        seen.1.len()
    );
    assert_eq!(seen.0, SCHEDULES);
    assert!(
        seen.1.len() >= at_least,
        "only {} different outcomes",
        seen.1.len()
    );
}

#[test]
fn many_threads_and_snapshots_lose_nothing() {
    explore(20, || {
        let recorder: Recorder<LogLinear<0>> = Recorder::with_range(LogLinear, 1.0, 8.0).unwrap();
        let mut intervals = recorder.intervals();
        let threads: Vec<_> = (0..4)
            .map(|i| {
                let recorder = recorder.clone();
                shuttle::thread::spawn(move || {
                    let mut handle = recorder.handle();
                    for value in [1.0, 2.0, -1.0, 8.0] {
                        if i % 2 == 0 {
                            recorder.record(value);
                        } else {
                            handle.record(value);
                        }
                        shuttle::thread::yield_now();
                    }
                })
            })
            .collect();
        let mut sight = vec![];
        for _ in 0..3 {
            sight.push(intervals.take().count());
            shuttle::thread::yield_now();
        }
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        sight.push(intervals.take().count());
        assert_eq!(sight.iter().sum::<u64>(), 16);
        let all = recorder.snapshot();
        assert_eq!((all.count(), all.negative_count()), (16, 4));
        assert_eq!((all.min(), all.max()), (Some(-1.0), Some(8.0)));
        sight
    });
}

#[test]
fn more_threads_than_shards_share_one() {
    explore(2, || {
        let recorder: Recorder<LogLinear<0>> = Recorder::with_range(LogLinear, 1.0, 8.0).unwrap();
        let threads: Vec<_> = (0..6)
            .map(|_| {
                let recorder = recorder.clone();
                shuttle::thread::spawn(move || recorder.record(2.0))
            })
            .collect();
        let during = recorder.snapshot().count();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert_eq!(recorder.snapshot().count(), 6);
        vec![during]
    });
}
