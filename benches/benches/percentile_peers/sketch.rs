//! Four quantiles in one call, and merging.

use histogram::{Histogram as Iop, Histogram32 as Iop32};
use phasegate_benches::percentile::{Contender, DISTRIBUTIONS, Outcome, Plan, race, sample};
use phasegate_percentile::{CountHistogram, Histogram};

const QS: [f64; 4] = [0.5, 0.95, 0.99, 0.999];
/// Repetitions per round.
const TIMES: usize = 1_000;

/// All peers, filled with the same values.
struct Filled {
    ours: Histogram,
    counts: CountHistogram,
    iop: Iop,
    iop32: Iop32,
    hdr: hdrhistogram::Histogram<u64>,
    base2: base2histogram::Histogram<()>,
    ddsketchy: ddsketchy::DDSketch,
    sketches_ddsketch: sketches_ddsketch::DDSketch,
    quantile_sketch: quantile_sketch::ConcurrentDDSketch,
}

impl Filled {
    fn new(distribution: &str, n: usize, seed: u64) -> Self {
        let values = sample(distribution, n, seed);
        let mut filled = Self {
            ours: Histogram::new(),
            counts: CountHistogram::new(),
            iop: Iop::new(6, 64).expect("valid"),
            iop32: Iop32::new(6, 64).expect("valid"),
            hdr: hdrhistogram::Histogram::new_with_bounds(1, 1 << 62, 2).expect("valid"),
            base2: base2histogram::Histogram::with_log_scale(7, 1),
            ddsketchy: ddsketchy::DDSketch::new(0.01).expect("valid"),
            sketches_ddsketch: sketches_ddsketch::DDSketch::default(),
            quantile_sketch: quantile_sketch::ConcurrentDDSketch::new(),
        };
        filled.ours.record_slice(&values);
        filled.counts.record_slice(&values);
        for value in values {
            let whole = (value * 1e6) as u64;
            let _ = filled.iop.increment(whole);
            let _ = filled.iop32.increment(whole);
            let _ = filled.hdr.record(whole);
            filled.base2.record(whole);
            filled.ddsketchy.add(value);
            filled.sketches_ddsketch.add(value);
            filled.quantile_sketch.insert(value);
        }
        filled
    }
}

pub fn run(plan: &Plan) -> Vec<Outcome> {
    let n = 1_000_000 / plan.reduce;
    let mut outcomes = Vec::new();
    for distribution in DISTRIBUTIONS {
        if plan.wants(&format!("query {distribution}")) {
            let filled = Filled::new(distribution, n, 1);
            outcomes.push(query(plan, distribution, &filled));
        }
        if plan.wants(&format!("merge {distribution}")) {
            let mut left = Filled::new(distribution, n, 1);
            let right = Filled::new(distribution, n, 2);
            outcomes.push(merge(plan, distribution, &mut left, &right));
        }
    }
    outcomes
}

fn query(plan: &Plan, distribution: &str, of: &Filled) -> Outcome {
    let times = TIMES / plan.reduce;
    let contenders = vec![
        Contender::new("**ours**", times, || {
            let mut answers = [None; 4];
            for _ in 0..times {
                std::hint::black_box(&of.ours).quantiles(&QS, std::hint::black_box(&mut answers));
            }
            answers
        }),
        Contender::new("ddsketchy", times, || {
            let mut sum = 0.0;
            for _ in 0..times {
                for q in QS {
                    sum += std::hint::black_box(&of.ddsketchy)
                        .quantile(q)
                        .unwrap_or(0.0);
                }
            }
            sum
        }),
        Contender::new("sketches-ddsketch", times, || {
            let mut sum = 0.0;
            for _ in 0..times {
                for q in QS {
                    let answer = std::hint::black_box(&of.sketches_ddsketch).quantile(q);
                    sum += answer.ok().flatten().unwrap_or(0.0);
                }
            }
            sum
        }),
        Contender::new("histogram", times, || {
            for _ in 0..times {
                let _ = std::hint::black_box(std::hint::black_box(&of.iop).quantiles(&QS));
            }
        }),
        Contender::new("histogram u32", times, || {
            for _ in 0..times {
                let _ = std::hint::black_box(std::hint::black_box(&of.iop32).quantiles(&QS));
            }
        }),
        Contender::new("hdrhistogram", times, || {
            let mut sum = 0;
            for _ in 0..times {
                for q in QS {
                    sum += std::hint::black_box(&of.hdr).value_at_quantile(q);
                }
            }
            sum
        }),
        Contender::new("base2histogram", times, || {
            let mut sum = 0;
            for _ in 0..times {
                sum += std::hint::black_box(&of.base2)
                    .percentiles(&QS)
                    .sum::<u64>();
            }
            sum
        }),
        Contender::new("quantile-sketch", times, || {
            let mut answers = [None; 4];
            for _ in 0..times {
                std::hint::black_box(&of.quantile_sketch).quantiles(&QS, &mut answers);
            }
            answers
        }),
    ];
    race(
        &format!("query {distribution}: p50, p95, p99, p99.9 (ns for the four)"),
        plan.rounds,
        contenders,
    )
}

fn merge(plan: &Plan, distribution: &str, into: &mut Filled, of: &Filled) -> Outcome {
    let times = TIMES / plan.reduce;
    let Filled {
        ours,
        counts,
        iop,
        iop32,
        hdr,
        base2,
        ddsketchy,
        sketches_ddsketch,
        quantile_sketch,
    } = into;
    let contenders = vec![
        Contender::new("**ours** counts, min, max", times, || {
            (0..times).for_each(|_| {
                counts
                    .merge(std::hint::black_box(&of.counts))
                    .expect("alike")
            });
        }),
        Contender::new("**ours** with exact sum", times, || {
            (0..times).for_each(|_| ours.merge(std::hint::black_box(&of.ours)).expect("alike"));
        }),
        Contender::new("ddsketchy", times, || {
            (0..times).for_each(|_| {
                ddsketchy
                    .merge(std::hint::black_box(&of.ddsketchy))
                    .expect("alike")
            });
        }),
        Contender::new("sketches-ddsketch", times, || {
            (0..times).for_each(|_| {
                sketches_ddsketch
                    .merge(std::hint::black_box(&of.sketches_ddsketch))
                    .expect("alike");
            });
        }),
        Contender::new("histogram", times, || {
            (0..times).for_each(|_| {
                iop.checked_add_assign(std::hint::black_box(&of.iop))
                    .expect("alike")
            });
        }),
        Contender::new("histogram u32", times, || {
            // It refuses to overflow, so it starts again from the other's counts each time.
            for _ in 0..times {
                let _ = std::hint::black_box(iop32.checked_add(std::hint::black_box(&of.iop32)));
            }
        }),
        Contender::new("hdrhistogram", times, || {
            (0..times).for_each(|_| hdr.add(std::hint::black_box(&of.hdr)).expect("alike"));
        }),
        Contender::new("base2histogram", times, || {
            (0..times).for_each(|_| base2.merge(std::hint::black_box(&of.base2)));
        }),
        Contender::new("quantile-sketch", times, || {
            for _ in 0..times {
                let _ = quantile_sketch.merge(std::hint::black_box(&of.quantile_sketch));
            }
        }),
    ];
    race(
        &format!("merge {distribution} (ns)"),
        plan.rounds,
        contenders,
    )
}
