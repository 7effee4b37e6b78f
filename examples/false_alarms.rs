//! How often does a healthy rollout alarm when one looks 50 times, and how soon is a sick one noticed?
//!
//! Runs every method of `phasegate-sla` at nominal 5 % beside fixed-sample tests and Kayenta's rule, with
//! fixed seeds, and prints two tables:
//!
//! ```text
//! cargo run --release -p phasegate-examples --example false_alarms
//! ```

use phasegate_sla::judge::kayenta::{Classification, Direction, MetricConfig, classify};
use phasegate_sla::statistics::fixed::{KolmogorovTest, MannWhitney, Table, fisher, welch};
use phasegate_sla::statistics::mean::{
    AsymptoticComparison, BettingTest, Beyond, Moments, Scale, ValueRange,
};
use phasegate_sla::statistics::quantile::{DistributionTest, PooledArms, QuantileComparison};
use phasegate_sla::statistics::rate::{ArmsTest, PriorStrength, RateTest, SloTest};
use phasegate_sla::statistics::{Alpha, Counts, Rate};

/// Samples that each arm gets between two looks.
const PER_LOOK: usize = 100;
/// Looks at a rollout.
const LOOKS: usize = 50;
/// Rollouts simulated for each cell.
const RUNS: u64 = 200;

type Outcome = Result<bool, Box<dyn std::error::Error>>;
/// Whether the method alarms on the samples so far (canary, control).
type Method<'a> = (&'a str, bool, Box<dyn Fn(&[f64], &[f64]) -> Outcome>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alpha = Alpha::new(0.05)?;
    println!("errors: share of rollouts that alarm, and median samples an arm until they do");
    table(
        &rate_methods(alpha)?,
        &[
            ("1%=1%", [0.01, 0.01]),
            ("1->2%", [0.02, 0.01]),
            ("1->5%", [0.05, 0.01]),
        ],
        |noise, rate| f64::from(u8::from(noise.uniform() < rate)),
    )?;
    println!("\nlatency (log-normal, 200 ms, sigma 0.5):");
    table(
        &latency_methods(alpha)?,
        &[
            ("same", [1.0, 1.0]),
            ("+10%", [1.1, 1.0]),
            ("+25%", [1.25, 1.0]),
        ],
        |noise, factor| 200.0 * factor * (0.5 * noise.normal()).exp(),
    )
}

fn rate_methods(alpha: Alpha) -> Result<Vec<Method<'static>>, Box<dyn std::error::Error>> {
    let counts = |samples: &[f64]| {
        let hits = samples.iter().filter(|x| **x > 0.5).count();
        Counts::new(hits as u64, samples.len() as u64)
    };
    let one_percent = Rate::new(0.01)?;
    let half = Rate::new(0.5)?;
    let arms = |k| -> Result<ArmsTest, Box<dyn std::error::Error>> {
        Ok(ArmsTest::new(half).with_prior(PriorStrength::new(k)?))
    };
    let (small, default, large) = (arms(2.0)?, arms(10.0)?, arms(100.0)?);
    let between = move |test: ArmsTest| {
        move |x: &[f64], y: &[f64]| -> Outcome {
            let (canary, control) = (counts(x)?.hits(), counts(y)?.hits());
            Ok(test.different(canary, control).rejects(alpha))
        }
    };
    let asymptotic = AsymptoticComparison::new(alpha, Scale::Absolute);
    Ok(vec![
        (
            "fixed: Fisher",
            false,
            Box::new(move |x, y| {
                Ok(fisher(Table {
                    x: counts(x)?,
                    y: counts(y)?,
                })
                .p
                .two_sided
                    <= 0.05)
            }),
        ),
        (
            "fixed: Welch",
            false,
            Box::new(|x, y| {
                let moments = |samples: &[f64]| samples.iter().copied().collect::<Moments>();
                Ok(welch(moments(x), moments(y)).is_ok_and(|found| found.p.two_sided <= 0.05))
            }),
        ),
        ("arms, k = 2", true, Box::new(between(small))),
        ("arms, k = 10 (default)", true, Box::new(between(default))),
        ("arms, k = 100", true, Box::new(between(large))),
        (
            "arms, canary worse",
            true,
            Box::new(move |x, y| {
                Ok(default
                    .worse(counts(x)?.hits(), counts(y)?.hits())
                    .rejects(alpha))
            }),
        ),
        (
            "rate above 1%",
            true,
            Box::new(move |x, _| Ok(RateTest::new(one_percent).above(counts(x)?).rejects(alpha))),
        ),
        (
            "CSM above 1%",
            true,
            Box::new(move |x, _| Ok(SloTest::new(one_percent).is_above(counts(x)?, alpha))),
        ),
        (
            "betting above 1%",
            true,
            Box::new(move |x, _| {
                let mut test = BettingTest::new(ValueRange::unit(), 0.01, alpha)?;
                x.iter().try_for_each(|x| test.record(*x))?;
                Ok(test.above().rejects(alpha))
            }),
        ),
        (
            "asymptotic difference",
            true,
            Box::new(move |x, y| {
                let moments = |samples: &[f64]| samples.iter().copied().collect::<Moments>();
                Ok(asymptotic
                    .compare(moments(x), moments(y))?
                    .evidence
                    .rejects(alpha))
            }),
        ),
    ])
}

fn latency_methods(alpha: Alpha) -> Result<Vec<Method<'static>>, Box<dyn std::error::Error>> {
    let quantile = |p| -> Result<_, Box<dyn std::error::Error>> {
        let comparison = QuantileComparison::new(Rate::new(p)?);
        Ok(move |x: &[f64], y: &[f64]| -> Outcome {
            Ok(comparison
                .different(&PooledArms::from_samples(x, y)?)
                .rejects(alpha))
        })
    };
    let kayenta = MetricConfig {
        direction: Direction::Either,
        ..MetricConfig::default()
    };
    let range = ValueRange::new(0.0, 2_000.0, Beyond::Cap)?;
    // The mean of the control's distribution: 200 e^(0.5²/2).
    let mean = 200.0 * 0.125_f64.exp();
    let asymptotic = AsymptoticComparison::new(alpha, Scale::Relative);
    Ok(vec![
        (
            "fixed: Mann-Whitney",
            false,
            Box::new(|x, y| Ok(MannWhitney::new(x, y)?.normal(true).p.two_sided <= 0.05)),
        ),
        (
            "fixed: Kolmogorov-Smirnov",
            false,
            Box::new(|x, y| Ok(KolmogorovTest::new(x, y)?.asymptotic().p.two_sided <= 0.05)),
        ),
        (
            "Kayenta, means of 50",
            false,
            Box::new(move |x, y| {
                let points = |samples: &[f64]| -> Vec<f64> {
                    samples
                        .chunks(50)
                        .map(|part| part.iter().sum::<f64>() / 50.0)
                        .collect()
                };
                let found = classify(&points(y), &points(x), &kayenta).classification;
                Ok(matches!(found, Classification::High | Classification::Low))
            }),
        ),
        ("quantile p50", true, Box::new(quantile(0.5)?)),
        ("quantile p95", true, Box::new(quantile(0.95)?)),
        ("quantile p99", true, Box::new(quantile(0.99)?)),
        (
            "whole distribution",
            true,
            Box::new(move |x, y| {
                Ok(DistributionTest::new(alpha).differ(&PooledArms::from_samples(x, y)?))
            }),
        ),
        (
            "betting, mean capped at 2 s",
            true,
            Box::new(move |x, _| {
                let mut test = BettingTest::new(range, mean, alpha)?;
                x.iter().try_for_each(|x| test.record(*x))?;
                Ok(test.above().rejects(alpha))
            }),
        ),
        (
            "asymptotic relative",
            true,
            Box::new(move |x, y| {
                let moments = |samples: &[f64]| samples.iter().copied().collect::<Moments>();
                Ok(asymptotic
                    .compare(moments(x), moments(y))?
                    .evidence
                    .rejects(alpha))
            }),
        ),
    ])
}

/// Prints a row for each method and a column for each case; the first case is the healthy one.
fn table(
    methods: &[Method<'_>],
    cases: &[(&str, [f64; 2])],
    draw: impl Fn(&mut Noise, f64) -> f64,
) -> Result<(), Box<dyn std::error::Error>> {
    print!("{:<30}", "method");
    for (name, _) in cases {
        print!("{name:>18}");
    }
    println!();
    for (name, is_valid, alarms) in methods {
        print!("{name:<30}");
        for (place, (_, [canary, control])) in cases.iter().enumerate() {
            let mut first_alarms = Vec::new();
            for seed in 0..RUNS {
                let mut noise = Noise(seed * 7_919 + place as u64);
                let (mut x, mut y) = (Vec::new(), Vec::new());
                for _ in 0..LOOKS {
                    x.extend((0..PER_LOOK).map(|_| draw(&mut noise, *canary)));
                    y.extend((0..PER_LOOK).map(|_| draw(&mut noise, *control)));
                    if alarms(&x, &y)? {
                        first_alarms.push(x.len());
                        break;
                    }
                }
            }
            let share = first_alarms.len() as f64 / RUNS as f64;
            first_alarms.sort_unstable();
            match first_alarms.get(first_alarms.len() / 2) {
                Some(median) if place > 0 => print!("{:>18}", format!("{share:.3} @ {median}")),
                _ => print!("{share:>18.3}"),
            }
            assert!(
                place > 0 || !is_valid || share <= 0.05,
                "{name} alarms in {share}"
            );
        }
        println!();
    }
    Ok(())
}

/// `SplitMix64`, so that the tables never change.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
