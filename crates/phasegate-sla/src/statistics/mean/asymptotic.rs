//! Asymptotic confidence sequences: means of two arms without bounds on the values.

use super::Moments;
use crate::statistics::boundary::positive;
use crate::statistics::numeric::ln;
use crate::statistics::{Alpha, Interval, LogE, StatisticsError};

/// What is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a difference is absolute or relative"
)]
pub enum Scale {
    /// Canary mean − control mean, in the values' unit.
    Absolute,
    /// Canary mean / control mean − 1; by the delta method.
    Relative,
}

/// An asymptotic confidence sequence for the difference of two arms' means.
///
/// ρ = √((−2 ln α + ln(−2 ln α + 1))/N*), half width √(σ²N) · √(2(Nρ²+1) ln(√(Nρ²+1)/α)/(Nρ)²) with N
/// samples in both arms together and σ² the variance of the estimate. The form that `GrowthBook` uses.
///
/// - **Assumes** independent values with finite variance, and *many* of them: how many is not known in
///   advance.
/// - **Guarantees** P(ever a wrong statement) ≤ α only in the limit, and nothing at any number of values.
///   Below 500 an arm, or with rare events or heavy tails, alarms exceed α: from 500 values on, log-normal
///   ones of σ = 2 miss their mean in a quarter of all runs at 95 %, always from below, so that a latency
///   seems better than it is. Criteria therefore wait for 500 values and for 100 times the square of their
///   skewness; whoever calls this directly must wait so too, or use [`BettingTest`](super::BettingTest),
///   [`BoundedMeanTest`](super::BoundedMeanTest), a percentile or a rate.
/// - **Cost** O(1); **state** three numbers an arm; **merge** adds moments.
/// - **Source**: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (arXiv 2103.06476), equations 9, 155, 161.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::mean::{AsymptoticComparison, Moments, Scale};
/// let control = Moments::from_summary(10_000, 0.1, 0.09)?;
/// let canary = Moments::from_summary(10_000, 0.12, 0.1056)?;
/// let comparison = AsymptoticComparison::new(Alpha::new(0.05)?, Scale::Relative);
/// let outcome = comparison.compare(canary, control)?;
/// assert!((outcome.interval.lower - 0.04834302).abs() < 1e-8);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsymptoticComparison {
    alpha: Alpha,
    scale: Scale,
    tuning: f64,
}

/// The outcome of an [`AsymptoticComparison`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AsymptoticOutcome {
    /// The estimated difference.
    pub estimate: f64,
    /// Two-sided interval at 1 − α.
    pub interval: Interval,
    /// Evidence that the difference is not zero.
    pub evidence: LogE,
    /// One-sided upper bound at 1 − α: for "no worse than, margin".
    pub upper: f64,
    /// One-sided lower bound at 1 − α.
    pub lower: f64,
}

impl AsymptoticComparison {
    /// At `alpha`, narrowest at 5,000 values in both arms together.
    #[must_use]
    pub const fn new(alpha: Alpha, scale: Scale) -> Self {
        Self {
            alpha,
            scale,
            tuning: 5_000.0,
        }
    }

    /// Narrowest at about `samples` values in both arms together; to be chosen before the data.
    ///
    /// # Errors
    /// When `samples` is not positive.
    pub fn tuned_for(self, samples: f64) -> Result<Self, StatisticsError> {
        Ok(Self {
            tuning: positive("tuning", samples)?,
            ..self
        })
    }

    /// Compares the arms.
    ///
    /// # Errors
    /// With fewer than two values in an arm, values that are not finite, or a relative comparison
    /// against a control mean of 0.
    pub fn compare(
        self,
        canary: Moments,
        control: Moments,
    ) -> Result<AsymptoticOutcome, StatisticsError> {
        let (estimate, variance) = self.estimate(canary, control)?;
        let n = (canary.count() + control.count()) as f64;
        Ok(self.outcome(estimate, variance, n))
    }

    /// From an estimate, its variance, and the number of values behind it.
    fn outcome(self, estimate: f64, variance: f64, n: f64) -> AsymptoticOutcome {
        let two_sided = self.half_width(variance, n, self.alpha.value(), 1.0);
        let one_sided = self.half_width(variance, n, 2.0 * self.alpha.value(), 2.0);
        let rho = self.rho(self.alpha.value());
        let growth = n * rho * rho + 1.0;
        let evidence = if variance > 0.0 {
            let square = estimate * estimate * n / variance;
            rho * rho * square / (2.0 * growth) - 0.5 * ln(growth)
        } else if estimate == 0.0 {
            0.0
        } else {
            f64::INFINITY
        };
        AsymptoticOutcome {
            estimate,
            interval: Interval {
                lower: estimate - two_sided,
                upper: estimate + two_sided,
            },
            evidence: LogE::from_nats(evidence),
            upper: estimate + one_sided,
            lower: estimate - one_sided,
        }
    }

    /// The estimate and its variance.
    fn estimate(self, canary: Moments, control: Moments) -> Result<(f64, f64), StatisticsError> {
        let (of_canary, of_control) = (variance_of_mean(canary)?, variance_of_mean(control)?);
        let (a, b) = (control.mean(), canary.mean());
        match self.scale {
            Scale::Absolute => Ok((b - a, of_canary + of_control)),
            Scale::Relative if a == 0.0 => Err(StatisticsError::Parameter {
                name: "control mean",
                wanted: "other than 0 for a relative comparison",
                value: a,
            }),
            Scale::Relative => Ok((
                (b - a) / a,
                of_canary / (a * a) + of_control * b * b / (a * a * a * a),
            )),
        }
    }

    /// The mixture's scale ρ for error probability `alpha`.
    fn rho(self, alpha: f64) -> f64 {
        let twice = -2.0 * ln(alpha.min(0.99));
        ((twice + ln(twice + 1.0)) / self.tuning).sqrt()
    }

    /// `sides` is 1 for the two-sided form; the one-sided one adds 1 inside the logarithm.
    fn half_width(self, variance: f64, n: f64, alpha: f64, sides: f64) -> f64 {
        let rho = self.rho(alpha);
        let growth = n * rho * rho + 1.0;
        let ratio = growth.sqrt() / alpha;
        let inner = if sides > 1.0 {
            ln(1.0 + ratio)
        } else {
            ln(ratio)
        };
        (variance * n).sqrt() * (2.0 * growth * inner / (n * rho * (n * rho))).sqrt()
    }
}

/// An asymptotic confidence sequence for one mean.
///
/// The half width is that of [`AsymptoticComparison`] with the samples of the one arm.
///
/// - **Assumes** independent values with finite variance, and *many* of them. **Guarantees** nothing at any
///   one number of them, and too little for heavy tails: see there.
/// - **Cost** O(1); **state** three numbers; **merge** adds moments.
/// - **Source**: as there, equation 9.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::mean::{AsymptoticMean, Moments};
/// let latency = Moments::from_summary(10_000, 180.0, 8_100.0)?;
/// let outcome = AsymptoticMean::new(Alpha::new(0.05)?).interval(latency)?;
/// assert!(outcome.upper < 200.0);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsymptoticMean(AsymptoticComparison);

impl AsymptoticMean {
    /// At `alpha`, narrowest at 5,000 values.
    #[must_use]
    pub const fn new(alpha: Alpha) -> Self {
        Self(AsymptoticComparison::new(alpha, Scale::Absolute))
    }

    /// The mean with its two-sided interval, its one-sided bounds, and the evidence that it is not zero.
    ///
    /// # Errors
    /// With fewer than two values, or values that are not finite.
    pub fn interval(self, values: Moments) -> Result<AsymptoticOutcome, StatisticsError> {
        let variance = variance_of_mean(values)?;
        Ok(self
            .0
            .outcome(values.mean(), variance, values.count() as f64))
    }
}

/// The mixture sequential probability ratio test on `pairs` paired differences of mean `difference`
/// and variance `variance`, mixing over a normal effect of variance `tau_square`.
///
/// Λ = √(V/(V + nτ²)) exp(n²τ²d²/(2V(V + nτ²))).
///
/// - **Assumes** independent differences, normal and of known variance V; the effect's variance τ² is chosen
///   before the data.
/// - **Guarantees** for those that the chance of ever rejecting a true null is at most α; with an estimated
///   variance, or values that are not normal, only in the limit of many.
/// - **Cost** O(1); **state** the number, the mean and the variance of the differences.
/// - **Source**: Johari, Pekelis, Walsh 2015 (arXiv 1512.04922), Robbins 1970.
///
/// # Errors
/// When `variance` or `tau_square` is not positive.
pub fn msprt(
    pairs: u64,
    difference: f64,
    variance: f64,
    tau_square: f64,
) -> Result<LogE, StatisticsError> {
    let (v, tau) = (
        positive("variance", variance)?,
        positive("effect variance", tau_square)?,
    );
    let n = pairs as f64;
    let total = v + n * tau;
    let exponent = n * n * tau * difference * difference / (2.0 * v * total);
    Ok(LogE::from_nats(0.5 * ln(v / total) + exponent))
}

/// The variance of an arm's mean.
fn variance_of_mean(arm: Moments) -> Result<f64, StatisticsError> {
    let given = usize::try_from(arm.count()).unwrap_or(usize::MAX);
    let value = arm
        .variance()
        .ok_or(StatisticsError::TooFewSamples { needed: 2, given })?;
    if value.is_finite() && arm.mean().is_finite() {
        Ok(value / arm.count() as f64)
    } else {
        Err(StatisticsError::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thin_or_degenerate_arms_are_handled() {
        let comparison = AsymptoticComparison::new(Alpha::new(0.05).unwrap(), Scale::Relative);
        let one: Moments = [1.0].into_iter().collect();
        assert!(comparison.compare(one, one).is_err());
        let zero: Moments = [0.0, 0.0].into_iter().collect();
        assert!(comparison.compare(zero, zero).is_err());
        let constant: Moments = [3.0, 3.0, 3.0].into_iter().collect();
        assert_eq!(
            comparison.compare(constant, constant).unwrap().evidence,
            LogE::NONE
        );
        let bad: Moments = [1.0, f64::INFINITY].into_iter().collect();
        assert!(comparison.compare(bad, constant).is_err());
        assert!(msprt(10, 0.1, 0.0, 1.0).is_err());
    }
}
