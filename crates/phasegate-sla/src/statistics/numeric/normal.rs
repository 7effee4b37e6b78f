//! The normal distribution: Φ, ln Φ and Φ⁻¹.

use statrs::function::erf;

use super::elementary::{exp, ln, ln_1p};
use super::gamma::HALF_LN_TWO_PI;

/// Above this argument Φ is summed as a series, below it as a continued fraction.
const SERIES_FROM: f64 = -2.0;

/// Φ(z), the standard normal distribution function; relative error below 1e-14 on either side.
///
/// Not `statrs`: its erfc is off by 1e-11 between −1 and 1.
#[must_use]
pub fn normal_cdf(z: f64) -> f64 {
    if z.is_nan() {
        return z;
    }
    if z < SERIES_FROM {
        return exp(ln_lower_tail(-z));
    }
    if z > -SERIES_FROM {
        return 1.0 - exp(ln_lower_tail(z));
    }
    // Φ(z) = ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …).
    let square = z * z;
    let (mut term, mut sum, mut n) = (z, z, 3.0);
    while (term * 1e17_f64).abs() > sum.abs() {
        term *= square / n;
        sum += term;
        n += 2.0;
    }
    0.5 + sum * exp(-0.5 * square - HALF_LN_TWO_PI)
}

/// ln Φ(z) for any finite `z`, −½ z² and lower included.
#[must_use]
pub fn ln_normal_cdf(z: f64) -> f64 {
    if z < SERIES_FROM {
        ln_lower_tail(-z)
    } else if z > -SERIES_FROM {
        ln_1p(-exp(ln_lower_tail(z)))
    } else {
        ln(normal_cdf(z))
    }
}

/// ln Φ(−x) for x ≥ 2: Mills' ratio as Laplace's continued fraction x + 1/(x + 2/(x + 3/(x + …))),
/// whose error after n terms is about exp(−2x√(2n)).
fn ln_lower_tail(x: f64) -> f64 {
    let mut fraction = x;
    let mut n = 100.0;
    while n >= 1.0 {
        fraction = x + n / fraction;
        n -= 1.0;
    }
    -0.5 * x * x - HALF_LN_TWO_PI - ln(fraction)
}

/// Φ⁻¹(p) for p in (0, 1); ±∞ at the ends, NaN outside.
///
/// `statrs` starts it, two Newton steps on ln Φ finish it: relative error below 1e-14 for
/// p ≥ 1e-300.
///
/// ```
/// use phasegate_sla::statistics::numeric::normal_quantile;
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// ```
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if p == 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        // 1 − p is exact for p in [½, 1], and the lower tail keeps its digits.
        return -normal_quantile(1.0 - p);
    }
    let target = ln(p);
    let mut z = -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p);
    for _ in 0..2 {
        let current = ln_normal_cdf(z);
        // The slope of ln Φ is φ/Φ.
        z -= (current - target) * exp(current + 0.5 * z * z + HALF_LN_TWO_PI);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_have_their_tabled_values() {
        let table = [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.99, 2.326_347_874_040_841),
            (0.01, -2.326_347_874_040_841),
            (1e-9, -5.997_807_015_007_687),
            (1e-100, -21.273_453_560_965_33),
        ];
        for (p, z) in table {
            assert!(
                (normal_quantile(p) - z).abs() <= 4e-15 * z.abs().max(0.1),
                "{p}"
            );
        }
        assert!(normal_quantile(1.5).is_nan() && normal_quantile(f64::NAN).is_nan());
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
    }

    #[test]
    fn the_logarithm_of_the_tail_joins_without_a_step_and_never_underflows() {
        let table = [
            (-1.0, -1.841_021_645_009_263_5),
            (-40.0, -804.608_442_013_753_8),
        ];
        for (z, expected) in table {
            assert!((ln_normal_cdf(z) - expected).abs() < 1e-12, "{z}");
        }
        for joint in [-2.0, 2.0] {
            let (left, right) = (ln_normal_cdf(joint - 1e-9), ln_normal_cdf(joint + 1e-9));
            assert!(left < right && right - left < 5e-9, "{joint}");
        }
        assert!((ln_normal_cdf(6.0) + 9.865_876_455e-10).abs() < 1e-18);
        assert!(ln_normal_cdf(-1e8).is_finite());
        let library = 0.5 * erf::erfc(std::f64::consts::FRAC_1_SQRT_2);
        // The reason for having our own; delete ours when this fails.
        assert!(
            (library / 0.158_655_253_931_457_05 - 1.0).abs() > 1e-14,
            "{library}"
        );
        assert!((normal_cdf(-1.0) / 0.158_655_253_931_457_05 - 1.0).abs() < 1e-14);
    }
}
