//! A sliding window of 30 slots of 10 s: 1000 events a second, four quantiles each second.

use std::{hint::black_box, time::Duration};

use histogram::Histogram as Iop;
use phasegate_benches::percentile::{Contender, Outcome, Plan, race, sample};
use phasegate_percentile::{CountHistogram, Histogram, Window};

const QS: [f64; 4] = [0.5, 0.95, 0.99, 0.999];
const SLOTS: usize = 30;

pub fn run(plan: &Plan) -> Vec<Outcome> {
    ["lognormal", "constant", "wide", "spike"]
        .into_iter()
        .filter(|distribution| plan.wants(&format!("window {distribution}")))
        .map(|distribution| one(plan, distribution))
        .collect()
}

fn one(plan: &Plan, distribution: &str) -> Outcome {
    // Ten minutes of events.
    let n = 600_000 / plan.reduce;
    let values = &sample(distribution, n, 1);
    let whole: &Vec<u64> = &values.iter().map(|value| (value * 1e6) as u64).collect();
    let contenders = vec![
        Contender::new("**ours** counts, min, max", n, || {
            ours(
                Window::new(CountHistogram::new(), Duration::from_secs(10), SLOTS),
                values,
            )
        }),
        Contender::new("**ours** with exact sum", n, || {
            ours(
                Window::new(Histogram::new(), Duration::from_secs(10), SLOTS),
                values,
            )
        }),
        Contender::new("histogram, a ring with a running total by hand", n, || {
            by_hand(whole)
        }),
        Contender::new("base2histogram with_slots", n, || {
            let mut histogram = base2histogram::Histogram::<()>::with_log_scale(7, SLOTS);
            let mut sum = 0;
            for (second, values) in whole.chunks(1000).enumerate() {
                if second > 0 && second % 10 == 0 {
                    histogram.advance(());
                }
                values.iter().for_each(|value| histogram.record(*value));
                sum += histogram.percentiles(&QS).sum::<u64>();
            }
            sum
        }),
        Contender::new("sketches-ddsketch, a ring merged when asked", n, || {
            let mut ring = vec![sketches_ddsketch::DDSketch::default(); SLOTS];
            let mut sum = 0.0;
            for (second, values) in values.chunks(1000).enumerate() {
                let slot = second / 10 % SLOTS;
                if second % 10 == 0 {
                    ring[slot] = sketches_ddsketch::DDSketch::default();
                }
                values.iter().for_each(|value| ring[slot].add(*value));
                let mut total = sketches_ddsketch::DDSketch::default();
                for slot in &ring {
                    total.merge(slot).expect("alike");
                }
                sum += total.quantile(0.99).ok().flatten().unwrap_or(0.0);
            }
            sum
        }),
    ];
    race(
        &format!("window {distribution}: 30 slots of 10 s, all in (ns per event)"),
        plan.rounds,
        contenders,
    )
}

fn ours<const SUM: bool>(
    window: Result<
        Window<phasegate_percentile::mapping::LogLinear, SUM>,
        phasegate_percentile::ConfigError,
    >,
    values: &[f64],
) -> f64 {
    let mut window = window.expect("valid");
    let mut answers = [None; 4];
    let mut sum = 0.0;
    for (second, values) in (0_u64..).zip(values.chunks(1000)) {
        let now = Duration::from_secs(second);
        values.iter().for_each(|value| {
            black_box(window.record(now, *value));
        });
        window.total(now).quantiles(&QS, &mut answers);
        sum += answers[0].map_or(0.0, |answer| answer.value);
    }
    sum
}

/// What people write by themselves: every value goes into its slot and into the total.
fn by_hand(values: &[u64]) -> u64 {
    let empty = Iop::new(6, 64).expect("valid");
    let mut ring = vec![empty.clone(); SLOTS];
    let mut total = empty.clone();
    let mut sum = 0;
    for (second, values) in values.chunks(1000).enumerate() {
        let slot = second / 10 % SLOTS;
        if second % 10 == 0 {
            total = total.wrapping_sub(&ring[slot]).expect("alike");
            ring[slot] = empty.clone();
        }
        for value in values {
            let _ = ring[slot].increment(*value);
            let _ = total.increment(*value);
        }
        if let Ok(Some(_answers)) = black_box(total.quantiles(&QS)) {
            sum += 1;
        }
    }
    sum
}
