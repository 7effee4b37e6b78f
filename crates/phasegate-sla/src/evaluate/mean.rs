//! Means with `confidence`. An Apdex and the mean of capped values are judged exactly, by their number and
//! sum; a mean without an upper end only in the limit of many values, and the finding says which it was.

use phasegate_core::{Arm, Fraction, Quantity, Unit, Window};
use phasegate_criterion::{Aggregate, Cmp, Measure, Shape, Source};
use phasegate_percentile::Histogram;

use super::Inputs;
use super::amount::{Amount, Extent};
use super::arms::{ArmsCompared, Beside};
use super::confidence::{Shown, agree, since_start, towards_op_of_both_sides};
use super::read::{Read, float};
use super::test::{Case, enough};
use crate::need::{aggregate, inner, primary_arm};
use crate::statistics::mean::{
    AsymptoticComparison, AsymptoticMean, AsymptoticOutcome, Beyond, BoundedMeanTest, Moments,
    Scale, ValueRange,
};
use crate::statistics::rate::PriorStrength;
use crate::statistics::{Alpha, Decision, Interval, StatisticsError};
use crate::verdict::{Means, Method, Why};

/// Below so many values on a side the limit is far: alarms of the asymptotic method exceed α there
/// (its own authors, and `examples/false_alarms`).
const ASYMPTOTIC_MIN: u64 = 500;

/// And below so many times the square of the values' skewness. Cochran's rule asks for 25 times of it at one
/// look; looked at 200 times from 500 values to 50,000 at 95 %, log-normal values of σ = 2 missed their mean
/// in 25 % of 1,000 runs with 500 values as the only condition, in 17 % with 25 times the square, and in 0.6 %
/// with 100 times (σ = 1: 5.2, 4.1 and 2.7 %; exponential values, with a skewness of 2, wait no longer).
const SKEWNESS_FACTOR: f64 = 100.0;

impl Inputs<'_> {
    /// A mean against a limit; none where the measure is no mean.
    pub(super) fn mean(
        &self,
        case: &Case<'_>,
        op: Cmp,
        limit: Extent,
        alpha: Alpha,
    ) -> Option<Read<Shown>> {
        if let Measure::Apdex { .. } = inner(&case.test.subject.measure) {
            return Some(self.apdex_shown(case, op, limit, alpha));
        }
        let source = mean_source(case)?;
        Some(match &case.test.cap {
            Some(cap) => self.capped(case, source, (op, limit, cap.quantity()), alpha),
            None => self.unbounded(case, source, (op, limit), alpha),
        })
    }

    /// Satisfied ones count one, tolerated ones a half: a mean of values from 0 to 1.
    fn apdex_shown(&self, case: &Case<'_>, op: Cmp, limit: Extent, alpha: Alpha) -> Read<Shown> {
        let amount = self.evidence(case)?;
        let count = amount.samples as f64;
        let sums = (
            amount.extent.low.to_f64() * count,
            amount.extent.high.to_f64() * count,
        );
        let range = ValueRange::new(0.0, 1.0, Beyond::Cap).map_err(|_fault| Why::Invalid)?;
        let limits = (limit.low.to_f64(), limit.high.to_f64());
        let (below, interval) = bounded((range, limits), (amount.samples, sums), alpha)?;
        // One value that is not at the end of the scale shows that the mean is not, and none that it is.
        let below = if limit == Extent::exact(Fraction::ONE) && amount.extent.high < Fraction::ONE {
            Decision::Holds
        } else if limit == Extent::exact(Fraction::ZERO) && amount.extent.low > Fraction::ZERO {
            Decision::Violated
        } else {
            below
        };
        Ok(shown(
            amount,
            towards_op_of_both_sides(op, below),
            interval,
            Method::BoundedMean,
        ))
    }

    /// The mean of values that are at most the cap, those above taken as the cap.
    fn capped(
        &self,
        case: &Case<'_>,
        source: &Source<'_>,
        (op, limit, cap): (Cmp, Extent, &Quantity),
        alpha: Alpha,
    ) -> Read<Shown> {
        let (histogram, window) = self.sketch(case, source, primary_arm(source, &case.compared))?;
        let unit = &source.kpi.unit;
        let cap = in_unit(cap, unit)?;
        let (low, high) = sums(&histogram, cap)?;
        let amount = match self.seen_value(case) {
            Ok(amount) if histogram.max().is_none_or(|max| max <= cap) => amount,
            // Some values count as the cap, infinite ones too: what is judged is the mean of them so.
            Ok(_) | Err(Why::OutOfRange) => mean_of_sums((low, high), (&histogram, window), unit)?,
            Err(why) => return Err(why),
        };
        enough(case.test, &amount)?;
        since_start(&amount)?;
        let range = ValueRange::new(0.0, cap, Beyond::Cap).map_err(|_fault| Why::Invalid)?;
        let limits = (
            of_base(limit.low.to_f64(), unit)?,
            of_base(limit.high.to_f64(), unit)?,
        );
        let (below, interval) = bounded((range, limits), (histogram.count(), (low, high)), alpha)?;
        let interval = based(interval, unit)?;
        Ok(shown(
            amount,
            towards_op_of_both_sides(op, below),
            interval,
            Method::BoundedMean,
        ))
    }

    fn unbounded(
        &self,
        case: &Case<'_>,
        source: &Source<'_>,
        (op, limit): (Cmp, Extent),
        alpha: Alpha,
    ) -> Read<Shown> {
        let amount = self.evidence(case)?;
        let (histogram, _) = self.sketch(case, source, primary_arm(source, &case.compared))?;
        let unit = &source.kpi.unit;
        let outcome = AsymptoticMean::new(alpha)
            .interval(moments(&histogram)?)
            .map_err(|_fault| Why::Invalid)?;
        let at = |limit: f64| -> Read<Decision> { Ok(side(&outcome, of_base(limit, unit)?)) };
        let below = agree(at(limit.low.to_f64())?, at(limit.high.to_f64())?);
        let interval = based(outcome.interval, unit)?;
        Ok(shown(
            amount,
            towards_op_of_both_sides(op, below),
            interval,
            Method::AsymptoticMean,
        ))
    }

    /// "The canary's mean lies below what stands beside the control's"; none where the measure is no mean.
    pub(super) fn arms_mean(
        &self,
        case: &Case<'_>,
        control: &Amount,
        beside: Beside,
        alpha: Alpha,
    ) -> Option<Read<ArmsCompared>> {
        let source = mean_source(case)?;
        // A cap is for comparing with a value: the check refuses it here.
        if case.test.cap.is_some() {
            return Some(Err(Why::Invalid));
        }
        let from = control.extent.value.to_f64();
        let arm = |arm| -> Read<Moments> { moments(&self.sketch(case, source, arm)?.0) };
        let compared = || -> Read<ArmsCompared> {
            let unit = &source.kpi.unit;
            let canary = arm(primary_arm(source, &case.compared))?;
            let control = arm(Arm::Stable)?;
            let (beside_it, apart) = match beside {
                Beside::Apart(delta) => (control, of_base(delta.to_f64(), unit)?),
                Beside::Times(factor) => (scaled(control, factor.to_f64())?, 0.0),
            };
            let outcome = AsymptoticComparison::new(alpha, Scale::Absolute)
                .compare(canary, beside_it)
                .map_err(|_fault| Why::Invalid)?;
            let interval = match beside {
                Beside::Apart(_) => {
                    let apart = based(outcome.interval, unit)?;
                    Some(Interval {
                        lower: from + apart.lower,
                        upper: from + apart.upper,
                    })
                }
                Beside::Times(_) => AsymptoticComparison::new(alpha, Scale::Relative)
                    .compare(canary, control)
                    .ok()
                    .map(|change| Interval {
                        lower: from * (1.0 + change.interval.lower),
                        upper: from * (1.0 + change.interval.upper),
                    }),
            };
            Ok(ArmsCompared {
                below: side(&outcome, apart),
                interval,
                method: Method::TwoArmMeans,
            })
        };
        Some(compared())
    }
}

/// The source of a mean of single values.
fn mean_source<'c>(case: &'c Case<'_>) -> Option<&'c Source<'c>> {
    match case.measured.sources.as_slice() {
        [source]
            if source.kpi.shape == Shape::Distribution
                && aggregate(&case.test.subject.measure) == Some(Aggregate::Average) =>
        {
            Some(source)
        }
        _ => None,
    }
}

fn shown(amount: Amount, decision: Decision, interval: Interval, method: Method) -> Shown {
    Shown {
        interval: Some(interval),
        ..Shown::of(decision, amount, method)
    }
}

/// The mean behind a sum of which only the ends are known.
fn mean_of_sums(
    (low, high): (f64, f64),
    (histogram, window): (&Histogram, Window),
    unit: &Unit,
) -> Read<Amount> {
    let samples = histogram.count();
    let end = |sum: f64| float(sum / samples as f64, unit);
    Ok(Amount {
        extent: Extent::between(end(low)?, end(high)?),
        counts: None,
        samples,
        window,
        means: Means::Distribution,
    })
}

/// "The mean lies below the limit", for both ends of what the sum and the limit may be.
fn bounded(
    (range, (low, high)): (ValueRange, (f64, f64)),
    (count, (least, most)): (u64, (f64, f64)),
    alpha: Alpha,
) -> Read<(Decision, Interval)> {
    let prior = PriorStrength::for_criteria(alpha);
    let decide = |limit: f64, sum: f64| -> Read<(Decision, Interval)> {
        // Against an end of the range no number of values shows anything; the interval is the same for
        // each limit inside.
        let inside = BoundedMeanTest::new(range, limit).map(|test| (test, true));
        let (test, can_decide) = inside
            .or_else(|_fault| Ok((BoundedMeanTest::new(range, range.at(0.5))?, false)))
            .map_err(|_fault: StatisticsError| Why::Invalid)?;
        let test = test.with_prior(prior);
        let decision = match can_decide {
            true => test.decide(count, sum, alpha),
            false => Ok(Decision::Undecided),
        };
        decision
            .and_then(|decision| Ok((decision, test.interval(count, sum, alpha)?)))
            .map_err(|_fault| Why::Invalid)
    };
    let (for_most, above) = decide(low, most)?;
    let (for_least, below) = decide(high, least)?;
    let interval = Interval {
        lower: below.lower,
        upper: above.upper,
    };
    Ok((agree(for_most, for_least), interval))
}

/// On which side of a limit the mean is shown to lie.
fn side(outcome: &AsymptoticOutcome, limit: f64) -> Decision {
    if outcome.interval.upper < limit {
        Decision::Holds
    } else if outcome.interval.lower > limit {
        Decision::Violated
    } else {
        Decision::Undecided
    }
}

/// Between what the sum of the values lies, each taken as the cap at most.
fn sums(histogram: &Histogram, cap: f64) -> Read<(f64, f64)> {
    let (mut low, mut high, mut known) = (0.0, 0.0, 0u64);
    for (from, to, count) in histogram.buckets() {
        if from < 0.0 {
            return Err(Why::OutOfRange);
        }
        low += from.min(cap) * count as f64;
        high += to.min(cap) * count as f64;
        known = known.saturating_add(count);
    }
    // Zeros add nothing; infinite ones count as the cap.
    let classes = histogram.classes();
    let infinite = classes.infinite as f64 * cap;
    let all = known
        .saturating_add(classes.zero)
        .saturating_add(classes.infinite);
    if all == histogram.count() {
        Ok((low + infinite, high + infinite))
    } else {
        Err(Why::Undecided)
    }
}

/// Count, mean, and the greatest variance that the sketch allows for, of enough values to speak of a limit.
fn moments(histogram: &Histogram) -> Read<Moments> {
    let count = histogram.count();
    let mean = histogram.mean().ok_or(Why::NoData)?;
    let (mut squares, mut cubes, mut known) = (0.0, 0.0, 0u64);
    let mut add = |from: f64, to: f64, n: u64| {
        let far = (from - mean).abs().max((to - mean).abs());
        squares += far * far * n as f64;
        cubes += (from.midpoint(to) - mean).powi(3) * n as f64;
        known = known.saturating_add(n);
    };
    for (from, to, n) in histogram.buckets() {
        add(from, to, n);
    }
    add(0.0, 0.0, histogram.classes().zero);
    let need = needed(count as f64, squares, cubes);
    if count < need {
        return Err(Why::TooFewSamples { have: count, need });
    }
    if known != count {
        return Err(Why::Undecided);
    }
    let variance = squares / count.saturating_sub(1) as f64;
    Moments::from_summary(count, mean, variance).map_err(|_fault| Why::OutOfRange)
}

/// How many values of this skewness it takes, from the sums of their squared and cubed distances to the mean.
fn needed(count: f64, squares: f64, cubes: f64) -> u64 {
    // The square of (cubes / count) / (squares / count)^1.5.
    let skewness_square = cubes * cubes * count / (squares * squares * squares);
    let wanted = (SKEWNESS_FACTOR * skewness_square).ceil();
    if wanted > ASYMPTOTIC_MIN as f64 {
        // The skewness of n values is at most √n: this is a hundred times their number at most.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive whole number; beyond the range it saturates"
        )]
        let wanted = wanted as u64;
        wanted
    } else {
        ASYMPTOTIC_MIN
    }
}

fn scaled(moments: Moments, factor: f64) -> Read<Moments> {
    let variance = moments.variance().ok_or(Why::NoData)? * factor * factor;
    Moments::from_summary(moments.count(), moments.mean() * factor, variance)
        .map_err(|_fault| Why::OutOfRange)
}

/// A quantity as a number of the KPI's unit.
fn in_unit(quantity: &Quantity, unit: &Unit) -> Read<f64> {
    let same = quantity.in_unit(unit).ok_or(Why::OutOfRange)?;
    Ok(same.number().to_f64())
}

/// A number of the dimension's base in the KPI's unit, and the other way round.
fn of_base(base: f64, unit: &Unit) -> Read<f64> {
    Ok(base / unit.factor().ok_or(Why::OutOfRange)?.to_f64())
}

fn based(interval: Interval, unit: &Unit) -> Read<Interval> {
    let factor = unit.factor().ok_or(Why::OutOfRange)?.to_f64();
    Ok(Interval {
        lower: interval.lower * factor,
        upper: interval.upper * factor,
    })
}
