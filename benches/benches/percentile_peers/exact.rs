//! Exact quantiles of a batch, the input left as it is.

use phasegate_benches::percentile::{Contender, DISTRIBUTIONS, Outcome, Plan, race, sample};
use phasegate_percentile::exact::{Definition, Selector};

const QS: [f64; 4] = [0.5, 0.95, 0.99, 0.999];

pub fn run(plan: &Plan) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for distribution in DISTRIBUTIONS {
        // Many batches of the small sizes, so that branch predictors cannot learn one of them.
        for (n, batches) in [(1_000, 256), (100_000, 4), (10_000_000, 1)] {
            let n = n / plan.reduce;
            if plan.wants(&format!("exact {distribution} {n}")) {
                outcomes.push(one(plan, distribution, n, batches));
            }
        }
    }
    outcomes
}

fn one(plan: &Plan, distribution: &str, n: usize, batches: usize) -> Outcome {
    let data: Vec<Vec<f64>> = (0..batches)
        .map(|seed| sample(distribution, n, seed as u64 + 1))
        .collect();
    let data = &data;
    let ranks = QS.map(|q| ((q * n as f64).ceil() as usize).max(1) - 1);
    let mut selector = Selector::new();
    let (mut copy, mut other) = (Vec::new(), Vec::new());
    let mut contenders = vec![
        Contender::new("**ours**", n * batches, move || {
            let mut sum = 0.0;
            for values in data {
                let mut answers = [0.0; 4];
                let _ = selector.quantiles(values, &QS, Definition::InverseCdf, &mut answers);
                sum += answers[0];
            }
            sum
        }),
        Contender::new(
            "std select_nth_unstable, ascending on the tail",
            n * batches,
            move || {
                let mut sum = 0.0;
                for values in data {
                    copy.clear();
                    copy.extend_from_slice(values);
                    let mut start = 0;
                    for rank in ranks {
                        let rest: &mut [f64] = &mut copy[start..];
                        let by = |a: &f64, b: &f64| a.partial_cmp(b).expect("no NaN");
                        sum += *rest.select_nth_unstable_by(rank - start, by).1;
                        start = rank;
                    }
                }
                sum
            },
        ),
        Contender::new("std sort_unstable", n * batches, move || {
            let mut sum = 0.0;
            for values in data {
                other.clear();
                other.extend_from_slice(values);
                other.sort_unstable_by(|a: &f64, b| a.partial_cmp(b).expect("no NaN"));
                sum += other[ranks[0]];
            }
            sum
        }),
    ];
    let large = n > 1_000_000;
    let rounds = if large {
        // Sorting ten million values takes seconds and is not what anybody would choose.
        contenders.pop();
        plan.rounds.min(5)
    } else {
        plan.rounds
    };
    race(
        &format!("exact {distribution}, n = {n}: p50, p95, p99, p99.9 (ns per value)"),
        rounds,
        contenders,
    )
}
