//! Polynomial stitching: a boundary in closed form with iterated-logarithm growth.

use super::positive;
use crate::statistics::numeric::{ln, pow, zeta};
use crate::statistics::{Alpha, StatisticsError};

/// √(k₁² v ℓ + k₂² c² ℓ²) + k₂ c ℓ with ℓ = s ln ln(ηv/m) + ln(ζ(s) / (α lnˢ η)): Theorem 1 of Howard
/// et al. 2021, for sub-gamma sums of scale `c`. One-sided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialStitching {
    v_min: f64,
    c: f64,
    s: f64,
    eta: f64,
}

impl PolynomialStitching {
    /// For sums of scale `c` (negative where increments are bounded below only), starting at
    /// intrinsic time `v_min`, with the usual exponent s = 1.4 and epochs growing by η = 2.
    ///
    /// # Errors
    /// When `v_min` is not positive or `c` not finite.
    pub fn new(v_min: f64, c: f64) -> Result<Self, StatisticsError> {
        if !c.is_finite() {
            return Err(StatisticsError::Parameter {
                name: "scale",
                wanted: "finite",
                value: c,
            });
        }
        Ok(Self {
            v_min: positive("first intrinsic time", v_min)?,
            c,
            s: 1.4,
            eta: 2.0,
        })
    }

    /// The boundary at intrinsic time `v`; flat below the first one.
    #[must_use]
    pub fn bound(self, v: f64, alpha: Alpha) -> f64 {
        let v = v.max(self.v_min);
        let ln_eta = ln(self.eta);
        let fourth = self.eta.sqrt().sqrt();
        let k_1 = (fourth + 1.0 / fourth) * std::f64::consts::FRAC_1_SQRT_2;
        let k_2 = 0.5 * (self.eta.sqrt() + 1.0);
        let ell = self.s * ln(ln(self.eta * v / self.v_min))
            + ln(zeta(self.s) / pow(ln_eta, self.s))
            + alpha.threshold();
        let linear = k_2 * self.c * ell;
        (k_1 * k_1 * v * ell + linear * linear).sqrt() + linear
    }
}
