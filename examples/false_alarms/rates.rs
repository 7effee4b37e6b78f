//! Errors: yes or no for each request.

use phasegate_sla::statistics::boundary::Sides;
use phasegate_sla::statistics::detect::{Detector, Recursion, bernoulli_increment};
use phasegate_sla::statistics::fixed::{GroupSequential, Table, fisher, welch};
use phasegate_sla::statistics::mean::{
    AsymptoticComparison, BettingTest, Moments, Scale, ValueRange,
};
use phasegate_sla::statistics::rate::{ArmsTest, PriorStrength, RateTest, SloTest};
use phasegate_sla::statistics::{Alpha, Counts, Decision, Rate, StatisticsError};

use crate::{LOOKS, Method, Methods, Outcome, PER_LOOK};

/// The planned looks of the group-sequential test: at each fifth of the samples.
const PLANNED: usize = 5;
/// How boldly the detectors bet: between the best for 1 → 2 % and for 1 → 5 %.
const BET: f64 = 2.0;

pub(super) fn methods(alpha: Alpha) -> Methods {
    let mut all = fixed(alpha)?;
    all.extend(of_arms(alpha)?);
    all.extend(of_one(alpha)?);
    all.extend(detectors(alpha)?);
    Ok(all)
}

fn counts(samples: &[f64]) -> Result<Counts, StatisticsError> {
    let hits = samples.iter().filter(|x| **x > 0.5).count();
    Counts::new(hits as u64, samples.len() as u64)
}

fn moments(samples: &[f64]) -> Moments {
    samples.iter().copied().collect()
}

fn fixed(alpha: Alpha) -> Methods {
    let information: Vec<f64> = (1..=PLANNED)
        .map(|look| look as f64 / PLANNED as f64)
        .collect();
    let sequential = GroupSequential::new(&information, alpha, 2.0, Sides::Two)?;
    let planned = LOOKS * PER_LOOK / PLANNED;
    Ok(vec![
        (
            "fixed: Fisher",
            false,
            Box::new(move |x, y| {
                let table = Table {
                    x: counts(x)?,
                    y: counts(y)?,
                };
                Ok(fisher(table).p.two_sided <= 0.05)
            }),
        ),
        (
            "fixed: Welch",
            false,
            Box::new(|x, y| {
                Ok(welch(moments(x), moments(y)).is_ok_and(|found| found.p.two_sided <= 0.05))
            }),
        ),
        (
            "group sequential, 5 planned looks",
            false,
            Box::new(move |x, y| {
                if x.len() % planned != 0 {
                    return Ok(false);
                }
                let t = welch(moments(x), moments(y)).map(|found| found.t);
                Ok(t.is_ok_and(|t| sequential.rejects(x.len() / planned - 1, t)))
            }),
        ),
    ])
}

fn of_arms(alpha: Alpha) -> Methods {
    let half = Rate::new(0.5)?;
    let with = |prior| ArmsTest::new(half).with_prior(prior);
    let different = |name, prior| -> Method {
        let test = with(prior);
        let alarms = move |x: &[f64], y: &[f64]| -> Outcome {
            let (canary, control) = (counts(x)?.hits(), counts(y)?.hits());
            Ok(test.different(canary, control).rejects(alpha))
        };
        (name, true, Box::new(alarms))
    };
    let of_criteria = PriorStrength::for_criteria(alpha);
    let worse = with(of_criteria);
    let (side, prior) = (alpha.divided_by(2), of_criteria);
    let asymptotic = AsymptoticComparison::new(alpha, Scale::Absolute);
    Ok(vec![
        different("arms, k = 2", PriorStrength::new(2.0)?),
        different("arms, k = 10 (default)", PriorStrength::DEFAULT),
        different("arms, k = 11.6 (criteria)", of_criteria),
        different("arms, k = 100", PriorStrength::new(100.0)?),
        (
            "arms, canary worse (criteria)",
            true,
            Box::new(move |x, y| {
                let (canary, control) = (counts(x)?.hits(), counts(y)?.hits());
                Ok(worse.worse(canary, control).rejects(alpha))
            }),
        ),
        (
            "two-arm shares in points (criteria)",
            true,
            Box::new(move |x, y| {
                let of = |samples| -> Result<_, StatisticsError> {
                    Ok(RateTest::interval(counts(samples)?, side, prior))
                };
                let (canary, control) = (of(x)?, of(y)?);
                Ok(canary.lower > control.upper || canary.upper < control.lower)
            }),
        ),
        (
            "asymptotic difference",
            true,
            Box::new(move |x, y| {
                let outcome = asymptotic.compare(moments(x), moments(y))?;
                Ok(outcome.evidence.rejects(alpha))
            }),
        ),
    ])
}

fn of_one(alpha: Alpha) -> Methods {
    let one_percent = Rate::new(0.01)?;
    let of_criteria = RateTest::new(one_percent).with_prior(PriorStrength::for_criteria(alpha));
    Ok(vec![
        (
            "rate above 1 %",
            true,
            Box::new(move |x, _| Ok(RateTest::new(one_percent).above(counts(x)?).rejects(alpha))),
        ),
        (
            "rate not below 1 % (criteria)",
            true,
            Box::new(move |x, _| Ok(of_criteria.decide(counts(x)?, alpha) == Decision::Violated)),
        ),
        (
            "CSM above 1 %",
            true,
            Box::new(move |x, _| Ok(SloTest::new(one_percent).is_above(counts(x)?, alpha))),
        ),
        (
            "betting above 1 %",
            true,
            Box::new(move |x, _| {
                let mut test = BettingTest::new(ValueRange::unit(), 0.01, alpha)?;
                x.iter().try_for_each(|x| test.record(*x))?;
                Ok(test.above().rejects(alpha))
            }),
        ),
    ])
}

/// Detectors promise a mean time to a false alarm of 1/α samples, so that over n of them the chance of one is at
/// most nα: α is a twentieth of 1/n.
fn detectors(alpha: Alpha) -> Methods {
    let one_percent = Rate::new(0.01)?;
    let of_all = Alpha::new(alpha.value() / (LOOKS * PER_LOOK) as f64)?;
    let detector = |name, recursion| -> Method {
        let alarms = move |x: &[f64], _: &[f64]| -> Outcome {
            let mut detector = Detector::new(recursion);
            for x in x {
                detector.record(bernoulli_increment(*x > 0.5, one_percent, BET)?);
                if detector.alarms(of_all) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        (name, true, Box::new(alarms))
    };
    Ok(vec![
        detector("e-CUSUM above 1 %, α/n", Recursion::Cusum),
        detector("e-SR above 1 %, α/n", Recursion::ShiryaevRoberts),
    ])
}
