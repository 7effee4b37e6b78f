//! Two threads that record at the same time, each on its own clock.

use std::{
    hint::black_box,
    sync::{Barrier, Mutex},
    thread,
};

use cpu_time::ThreadTime;
use histogram::{AtomicHistogram, Histogram as Iop};
use phasegate_benches::percentile::{Contender, Outcome, Plan, nanos, race, sample};
use phasegate_percentile::Recorder;

pub fn run(plan: &Plan) -> Vec<Outcome> {
    ["lognormal", "constant", "sorted", "wide", "spike"]
        .into_iter()
        .filter(|distribution| plan.wants(&format!("threads {distribution}")))
        .map(|distribution| one(plan, distribution))
        .collect()
}

/// Nanoseconds per value and thread, from the moment that both threads are ready.
fn both(n: usize, work: impl Fn() + Sync) -> f64 {
    let ready = Barrier::new(2);
    let times = thread::scope(|scope| {
        let run = || {
            ready.wait();
            let start = ThreadTime::now();
            work();
            nanos(start.elapsed(), n)
        };
        let other = scope.spawn(run);
        [run(), other.join().expect("no panic")]
    });
    (times[0] + times[1]) / 2.0
}

fn one(plan: &Plan, distribution: &str) -> Outcome {
    let n = 500_000 / plan.reduce;
    let values = &sample(distribution, n, 1);
    let whole: &Vec<u64> = &values.iter().map(|value| (value * 1e6) as u64).collect();
    let contenders = vec![
        Contender::timed("**ours** record(&self)", || {
            let recorder = Recorder::new();
            both(n, || {
                values.iter().for_each(|value| recorder.record(*value))
            })
        }),
        Contender::timed("**ours** a handle per thread", || {
            let recorder = Recorder::new();
            both(n, || {
                let mut handle = recorder.handle();
                values.iter().for_each(|value| handle.record(*value));
            })
        }),
        Contender::timed("histogram, one per thread", || {
            both(n, || {
                let mut histogram = Iop::new(6, 64).expect("valid");
                for value in whole {
                    let _ = histogram.increment(*value);
                }
                black_box(histogram);
            })
        }),
        Contender::timed("histogram AtomicHistogram, shared", || {
            let histogram = AtomicHistogram::new(6, 64).expect("valid");
            both(n, || {
                for value in whole {
                    let _ = histogram.increment(*value);
                }
            })
        }),
        Contender::timed("quantile-sketch, shared", || {
            let sketch = quantile_sketch::ConcurrentDDSketch::new();
            both(n, || values.iter().for_each(|value| sketch.insert(*value)))
        }),
        Contender::timed("hdrhistogram recorders", || {
            let histogram = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 62, 2);
            let histogram = histogram.expect("valid").into_sync();
            both(n, || {
                let mut recorder = histogram.recorder();
                for value in whole {
                    let _ = recorder.record(*value);
                }
            })
        }),
        Contender::timed("Mutex of sketches-ddsketch", || {
            let sketch = Mutex::new(sketches_ddsketch::DDSketch::default());
            both(n, || {
                for value in values {
                    sketch.lock().expect("no panic").add(*value);
                }
            })
        }),
    ];
    race(
        &format!("threads {distribution}: two at once (ns per value and thread)"),
        plan.rounds,
        contenders,
    )
}
