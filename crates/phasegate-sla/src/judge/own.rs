//! Our own judge for a finished comparison of two arms: Pass only when it may.
//!
//! What differs from the judges beside it:
//!
//! - "No significant deviation" is not a pass. The metric passes when the intervals for its shift *and*
//!   for its mean lie within a stated margin, fails when one of them lies beyond, and is undecided
//!   otherwise. The shift sees what moves most samples, the mean what moves a few of them far.
//! - Missing and thin data are undecided and say how many samples are needed; a constant metric, a zero
//!   and a NaN are ordinary cases.
//! - No random numbers, no tolerance in the metric's unit: a metric in seconds and the same metric in
//!   nanoseconds get the same verdict.
//!
//! It looks once, at samples that were collected before. To look while they come in, use
//! [`QuantileComparison`](crate::statistics::quantile::QuantileComparison) or
//! [`ArmsTest`](crate::statistics::rate::ArmsTest), which may be asked at any time. Its price is shown by
//! the table of error rates in the tests: on few or noisy good samples it is undecided where others
//! pass.

use crate::statistics::combine::all_of;
use crate::statistics::fixed::{ShiftInterval, shift_interval};
use crate::statistics::margin::Margin;
use crate::statistics::mean::Moments;
use crate::statistics::numeric::{ln, ln_choose, normal_quantile};
use crate::statistics::{Alpha, Decision, Interval, StatisticsError};

/// Which deviation of the canary is bad.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "higher, lower or both")]
pub enum Bad {
    /// Both directions.
    Either,
    /// Higher: latency, errors, cost.
    Higher,
    /// Lower: throughput, success.
    Lower,
}

/// How a metric is to be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written out by callers; no field has a safe default"
)]
pub struct OwnRule {
    /// The bad direction.
    pub bad: Bad,
    /// The shift that still counts as no worse, relative to the control's mean: 0.05 for 5 %.
    pub margin: Margin,
    /// The probability of a false pass, and of a false failure.
    pub alpha: Alpha,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OwnFinding {
    /// Holds: no worse than the margin allows. Violated: worse.
    pub decision: Decision,
    /// The shift relative to the control's mean, with its interval; none where samples are too few
    /// or the control's mean is 0.
    pub shift: Option<ShiftInterval>,
    /// Samples of control and canary that are no NaN.
    pub samples: [usize; 2],
    /// Samples needed in each arm before anything can be said, where there are fewer.
    pub needed: Option<usize>,
}

/// Judges one metric by its samples in both arms; NaN is a missing value.
///
/// ```
/// use phasegate_sla::judge::own::{Bad, OwnRule, judge};
/// use phasegate_sla::statistics::margin::Margin;
/// use phasegate_sla::statistics::{Alpha, Decision};
/// let rule = OwnRule { bad: Bad::Higher, margin: Margin::new(0.1)?, alpha: Alpha::new(0.05)? };
/// let control: Vec<f64> = (0..60).map(|i| 200.0 + f64::from(i % 13)).collect();
/// let slower: Vec<f64> = control.iter().map(|x| x * 1.2).collect();
/// assert_eq!(judge(&control, &control, rule)?.decision, Decision::Holds);
/// assert_eq!(judge(&control, &slower, rule)?.decision, Decision::Violated);
/// assert_eq!(judge(&control[..1], &slower[..1], rule)?.decision, Decision::Undecided);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
///
/// # Errors
/// For infinite values.
pub fn judge(
    control: &[f64],
    canary: &[f64],
    rule: OwnRule,
) -> Result<OwnFinding, StatisticsError> {
    let present = |values: &[f64]| -> Vec<f64> {
        values
            .iter()
            .copied()
            .filter(|value| !value.is_nan())
            .collect()
    };
    let (control, canary) = (present(control), present(canary));
    let samples = [control.len(), canary.len()];
    let undecided = |needed| OwnFinding {
        decision: Decision::Undecided,
        shift: None,
        samples,
        needed,
    };
    if !attainable(samples[0], samples[1], rule.alpha) {
        return Ok(undecided(Some(needed_each(rule.alpha))));
    }
    let (x, y): (Moments, Moments) = (
        canary.iter().copied().collect(),
        control.iter().copied().collect(),
    );
    let scale = y.mean().abs();
    // Each end errs with α/2, so that the two chances of a false failure add up to α.
    let mut shift = shift_interval(&canary, &control, rule.alpha)?;
    if scale <= 0.0 {
        return Ok(undecided(None));
    }
    shift.estimate /= scale;
    shift.interval.lower /= scale;
    shift.interval.upper /= scale;
    let decisions =
        [shift.interval, mean_interval(x, y, rule.alpha, scale)].map(|interval| match rule.bad {
            Bad::Either => rule.margin.equivalent(interval),
            Bad::Higher => rule.margin.not_above(interval),
            Bad::Lower => rule.margin.not_below(interval),
        });
    let decision = all_of(&decisions);
    Ok(OwnFinding {
        decision,
        shift: Some(shift),
        samples,
        needed: None,
    })
}

/// Welch's interval at 1 − α for the difference of the means, in units of `scale`.
fn mean_interval(x: Moments, y: Moments, alpha: Alpha, scale: f64) -> Interval {
    let part = |side: Moments| {
        side.variance()
            .map(|variance| variance / side.count() as f64)
    };
    let (Some(a), Some(b)) = (part(x), part(y)) else {
        return Interval {
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
        };
    };
    let difference = (x.mean() - y.mean()) / scale;
    let sum = a + b;
    if sum <= 0.0 {
        return Interval {
            lower: difference,
            upper: difference,
        };
    }
    let degrees = sum * sum / (a * a / (x.count() - 1) as f64 + b * b / (y.count() - 1) as f64);
    // Student's quantile from the normal one (Cornish and Fisher): 1 % too small at 3 degrees.
    let z = normal_quantile(1.0 - 0.5 * alpha.value());
    let (cube, fifth) = (z.powi(3), z.powi(5));
    let t = z
        + (cube + z) / (4.0 * degrees)
        + (5.0 * fifth + 16.0 * cube + 3.0 * z) / (96.0 * degrees * degrees);
    let radius = t * sum.sqrt() / scale;
    Interval {
        lower: difference - radius,
        upper: difference + radius,
    }
}

/// Whether the widest interval there is, from the least to the greatest difference, errs on one side
/// with probability at most α/2: 1 / (n + m over n) ≤ α/2.
fn attainable(n: usize, m: usize, alpha: Alpha) -> bool {
    // A billionth is for rounding: 40 arrangements are enough for 5 %.
    n > 0 && m > 0 && ln_choose((n + m) as u64, n as u64) >= -ln(0.5 * alpha.value()) - 1e-9
}

fn needed_each(alpha: Alpha) -> usize {
    (1..)
        .find(|n| attainable(*n, *n, alpha))
        .unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(bad: Bad) -> OwnRule {
        OwnRule {
            bad,
            margin: Margin::new(0.1).unwrap(),
            alpha: Alpha::new(0.05).unwrap(),
        }
    }

    #[test]
    fn missing_thin_and_zero_data_are_undecided_and_never_pass() {
        for (control, canary) in [
            (vec![], vec![]),
            (vec![f64::NAN; 50], vec![1.0; 50]),
            (vec![1.0], vec![1.0]),
            (vec![0.0; 50], vec![0.0; 50]),
        ] {
            let found = judge(&control, &canary, rule(Bad::Either)).unwrap();
            assert_eq!(found.decision, Decision::Undecided, "{control:?}");
        }
        let thin = judge(&[1.0], &[1.0], rule(Bad::Either)).unwrap();
        assert_eq!(thin.needed, Some(4));
        assert!(judge(&[f64::INFINITY; 9], &[1.0; 9], rule(Bad::Either)).is_err());
    }

    #[test]
    fn the_unit_of_the_metric_does_not_matter() {
        let control: Vec<f64> = (0..40)
            .map(|i| 3.0 + f64::from(i * 7 % 11) * 0.01)
            .collect();
        let canary: Vec<f64> = control.iter().map(|x| x * 1.3).collect();
        for unit in [1e-9, 1.0, 1e12] {
            let scaled = |values: &[f64]| values.iter().map(|x| x * unit).collect::<Vec<f64>>();
            for (bad, expected) in [
                (Bad::Higher, Decision::Violated),
                (Bad::Lower, Decision::Holds),
                (Bad::Either, Decision::Violated),
            ] {
                let found = judge(&scaled(&control), &scaled(&canary), rule(bad)).unwrap();
                assert_eq!(found.decision, expected, "{unit} {bad:?}");
            }
        }
    }
}
