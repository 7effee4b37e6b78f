//! The beta integral on either side of a point, measured by its integrand there.
//!
//! With s = a + b, M⁺ is the integral of θᵃ⁻¹(1 − θ)ᵇ⁻¹ from p to 1 over pᵃqᵇ, and M⁻ the one from 0 to p. Far from
//! the mean a/s, or for small a or b, the smaller of them is a short continued fraction and the larger is what
//! it leaves of the whole. That fraction takes O(√s) steps near the mean; there the integral is expanded instead
//! (N. Temme, "Special Functions", 1996, section 11.3.3, without his integrations by parts):
//!
//! Over t = logit θ the integrand is e^(at)/(1 + eᵗ)ˢ, with its top at the mean. Let −½su² be the logarithm of
//! its fall from there. Then dt/du = Σ Fₘ(C) uᵐ · s/√(ab) with C = (b − a)/√(ab), and M⁺ is the integral of
//! e^(−½su²)·dt/du from u = −z/√s on, over its value there, ½z² being the fall at p. The first term and the even
//! moments over the whole line give the beta function, which is known exactly; what remains is
//! M⁺·√(ab/s) = Γ* R(−z) + Σ Fₘ qₘ, m from 1, with Mills' ratio R and the moments of one side, q₁ = 1/√s,
//! qₘ = (−z/√s)ᵐ⁻¹/√s + (m − 1)/s · qₘ₋₂.

use super::beta::beta_fraction;
use super::elementary::{exp, ln};
use super::gamma::{HALF_LN_TWO_PI, deviance, stirling_error};
use super::mills::{MILLS_TO, mills_ratio};
use super::skew::skewed;

/// From so large an a and b on, the expansion serves.
const WEIGHT_MIN: f64 = 40.0;
/// From so many nats below the top, the smaller side is nothing beside the larger one.
const NOTHING: f64 = 80.0;
/// √(2π).
const ROOT_TAU: f64 = 2.506_628_274_631_000_7;

/// ln of M⁺ + M⁻: B(a, b)/(pᵃqᵇ), through deviances, which keeps its digits at a + b = 1e9.
pub(crate) fn ln_whole(p: f64, q: f64, a: f64, b: f64) -> f64 {
    Spread::new(p, q, a, b).ln_whole()
}

/// ln M⁺ for a, b > 0 and q = 1 − p; ln M⁻ is that of `(q, p, b, a)`.
///
/// Absolute error 1e-12, as far as the rounding of a − sp allows; 1e-15/p where the fraction of a small p serves.
pub(crate) fn ln_above(p: f64, q: f64, a: f64, b: f64) -> f64 {
    let far = (a + b) * p - a;
    let is_far = far > 0.0 && far * far > 16.0 * (a + b) * p * q;
    if is_smaller(p, a, b) && (is_far || a.min(b) < WEIGHT_MIN) {
        return ln(fraction(q, b, a));
    }
    let spread = Spread::new(p, q, a, b);
    if let Some(near) = spread.near() {
        return ln(near.above / near.scale);
    }
    if is_smaller(p, a, b) {
        return ln(fraction(q, b, a));
    }
    spread.ln_rest(|| fraction(p, a, b))
}

/// ln M⁺ and ln M⁻, for little more than one of them.
pub(crate) fn ln_edges(p: f64, q: f64, a: f64, b: f64) -> [f64; 2] {
    let spread = Spread::new(p, q, a, b);
    if let Some(near) = spread.near() {
        return [near.above, near.below].map(|side| ln(side / near.scale));
    }
    if is_smaller(p, a, b) {
        let above = fraction(q, b, a);
        [ln(above), spread.ln_rest(|| above)]
    } else {
        let below = fraction(p, a, b);
        [spread.ln_rest(|| below), ln(below)]
    }
}

/// Is the side above p the one whose fraction is short?
fn is_smaller(p: f64, a: f64, b: f64) -> bool {
    p >= (a + 1.0) / (a + b + 2.0)
}

/// The side below `x`.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    beta_fraction(x, a, b) / a
}

/// Where p lies in the distribution of weights a and b.
struct Spread {
    a: f64,
    b: f64,
    /// Is the mean above p?
    ahead: bool,
    /// ½z²: how far in nats the integrand at p is below its top.
    fall: f64,
    /// ln Γ*: what Stirling's formula leaves out of B(a, b).
    stirling: f64,
}

/// Both sides times √(ab/s), which is `scale`.
struct Near {
    above: f64,
    below: f64,
    scale: f64,
}

impl Spread {
    fn new(p: f64, q: f64, a: f64, b: f64) -> Self {
        let sum = a + b;
        Self {
            a,
            b,
            ahead: a > sum * p,
            fall: deviance(a, sum * p) + deviance(b, sum * q),
            stirling: stirling_error(a) + stirling_error(b) - stirling_error(sum),
        }
    }

    fn ln_whole(&self) -> f64 {
        let scale = 0.5 * ln(self.a * (self.b / (self.a + self.b)));
        self.fall - scale + self.stirling + HALF_LN_TWO_PI
    }

    /// ln of the larger side.
    fn ln_rest(&self, smaller: impl FnOnce() -> f64) -> f64 {
        if self.fall > NOTHING {
            return self.ln_whole();
        }
        ln(ROOT_TAU * exp(self.fall + self.stirling) / self.scale() - smaller())
    }

    fn scale(&self) -> f64 {
        (self.a * (self.b / (self.a + self.b))).sqrt()
    }

    /// The expansion; none too far from the mean or for too small weights.
    fn near(&self) -> Option<Near> {
        if self.a.min(self.b) < WEIGHT_MIN || self.fall > 0.5 * MILLS_TO * MILLS_TO {
            return None;
        }
        let z = (2.0 * self.fall).sqrt();
        let whole = ROOT_TAU * exp(self.fall + self.stirling);
        let ratio = exp(self.stirling) * mills_ratio(z);
        let (above, below) = if self.ahead {
            let below = ratio - skewed(self.a, self.b, z);
            (whole - below, below)
        } else {
            let above = ratio + skewed(self.a, self.b, -z);
            (above, whole - above)
        };
        let scale = self.scale();
        Some(Near {
            above,
            below,
            scale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights at which p lies `z` standard deviations below the mean, the smaller of them `least`.
    fn weights(p: f64, z: f64, least: f64) -> (f64, f64) {
        let of_smaller = |p: f64, z: f64| {
            let half = 0.5 * z * (p * (1.0 - p)).sqrt() / p;
            let root = (half * half + least / p).sqrt() - half;
            root * root
        };
        let sum = of_smaller(p, z);
        if 2.0 * least <= sum {
            (least, sum - least)
        } else {
            let sum = of_smaller(1.0 - p, -z);
            (sum - least, least)
        }
    }

    #[test]
    fn the_expansion_agrees_with_the_fraction_where_it_serves() {
        let mut compared = 0;
        for p in [1e-6, 0.001, 0.01, 0.3, 0.5, 0.9, 0.999] {
            let q = 1.0 - p;
            for least in [40.0, 41.7, 55.0, 150.0, 1_000.0, 20_000.0, 1e6] {
                for tenth in -35..=35 {
                    let (a, b) = weights(p, f64::from(tenth) / 10.0, least);
                    let Some(near) = Spread::new(p, q, a, b).near() else {
                        continue;
                    };
                    let smaller = if is_smaller(p, a, b) {
                        ln(fraction(q, b, a)) - ln(near.above / near.scale)
                    } else {
                        ln(fraction(p, a, b)) - ln(near.below / near.scale)
                    };
                    let whole = ln_whole(p, q, a, b) - ln((near.above + near.below) / near.scale);
                    // The rounding of a − sp moves z by 10⁻¹⁶√s at most. The fraction in 1 − p loses the digits
                    // that p has more, in each of its 2√a steps (against 60 digits the expansion keeps them).
                    let most =
                        2e-12 + 1e-15 * (a + b).sqrt() + 6e-16 * (20.0 + least.sqrt()) / p.min(q);
                    assert!(smaller.abs() < most, "{p} {a} {b}: {smaller:e}");
                    assert!(whole.abs() < 1e-13, "{p} {a} {b}: {whole:e}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 2_500, "{compared}");
    }

    /// a, b, p, ln M⁺, ln M⁻ to 18 digits (mpmath: hypergeometric function, or quadrature over the logit).
    const REFERENCE: [(f64, f64, f64, f64, f64); 12] = [
        (0.1, 9.9, 0.01, 0.852_539_190_318_601, 2.394_125_755_826_878),
        (
            3.5,
            400.0,
            0.01,
            -0.760_035_366_386_416_5,
            -0.037_644_498_499_434_85,
        ),
        (
            20.0,
            9_000.0,
            0.01,
            -4.268_933_478_074_825,
            39.775_617_581_424_41,
        ),
        (
            250.0,
            9_000.0,
            0.01,
            90.597_564_469_223_13,
            -5.063_061_496_070_308,
        ),
        (
            900.0,
            88.0,
            0.9,
            -0.717_141_176_773_150_6,
            -2.747_268_351_159_483,
        ),
        (
            40.5,
            3_999.0,
            0.01,
            -1.645_971_063_099_052,
            -1.590_061_957_793_437,
        ),
        (
            60.0,
            5_000.25,
            0.01,
            -0.401_219_134_611_837_9,
            -2.531_378_765_879_808,
        ),
        (
            45.0,
            45e6,
            1e-6,
            -1.716_152_479_951_716,
            -1.636_796_588_209_788,
        ),
        (
            1_000_000.1,
            99_000_009.9,
            0.01,
            -6.677_200_714_731_483,
            -6.676_676_804_026_951,
        ),
        (
            5e8,
            500_010_000.0,
            0.5,
            -9.677_943_820_097_813,
            -9.171_022_074_476_254,
        ),
        (
            10_030_000.0,
            999_970_000.0,
            0.01,
            -11.158_280_854_383_786,
            238.450_181_078_470_03,
        ),
        (
            9_980_000.0,
            990_020_000.0,
            0.01,
            -9.926_866_986_916_734,
            13.081_272_308_645_188,
        ),
    ];

    #[test]
    fn both_sides_have_their_known_logarithms() {
        for (a, b, p, above, below) in REFERENCE {
            let edges = ln_edges(p, 1.0 - p, a, b);
            // An integer of 10⁷ leaves 10⁻⁹ of a nat of 200 in the last place of a − sp.
            let most = 1e-12 * (1.0 + above.abs() + below.abs()) + 1e-15 * (a + b).sqrt();
            for (found, expected) in edges.into_iter().zip([above, below]) {
                assert!(
                    (found - expected).abs() < most,
                    "{a} {b} {p}: {found} {expected}"
                );
            }
        }
    }
    #[test]
    fn one_side_alone_is_the_same_as_beside_the_other() {
        for p in [1e-6, 0.01, 0.4, 0.999] {
            for least in [0.01, 1.0, 7.5, 39.0, 80.0, 3_000.0] {
                for z in -40..=40 {
                    let (a, b) = weights(p, f64::from(z) / 3.0, least);
                    if !(a > 0.0 && b > 0.0) {
                        continue;
                    }
                    let both = ln_edges(p, 1.0 - p, a, b);
                    let each = [ln_above(p, 1.0 - p, a, b), ln_above(1.0 - p, p, b, a)];
                    for (one, other) in each.into_iter().zip(both) {
                        assert!((one - other).abs() < 1e-10, "{p} {a} {b}: {one} {other}");
                    }
                }
            }
        }
    }
}
