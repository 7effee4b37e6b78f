//! The beta-binomial mixture: sums of increments that are −g or h.

use super::{Sides, best_rho, invert, positive};
use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Rate, StatisticsError};

/// The beta-binomial mixture for sums of centred increments bounded by −g and h, at intrinsic time
/// v = g·h·(number of increments).
///
/// The same e-process as [`RateTest`] at the rate g/(g + h), written for sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BetaBinomialMixture {
    g: f64,
    h: f64,
    sides: Sides,
    test: RateTest,
}

impl BetaBinomialMixture {
    /// For increments between −`g` and `h`, lowest at intrinsic time `v`.
    ///
    /// # Errors
    /// When `v`, `g` or `h` is not positive.
    pub fn tuned_for(
        v: f64,
        alpha: Alpha,
        g: f64,
        h: f64,
        sides: Sides,
    ) -> Result<Self, StatisticsError> {
        let (g, h) = (positive("g", g)?, positive("h", h)?);
        let rho = best_rho(positive("intrinsic time", v)?, alpha, sides);
        let strength = (rho / (g * h) - 1.0).max(1e-3);
        let test = RateTest::new(Rate::new(g / (g + h))?).with_prior(PriorStrength::new(strength)?);
        Ok(Self { g, h, sides, test })
    }

    /// Evidence in nats of a sum `s` between −v/h and v/g at intrinsic time `v`.
    #[must_use]
    pub fn log_e(self, s: f64, v: f64) -> f64 {
        let sum = self.g + self.h;
        let hits = ((v + self.h * s) / (self.h * sum)).max(0.0);
        let misses = ((v - self.g * s) / (self.g * sum)).max(0.0);
        match self.sides {
            Sides::One => self.test.above_at(hits, misses).nats(),
            Sides::Two => self.test.two_sided_at(hits, misses).nats(),
        }
    }

    /// The boundary at intrinsic time `v`, or none where even the greatest possible sum v/g is not
    /// enough: then nothing can be said, and the bound is infinite, not v/g.
    #[must_use]
    pub fn bound(self, v: f64, alpha: Alpha) -> Option<f64> {
        invert(v, Some(v / self.g), alpha.threshold(), |s| self.log_e(s, v))
    }
}
