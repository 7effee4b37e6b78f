//! The beta function and both tails of the beta distribution as logarithms.
//!
//! The tails are needed where they underflow: a one-sided e-process on strong opposite evidence has
//! a tail of e⁻¹⁰⁰⁰ and must say −1000, not −∞. Cost: O(√(a + b)) steps of 5 ns near the mean, a few
//! steps away from it.

use super::elementary::{exp, ln, ln_1p};
use super::gamma::{HALF_LN_TWO_PI, deviance, stirling_error};
use super::search::bisect;

/// Steps of the continued fraction: enough for a + b = 4e10, beyond which the rest is ignored.
const FRACTION_STEPS: u32 = 400_000;
/// When a factor of the fraction is this near 1, it no longer changes the value.
const FRACTION_PRECISION: f64 = 1e-15;
/// What replaces a vanishing denominator (Lentz).
const TINY: f64 = 1e-300;

/// ln B(a, b) for a, b > 0.
#[must_use]
pub fn ln_beta_function(a: f64, b: f64) -> f64 {
    let sum = a + b;
    let (small, large) = if a <= b { (a, b) } else { (b, a) };
    // a ln(a/s) + b ln(b/s) − ½ ln(ab/s): no large terms that cancel.
    (small - 0.5) * ln(small / sum) + large * ln_1p(-small / sum) - 0.5 * ln(large)
        + HALF_LN_TWO_PI
        + stirling_error(a)
        + stirling_error(b)
        - stirling_error(sum)
}

/// Both tails of a beta distribution at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BetaTails {
    /// ln P(X ≤ p).
    pub ln_below: f64,
    /// ln P(X > p).
    pub ln_above: f64,
}

/// ln P(X ≤ p) and ln P(X > p) for X ~ Beta(a, b), a, b > 0.
///
/// `q` is 1 − p, passed by the caller because it often knows it exactly. Relative error of each tail
/// about 1e-13 times the size of its logarithm.
///
/// ```
/// use phasegate_sla::statistics::numeric::ln_beta_tails;
/// let tails = ln_beta_tails(0.25, 0.75, 2.0, 1.0); // P(X ≤ p) = p²
/// assert!((tails.ln_below - 0.0625_f64.ln()).abs() < 1e-14);
/// ```
#[must_use]
pub fn ln_beta_tails(p: f64, q: f64, a: f64, b: f64) -> BetaTails {
    if p <= 0.0 {
        return BetaTails {
            ln_below: f64::NEG_INFINITY,
            ln_above: 0.0,
        };
    }
    if q <= 0.0 {
        return BetaTails {
            ln_below: 0.0,
            ln_above: f64::NEG_INFINITY,
        };
    }
    let sum = a + b;
    // ln [pᵃ qᵇ / B(a, b)] through deviances, which keeps its digits at a + b = 1e9.
    let front =
        0.5 * (ln(a / sum) + ln(b)) - HALF_LN_TWO_PI - stirling_error(a) - stirling_error(b)
            + stirling_error(sum)
            - deviance(a, sum * p)
            - deviance(b, sum * q);
    if p < (a + 1.0) / (sum + 2.0) {
        let ln_below = (front - ln(a) + ln(fraction(p, a, b))).min(0.0);
        BetaTails {
            ln_below,
            ln_above: complement(ln_below),
        }
    } else {
        let ln_above = (front - ln(b) + ln(fraction(q, b, a))).min(0.0);
        BetaTails {
            ln_below: complement(ln_above),
            ln_above,
        }
    }
}

/// ln(1 − eᶻ) for z ≤ 0.
fn complement(z: f64) -> f64 {
    if z > -1e-300 {
        f64::NEG_INFINITY
    } else {
        ln_1p(-exp(z))
    }
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let sum = a + b;
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - sum * x / (a + 1.0));
    let mut value = d;
    let mut m = 1.0;
    for _ in 0..FRACTION_STEPS {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        value *= d * c;
        let odd = -(a + m) * (sum + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let step = d * c;
        value *= step;
        if (step - 1.0).abs() < FRACTION_PRECISION {
            break;
        }
        m += 1.0;
    }
    value
}

fn guard(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

/// The `probability` quantile of Beta(a, b), by bisection to the last place.
///
/// Used by the Clopper–Pearson and Jeffreys intervals. 0 for `probability` ≤ 0, 1 for ≥ 1.
#[must_use]
pub fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    if probability <= 0.0 {
        return 0.0;
    }
    if probability >= 1.0 {
        return 1.0;
    }
    let (target_below, target_above) = (ln(probability), ln_1p(-probability));
    bisect(0.0, 1.0, |p| {
        let tails = ln_beta_tails(p, 1.0 - p, a, b);
        if probability < 0.5 {
            tails.ln_below < target_below
        } else {
            tails.ln_above > target_above
        }
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn the_beta_function_has_its_known_values() {
        assert!(ln_beta_function(1.0, 1.0).abs() < 1e-15);
        assert!((ln_beta_function(2.0, 3.0) - (1.0_f64 / 12.0).ln()).abs() < 1e-14);
        assert!((ln_beta_function(0.5, 0.5) - std::f64::consts::PI.ln()).abs() < 1e-14);
        let huge = ln_beta_function(1e9, 2.0);
        assert!(
            (huge + (1e9_f64 * (1e9 + 1.0)).ln()).abs() < 1e-12,
            "{huge}"
        );
    }

    #[test]
    fn tails_add_up_and_agree_with_closed_forms() {
        for (a, b, p) in [
            (1.0, 1.0, 0.3),
            (5.0, 1.0, 0.9),
            (1.0, 400.0, 0.01),
            (0.05, 0.95, 0.2),
        ] {
            let tails = ln_beta_tails(p, 1.0 - p, a, b);
            assert!((tails.ln_below.exp() + tails.ln_above.exp() - 1.0).abs() < 1e-13);
        }
        let tails = ln_beta_tails(0.01, 0.99, 1.0, 400.0);
        assert!((tails.ln_above - 400.0 * 0.99_f64.ln()).abs() < 1e-12);
        let tails = ln_beta_tails(0.9, 0.1, 5.0, 1.0);
        assert!((tails.ln_below - 5.0 * 0.9_f64.ln()).abs() < 1e-13);
    }

    #[test]
    fn strong_opposite_evidence_has_a_finite_logarithm() {
        let tails = ln_beta_tails(0.5, 0.5, 10.0, 10_000.0);
        assert!(
            tails.ln_above.is_finite() && tails.ln_above < -5000.0,
            "{tails:?}"
        );
        let library = statrs::function::beta::beta_reg(10_000.0, 10.0, 0.5);
        // Why the library's function is not used: its logarithm would be −∞.
        assert_eq!(library, 0.0);
        let big = ln_beta_tails(0.5, 0.5, 5e8, 5e8 + 1.0);
        assert!((big.ln_below.exp() - 0.5).abs() < 1e-4, "{big:?}");
        assert!(big.ln_below.is_finite() && big.ln_above.is_finite());
    }

    #[test]
    fn quantiles_invert_the_tails() {
        for (probability, a, b) in [
            (0.025, 10.0, 991.0),
            (0.975, 11.0, 990.0),
            (0.05, 0.5, 10.5),
        ] {
            let p = beta_quantile(probability, a, b);
            let back = ln_beta_tails(p, 1.0 - p, a, b).ln_below.exp();
            assert!((back - probability).abs() < 1e-12, "{probability}: {back}");
        }
        assert_eq!(beta_quantile(0.0, 1.0, 1.0), 0.0);
        assert_eq!(beta_quantile(1.0, 1.0, 1.0), 1.0);
    }
}
