//! What a look costs: 1,000 criteria with their findings (wanted: under 1 ms), one update of an e-process
//! (under 200 ns), and
//! Mann–Whitney with its interval on 10,000 points a side against scipy (5 times faster).
//!
//! ```text
//! cargo bench -p phasegate-benches --bench statistics
//! python3 -m venv venv && venv/bin/pip install scipy
//! PHASEGATE_PYTHON=venv/bin/python cargo bench -p phasegate-benches --bench statistics
//! ```
//!
//! Where `python3`, or what `PHASEGATE_PYTHON` names, has scipy, samples of the same distribution go to it
//! in the same run. scipy has the test and no interval: the interval there is numpy's partition of all
//! differences, or the root search on `rankdata`, whichever is faster. Results: `benches/statistics.md`.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use phasegate_core::{Answer, Measurement, Observed, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_criterion::{Kpi, KpiRegistry, Queries, Shape};
use phasegate_sla::statistics::fixed::{MannWhitney, shift_interval};
use phasegate_sla::statistics::mean::{BettingTest, ValueRange};
use phasegate_sla::statistics::rate::{RateMonitor, RateStream, RateTest, SloTest};
use phasegate_sla::statistics::{Alpha, Counts, Rate};
use phasegate_sla::{Prepared, Testimony, Verdict};

/// What an update of an e-process may cost.
const UPDATE_NANOS: f64 = 200.0;

/// What looking at a thousand criteria may cost.
const LOOK_MILLIS: f64 = 1.0;

/// Samples on each side.
const SAMPLES: usize = 10_000;

fn main() {
    // `cargo test --benches` runs everything once.
    let once = !std::env::args().any(|argument| argument == "--bench");
    let updates = if once { 1 } else { 200_000 };
    let alpha = Alpha::new(0.05).unwrap();
    let rate = RateTest::new(Rate::new(0.01).unwrap());
    let slo = SloTest::new(Rate::new(0.01).unwrap());
    let nanos = |name: &str, update: &mut dyn FnMut(u64) -> f64| {
        let mut best = f64::INFINITY;
        for _ in 0..if once { 1 } else { 5 } {
            let start = Instant::now();
            for i in 0..updates {
                black_box(update(black_box(i)));
            }
            best = best.min(start.elapsed().as_nanos() as f64 / updates as f64);
        }
        let of_goal = 100.0 * best / UPDATE_NANOS;
        println!("{name:<44} {best:>10.1} ns {of_goal:>6.0} % of the goal");
        best
    };
    let within = |name: &str, update: &mut dyn FnMut(u64) -> f64| {
        let taken = nanos(name, update);
        assert!(once || taken < UPDATE_NANOS, "{name}: {taken} ns");
    };
    let counts = |i: u64| Counts::new((i + 50) / 100, i + 50).unwrap();
    let mut stream = RateStream::new(rate);
    within("e-process update, one event", &mut |i| {
        stream.record(i % 100 == 0);
        stream.evidence().nats()
    });
    let mut stream = RateStream::new(rate);
    let (some, few) = (Counts::new(1, 100).unwrap(), Counts::new(0, 100).unwrap());
    let (many, others) = (Counts::new(4, 500).unwrap(), Counts::new(6, 500).unwrap());
    within("e-process update, a batch of events", &mut |i| {
        stream.record_all(if i % 2 == 0 { some } else { few });
        stream.evidence().nats()
    });
    for (side, new) in [
        ("above", RateStream::above(rate)),
        ("below", RateStream::below(rate)),
    ] {
        let mut stream = new;
        within(&format!("one-sided ({side}), one event"), &mut |i| {
            stream.record(i % 100 == 0);
            stream.evidence().nats()
        });
        let mut stream = new;
        within(
            &format!("one-sided ({side}), one event, no hits"),
            &mut |_| {
                stream.record(false);
                stream.evidence().nats()
            },
        );
    }
    // Batches that stay near the threshold, where no series is short.
    for (n, batch) in [(1_000, [some, few]), (100_000_000, [many, others])] {
        let new = RateStream::above(rate);
        let mut stream = new;
        within(
            &format!("one-sided, a batch of events, n to {n}"),
            &mut |i| {
                if stream.counts().trials() >= n {
                    stream = new;
                }
                stream.record_all(batch[(i % 2) as usize]);
                stream.evidence().nats()
            },
        );
    }
    within("e-process from counts alone, two-sided", &mut |i| {
        rate.two_sided(counts(i)).nats()
    });
    let prepared = rate.prepared();
    for n in [1_000, 10_000, 200_000] {
        within(&format!("prepared, one-sided, n to {n}"), &mut |i| {
            prepared.above(counts(i % n)).nats()
        });
        nanos(&format!("prepared, both sides, n to {n}"), &mut |i| {
            prepared.sides(counts(i % n))[1].nats()
        });
    }
    for (name, times) in [("half", 0.5), ("twice", 2.0)] {
        within(
            &format!("prepared, {name} the threshold's hits"),
            &mut |i| {
                let hits = ((i + 50) as f64 * 0.01 * times) as u64;
                prepared.above(Counts::new(hits, i + 50).unwrap()).nats()
            },
        );
    }
    nanos("unprepared, one-sided, n to 200,000", &mut |i| {
        rate.above(counts(i)).nats()
    });
    let mut monitor = RateMonitor::new(rate);
    nanos("monitor: a batch on both sides", &mut |i| {
        monitor.record(if i % 2 == 0 { some } else { few });
        monitor.above().nats()
    });
    nanos("CSM level", &mut |i| slo.level(counts(i)));
    let mut betting = BettingTest::new(ValueRange::unit(), 0.5, alpha).unwrap();
    nanos("betting update", &mut |i| {
        betting.record((i % 7) as f64 / 7.0).unwrap();
        betting.above().nats()
    });

    thousand_criteria(once);

    let (x, y) = (samples(1, 1.05), samples(2, 1.0));
    let mut best = f64::INFINITY;
    for _ in 0..if once { 1 } else { 7 } {
        let start = Instant::now();
        let p = MannWhitney::new(&x, &y).unwrap().normal(true).p;
        let shift = shift_interval(&x, &y, alpha).unwrap();
        black_box((p, shift));
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    println!(
        "{:<44} {best:>10.2} ms",
        "Mann-Whitney with interval, 10,000 a side"
    );
    if once {
        return;
    }
    let python = std::env::var("PHASEGATE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    match scipy_millis(&python) {
        Ok(theirs) => {
            println!("{:<44} {theirs:>10.2} ms", "the same with scipy and numpy");
            println!("{:<44} {:>10.1} times", "faster", theirs / best);
            assert!(theirs >= 5.0 * best, "not five times as fast");
        }
        Err(why) => println!("SKIPPED: beside scipy: {why}"),
    }
}

/// A thousand criteria, each on a KPI of its own, with their answers at hand: their verdicts, and their
/// findings with the sentences.
fn thousand_criteria(once: bool) {
    let mut kpis = KpiRegistry::new();
    let (at, kind) = (
        Timestamp::EPOCH + Span::from_secs(300),
        WindowKind::SinceStart,
    );
    let window = Window {
        start: Timestamp::EPOCH,
        end: at,
        kind,
    };
    let mut all = Vec::new();
    for n in 0..1_000_u32 {
        let (unit, shape) = match n % 3 {
            0 => ("%", Shape::Ratio),
            1 => ("ms", Shape::Distribution),
            _ => ("GB", Shape::Gauge),
        };
        let id = format!("kpi{n}");
        let source = "prometheus".parse().unwrap();
        let mut kpi = Kpi::new(id.parse().unwrap(), unit.parse().unwrap(), shape, source);
        kpi.queries = Queries::whole(format!("query {n}"));
        kpis.declare(kpi).unwrap();
        let text = match n % 3 {
            0 => format!("ratio({id}) < 1% min 100 samples"),
            1 => format!("p95({id}) < 200ms"),
            _ => format!("{id} < 80GB"),
        };
        let prepared = Prepared::new(text.parse().unwrap(), &kpis, &|_, _| true).unwrap();
        let answers: Vec<Option<Answer>> = prepared
            .needs()
            .iter()
            .map(|need| {
                let observed = match &need.wants {
                    Wants::Below { threshold, .. } => Observed::Below {
                        threshold: *threshold,
                        below: 990,
                        total: 1_000,
                    },
                    Wants::Share => Observed::Share {
                        matching: 3,
                        total: 1_000,
                    },
                    _ => Observed::Scalar {
                        value: "61.5".parse().unwrap(),
                    },
                };
                Some(Ok(Measurement {
                    window,
                    samples: 1_000,
                    observed,
                }))
            })
            .collect();
        all.push((prepared, answers));
    }
    let nobody = Testimony::default();
    fn given(answers: &[Option<Answer>]) -> Vec<Option<&Answer>> {
        answers.iter().map(Option::as_ref).collect()
    }
    let millis = |name: &str, look: &mut dyn FnMut() -> usize| {
        let mut best = f64::INFINITY;
        for _ in 0..if once { 1 } else { 100 } {
            let start = Instant::now();
            assert_eq!(black_box(look()), 1_000);
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
        }
        let of_goal = 100.0 * best / LOOK_MILLIS;
        println!("{name:<44} {best:>10.3} ms {of_goal:>6.0} % of the goal");
        assert!(once || best < LOOK_MILLIS, "{name}: {best} ms");
    };
    millis("1,000 criteria, verdicts", &mut || {
        let verdict = |(prepared, answers): &(Prepared, Vec<_>)| {
            prepared.verdict(&kpis, black_box(&given(answers)), &nobody, at)
        };
        all.iter()
            .map(verdict)
            .filter(|v| *v == Verdict::Pass)
            .count()
    });
    millis("1,000 criteria, findings with sentences", &mut || {
        let finding = |(prepared, answers): &(Prepared, Vec<_>)| {
            prepared.finding(&kpis, black_box(&given(answers)), &nobody, at)
        };
        all.iter()
            .map(finding)
            .filter(|f| f.verdict == Verdict::Pass)
            .count()
    });
}

/// Log-normal latencies by the generator that the script below repeats.
fn samples(seed: u64, factor: f64) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    };
    (0..SAMPLES)
        .map(|_| {
            let radius = (-2.0 * (1.0 - uniform()).ln()).sqrt();
            200.0 * factor * (0.5 * radius * (std::f64::consts::TAU * uniform()).cos()).exp()
        })
        .collect()
}

/// The best of three in scipy, without its start; or why there is none.
fn scipy_millis(python: &str) -> Result<f64, String> {
    let output = Command::new(python)
        .args(["-c", SCRIPT])
        .output()
        .map_err(|fault| format!("{python}: {fault}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if !output.status.success() {
        let stderr = said(&output.stderr);
        return Err(stderr.lines().last().unwrap_or("it failed").to_owned());
    }
    said(&output.stdout)
        .parse()
        .map_err(|_fault| "no number of milliseconds".to_owned())
}

const SCRIPT: &str = r"
import time, numpy as np
from scipy import stats, optimize
rng = np.random.default_rng(1)
x = 210 * np.exp(0.5 * rng.standard_normal(10000)); y = 200 * np.exp(0.5 * rng.standard_normal(10000))
n, m = len(x), len(y); z = stats.norm.ppf(0.975); s = (n * m * (n + m + 1) / 12) ** 0.5
def listed():
    stats.mannwhitneyu(x, y, method='asymptotic')
    d = np.subtract.outer(x, y).ravel(); k = int(n * m / 2 - z * s - 0.5)
    d.partition([k, n * m // 2, n * m - k - 1]); return d[k], d[n * m // 2], d[n * m - k - 1]
def searched():
    stats.mannwhitneyu(x, y, method='asymptotic')
    w = lambda mu, q: (stats.rankdata(np.concatenate([x - mu, y]))[:n].sum() - n * (n + 1) / 2 - n * m / 2) / s - q
    a, b = x.min() - y.max(), x.max() - y.min()
    return [optimize.brentq(w, a, b, args=(q,), xtol=1e-9) for q in (z, 0, -z)]
best = 1e9
for f in (listed, searched):
    for _ in range(3):
        t = time.perf_counter(); f(); best = min(best, (time.perf_counter() - t) * 1e3)
print(best)
";
