//! Gamma mixtures: sub-exponential and sub-Poisson sums.

use serde::{Deserialize, Serialize};
use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur};

use super::{Sides, best_rho, invert, positive};
use crate::statistics::numeric::{ln, ln_gamma};
use crate::statistics::{Alpha, StatisticsError};

/// The gamma-exponential mixture, for sub-exponential sums of scale `c`: empirical Bernstein bounds
/// are made of it (c = 1, v the squared deviations from the running mean).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct GammaExponentialMixture {
    rho: f64,
    c: f64,
    constant: f64,
}

impl GammaExponentialMixture {
    /// Of scale `c`, lowest at intrinsic time `v`; one-sided.
    ///
    /// # Errors
    /// When `v` or `c` is not positive.
    pub fn tuned_for(v: f64, alpha: Alpha, c: f64) -> Result<Self, StatisticsError> {
        let rho = best_rho(positive("intrinsic time", v)?, alpha, Sides::One);
        let c = positive("scale", c)?;
        let shape = rho / (c * c);
        let constant = shape * ln(shape) - ln_gamma(shape) - ln(lower_gamma(shape, shape));
        Ok(Self { rho, c, constant })
    }

    /// Evidence in nats of a sum `s` at intrinsic time `v`.
    #[must_use]
    pub fn log_e(self, s: f64, v: f64) -> f64 {
        let square = self.c * self.c;
        let sum = (self.c * s + v) / square;
        let shape = (v + self.rho) / square;
        let argument = sum + self.rho / square;
        self.constant + ln_gamma(shape) + ln(lower_gamma(shape, argument)) - shape * ln(argument)
            + sum
    }

    /// The boundary at intrinsic time `v`.
    #[must_use]
    pub fn bound(self, v: f64, alpha: Alpha) -> Option<f64> {
        invert(v.max(1.0), None, alpha.threshold(), |s| self.log_e(s, v))
    }
}

/// The gamma-Poisson mixture, for sub-Poisson sums of scale `c`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaPoissonMixture {
    rho: f64,
    c: f64,
    constant: f64,
}

impl GammaPoissonMixture {
    /// Of scale `c`, lowest at intrinsic time `v`; one-sided.
    ///
    /// # Errors
    /// When `v` or `c` is not positive.
    pub fn tuned_for(v: f64, alpha: Alpha, c: f64) -> Result<Self, StatisticsError> {
        let rho = best_rho(positive("intrinsic time", v)?, alpha, Sides::One);
        let c = positive("scale", c)?;
        let shape = rho / (c * c);
        let constant = shape * ln(shape) - ln_gamma(shape) - ln(upper_gamma(shape, shape));
        Ok(Self { rho, c, constant })
    }

    /// Evidence in nats of a sum `s` at intrinsic time `v`.
    #[must_use]
    pub fn log_e(self, s: f64, v: f64) -> f64 {
        let square = self.c * self.c;
        let rate = (v + self.rho) / square;
        let shape = s / self.c + rate;
        self.constant + ln_gamma(shape) + ln(upper_gamma(shape, rate)) - shape * ln(rate)
            + v / square
    }

    /// The boundary at intrinsic time `v`.
    #[must_use]
    pub fn bound(self, v: f64, alpha: Alpha) -> Option<f64> {
        invert(v.max(1.0), None, alpha.threshold(), |s| self.log_e(s, v))
    }
}

/// The regularised lower incomplete gamma function; `statrs` is accurate to 1e-13 here.
fn lower_gamma(shape: f64, x: f64) -> f64 {
    checked_gamma_lr(shape, x).unwrap_or(f64::NAN)
}

/// The regularised upper incomplete gamma function.
fn upper_gamma(shape: f64, x: f64) -> f64 {
    checked_gamma_ur(shape, x).unwrap_or(f64::NAN)
}
