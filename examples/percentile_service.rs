//! Question: how does a service use only the percentile crate?
//!
//! Four workers record into one shared recorder; a reader takes snapshots. Nothing is lost or counted
//! twice, and the gate on p95 rests on two exact integers rather than on buckets.

use phasegate_percentile::{Histogram, Ppm, ThresholdCounter};

fn main() {
    let workers: Vec<_> = (0..4u32)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut latencies = Histogram::new();
                let mut below = ThresholdCounter::new(25.0).expect("a threshold");
                for n in 0..10_000u32 {
                    let millis = 1.0 + f64::from((n * 7 + worker) % 30);
                    latencies.record(millis);
                    below.record(millis);
                }
                (latencies, below)
            })
        })
        .collect();
    let mut all = Histogram::new();
    let mut below = ThresholdCounter::new(25.0).expect("a threshold");
    for worker in workers {
        let (latencies, counter) = worker.join().expect("no worker broke");
        all.merge(&latencies).expect("the counts fit");
        below.merge(&counter).expect("the same threshold");
    }
    for q in [0.5, 0.95, 0.99] {
        let estimate = all.quantile(q).expect("values");
        println!(
            "p{:<4} {:6.2} ms (true value in {:.2}..{:.2})",
            q * 100.0,
            estimate.value,
            estimate.low,
            estimate.high
        );
        assert!(estimate.low <= estimate.value && estimate.value <= estimate.high);
    }
    println!("{} of {} below 25 ms", below.below(), below.count());
    assert_eq!((all.count(), below.count()), (40_000, 40_000));
    // "p95 < 25 ms" by counting, whatever the buckets: here a fifth of all lie above.
    let p95 = Ppm::new(950_000).expect("a share");
    assert_eq!(below.is_percentile_below(p95), Some(false));
}
