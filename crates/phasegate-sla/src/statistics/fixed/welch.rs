//! Welch's t test of two means.

use super::PValues;
use crate::statistics::StatisticsError;
use crate::statistics::mean::Moments;
use crate::statistics::numeric::{exp, ln_beta_tails};

/// The outcome of Welch's test.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct WelchOutcome {
    /// The t statistic.
    pub t: f64,
    /// Welch and Satterthwaite's degrees of freedom.
    pub degrees_of_freedom: f64,
    /// The p-values.
    pub p: PValues,
}

/// Welch's t test of x against y, from their moments.
///
/// - **Assumes** independent, about normal values, or many; the variances may differ.
/// - **Guarantees** a false alarm with probability of about α at one look, the nearer the more values. **Not under
///   repeated looks.**
/// - **Cost** O(1); **state** three numbers an arm; **merge** adds moments.
/// - **Source**: Welch 1947. Tails are computed as logarithms of our incomplete beta function and do not underflow
///   before 1e-300.
///
/// ```
/// use phasegate_sla::statistics::fixed::welch;
/// let x = [10.0, 20.0, 30.0, 40.0].into_iter().collect();
/// let y = [1.0, 2.0, 3.0, 4.0].into_iter().collect();
/// assert!((welch(x, y)?.p.two_sided - 0.0391679).abs() < 1e-6);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
///
/// # Errors
/// With fewer than two values on a side, values that are not finite, or no variance at all.
pub fn welch(x: Moments, y: Moments) -> Result<WelchOutcome, StatisticsError> {
    let variance = |side: Moments| {
        let given = usize::try_from(side.count()).unwrap_or(usize::MAX);
        side.variance()
            .map(|variance| variance / side.count() as f64)
            .ok_or(StatisticsError::TooFewSamples { needed: 2, given })
    };
    let (a, b) = (variance(x)?, variance(y)?);
    let sum = a + b;
    if !sum.is_finite() || !x.mean().is_finite() || !y.mean().is_finite() {
        return Err(StatisticsError::NotFinite);
    }
    if sum <= 0.0 {
        return Err(StatisticsError::Parameter {
            name: "variance",
            wanted: "above 0",
            value: sum,
        });
    }
    let t = (x.mean() - y.mean()) / sum.sqrt();
    let degrees = sum * sum / (a * a / (x.count() - 1) as f64 + b * b / (y.count() - 1) as f64);
    let far = student_tail(t.abs(), degrees);
    let (greater, less) = if t >= 0.0 {
        (far, 1.0 - far)
    } else {
        (1.0 - far, far)
    };
    let p = PValues {
        greater,
        less,
        two_sided: (2.0 * far).min(1.0),
    };
    Ok(WelchOutcome {
        t,
        degrees_of_freedom: degrees,
        p,
    })
}

/// P(T > t) for t ≥ 0: half of P(Beta(ν/2, ½) ≤ ν/(ν + t²)).
fn student_tail(t: f64, degrees: f64) -> f64 {
    let square = t * t;
    let total = degrees + square;
    0.5 * exp(ln_beta_tails(degrees / total, square / total, 0.5 * degrees, 0.5).ln_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thin_or_constant_samples_are_refused() {
        let one: Moments = [1.0].into_iter().collect();
        let constant: Moments = [1.0, 1.0].into_iter().collect();
        let fine: Moments = [1.0, 2.0].into_iter().collect();
        assert!(welch(one, fine).is_err() && welch(constant, constant).is_err());
        let same = welch(fine, fine).unwrap();
        assert_eq!((same.t, same.p.two_sided), (0.0, 1.0));
        // Far tails stay above zero.
        assert!(student_tail(100.0, 50.0) > 0.0);
    }
}
