//! The beta function and both tails of the beta distribution as logarithms.
//!
//! The tails are needed where they underflow: a one-sided e-process on strong opposite evidence has
//! a tail of e⁻¹⁰⁰⁰ and must say −1000, not −∞. Cost: O(√(a + b)) steps of 3 ns near the mean, a few
//! steps away from it.

use super::elementary::{exp, ln, ln_1p};
use super::gamma::{HALF_LN_TWO_PI, deviance, stirling_error};
use super::search::bisect;

/// Steps of the continued fraction: enough for a + b = 4e10, beyond which the rest is ignored.
const FRACTION_STEPS: u32 = 400_000;
/// When a factor of the fraction is this near 1, it no longer changes the value.
const FRACTION_PRECISION: f64 = 1e-15;
/// What replaces a vanishing denominator.
const TINY: f64 = 1e-300;
/// Between these, convergents are left as they are.
const SMALL: f64 = 1e-100;
const LARGE: f64 = 1e100;

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
        let ln_below = (front - ln(a) + ln(beta_fraction(p, a, b))).min(0.0);
        BetaTails {
            ln_below,
            ln_above: complement(ln_below),
        }
    } else {
        let ln_above = (front - ln(b) + ln(beta_fraction(q, b, a))).min(0.0);
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

/// The continued fraction of the incomplete beta function (DLMF 8.17.22): the integral of θᵃ⁻¹(1 − θ)ᵇ⁻¹ from 0
/// to `x`, over xᵃ(1 − x)ᵇ/a. For `x` below the mean.
///
/// By the recurrences of its convergents, whose two divisions a step wait for nothing: some 3 ns a step.
pub(super) fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let sum = a + b;
    // Above and below the line: of the last convergent but one, and of the last.
    let (mut above, mut below) = ([0.0, 1.0], [1.0, 1.0]);
    let mut next = |factor: f64| {
        above = [above[1], above[1] + factor * above[0]];
        below = [below[1], below[1] + factor * below[0]];
        if !(SMALL..LARGE).contains(&below[1].abs()) {
            let scale = 1.0 / guard(below[1]);
            above = above.map(|x| x * scale);
            below = below.map(|x| x * scale);
        }
        // The difference of both convergents, relative to them, without dividing.
        let (last, earlier) = (above[1] * below[0], above[0] * below[1]);
        let settled = (last - earlier).abs() <= FRACTION_PRECISION * earlier.abs();
        settled.then(|| above[1] / below[1])
    };
    let (mut m, mut even) = (0.0, a);
    for _ in 0..FRACTION_STEPS {
        let odd = -(a + m) * (sum + m) * x / (even * (even + 1.0));
        next(odd);
        m += 1.0;
        even += 2.0;
        if let Some(value) = next(m * (b - m) * x / ((even - 1.0) * even)) {
            return value;
        }
    }
    above[1] / guard(below[1])
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
