//! Latency: a value for each request.

use phasegate_sla::judge::kayenta::{Classification, Direction, MetricConfig, classify};
use phasegate_sla::statistics::fixed::{KolmogorovTest, MannWhitney};
use phasegate_sla::statistics::mean::{
    AsymptoticComparison, BettingTest, Beyond, BoundedMeanTest, Moments, Scale, ValueRange,
};
use phasegate_sla::statistics::quantile::{
    DistributionTest, PercentileTest, PooledArms, QuantileComparison,
};
use phasegate_sla::statistics::rate::PriorStrength;
use phasegate_sla::statistics::{Alpha, Counts, Decision, Rate};

use crate::{Method, Methods, Outcome};

/// The mean of the control's distribution, e^(0.5²/2) times its median of 200 ms, and its 95th percentile,
/// e^(0.5 · 1.644853627) times it.
const MEAN: f64 = 226.629_690_613_365;
const P95: f64 = 455.203_321_702_863;
/// Values above are taken as two seconds.
const CAP: f64 = 2_000.0;

pub(super) fn methods(alpha: Alpha) -> Methods {
    let mut all = fixed();
    all.extend(of_arms(alpha)?);
    all.extend(of_one(alpha)?);
    Ok(all)
}

fn fixed() -> Vec<Method> {
    let kayenta = MetricConfig {
        direction: Direction::Either,
        ..MetricConfig::default()
    };
    vec![
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
    ]
}

fn of_arms(alpha: Alpha) -> Methods {
    let quantile = |name, p| -> Result<Method, Box<dyn std::error::Error>> {
        let comparison = QuantileComparison::new(Rate::new(p)?);
        let alarms = move |x: &[f64], y: &[f64]| -> Outcome {
            let arms = PooledArms::from_samples(x, y)?;
            Ok(comparison.different(&arms).rejects(alpha))
        };
        Ok((name, true, Box::new(alarms)))
    };
    let asymptotic = AsymptoticComparison::new(alpha, Scale::Relative);
    Ok(vec![
        quantile("quantile p50", 0.5)?,
        quantile("quantile p95", 0.95)?,
        quantile("quantile p99", 0.99)?,
        (
            "whole distribution",
            true,
            Box::new(move |x, y| {
                Ok(DistributionTest::new(alpha).differ(&PooledArms::from_samples(x, y)?))
            }),
        ),
        (
            "asymptotic relative",
            true,
            Box::new(move |x, y| {
                let moments = |samples: &[f64]| samples.iter().copied().collect::<Moments>();
                let outcome = asymptotic.compare(moments(x), moments(y))?;
                Ok(outcome.evidence.rejects(alpha))
            }),
        ),
    ])
}

fn of_one(alpha: Alpha) -> Methods {
    let range = ValueRange::new(0.0, CAP, Beyond::Cap)?;
    let prior = PriorStrength::for_criteria(alpha);
    let bounded = BoundedMeanTest::new(range, MEAN)?.with_prior(prior);
    let percentile = PercentileTest::new(Rate::new(0.95)?).with_prior(prior);
    Ok(vec![
        (
            "p95 not below its own (criteria)",
            true,
            Box::new(move |x, _| {
                let below = x.iter().filter(|x| **x < P95).count();
                let counts = Counts::new(below as u64, x.len() as u64)?;
                Ok(percentile.decide_below(counts, alpha) == Decision::Violated)
            }),
        ),
        (
            "bounded mean, capped at 2 s (criteria)",
            true,
            Box::new(move |x, _| {
                let sum = x.iter().map(|x| x.min(CAP)).sum();
                Ok(bounded.decide(x.len() as u64, sum, alpha)? == Decision::Violated)
            }),
        ),
        (
            "betting, mean capped at 2 s",
            true,
            Box::new(move |x, _| {
                let mut test = BettingTest::new(range, MEAN, alpha)?;
                x.iter().try_for_each(|x| test.record(*x))?;
                Ok(test.above().rejects(alpha))
            }),
        ),
    ])
}
