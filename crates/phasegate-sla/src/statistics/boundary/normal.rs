//! The normal mixture: sub-Gaussian sums of known variance.

use super::{Sides, best_rho, invert, positive};
use crate::statistics::numeric::{ln, ln_normal_cdf};
use crate::statistics::{Alpha, StatisticsError};

/// Robbins' normal mixture, for sub-Gaussian sums whose variance bound is known.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::boundary::{NormalMixture, Sides};
/// let alpha = Alpha::new(0.05)?;
/// let mixture = NormalMixture::tuned_for(100.0, alpha, Sides::Two)?;
/// assert!((mixture.bound(100.0, alpha).unwrap() - 30.35209).abs() < 1e-5);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalMixture {
    rho: f64,
    sides: Sides,
}

impl NormalMixture {
    /// Lowest at intrinsic time `v`.
    ///
    /// # Errors
    /// When `v` is not positive.
    pub fn tuned_for(v: f64, alpha: Alpha, sides: Sides) -> Result<Self, StatisticsError> {
        Ok(Self {
            rho: best_rho(positive("intrinsic time", v)?, alpha, sides),
            sides,
        })
    }

    /// The mixture's precision.
    #[must_use]
    pub const fn rho(self) -> f64 {
        self.rho
    }

    /// Evidence in nats of a sum `s` at intrinsic time `v`.
    #[must_use]
    pub fn log_e(self, s: f64, v: f64) -> f64 {
        let total = v + self.rho;
        let two_sided = 0.5 * ln(self.rho / total) + 0.5 * s * s / total;
        match self.sides {
            Sides::Two => two_sided,
            Sides::One => two_sided + std::f64::consts::LN_2 + ln_normal_cdf(s / total.sqrt()),
        }
    }

    /// The boundary at intrinsic time `v`; none if no number reaches it.
    #[must_use]
    pub fn bound(self, v: f64, alpha: Alpha) -> Option<f64> {
        let total = v + self.rho;
        match self.sides {
            Sides::Two => Some((total * (ln(total / self.rho) + 2.0 * alpha.threshold())).sqrt()),
            Sides::One => invert(v.max(1.0), None, alpha.threshold(), |s| self.log_e(s, v)),
        }
    }
}
