//! Uniform boundaries: curves that a centred sum crosses *ever* with probability at most α.
//!
//! A boundary u(v) speaks of a sum S whose variability up to now is v ("intrinsic time"):
//! P(∃t: Sₜ ≥ u(vₜ)) ≤ α. Divided by the number of samples it is the radius of a confidence sequence.
//! The mixtures are also e-processes, whose value is `log_e(s, v)`.
//!
//! - **Assumes** that S is a sub-ψ process for the named ψ with variance process v that is known in
//!   advance or predictable. **Never** put a running sample variance into [`NormalMixture`], and never
//!   retune a mixture to the current v: both cross for certain sooner or later.
//! - **Cost** O(1) to evaluate, some 40 evaluations to invert; no state.
//! - **Source**: Howard, Ramdas, `McAuliffe`, Sekhon, Annals of Statistics 2021 (arXiv 1810.08240).

mod beta_binomial;
mod gamma;
mod normal;
mod stitching;

pub use beta_binomial::BetaBinomialMixture;
pub use gamma::{GammaExponentialMixture, GammaPoissonMixture};
pub use normal::NormalMixture;
pub use stitching::PolynomialStitching;

use super::numeric::{bisect, ln};
use super::{Alpha, StatisticsError};

/// Whether only sums above zero count or both signs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a boundary has one side or two")]
pub enum Sides {
    /// P(S ≥ u ever) ≤ α.
    One,
    /// P(|S| ≥ u ever) ≤ α.
    Two,
}

/// ρ = v / (2 ln(1/α) + ln(1 + 2 ln(1/α))): the mixture precision whose boundary is lowest at `v`.
///
/// One-sided mixtures spend 2α on the one side.
pub(crate) fn best_rho(v: f64, alpha: Alpha, sides: Sides) -> f64 {
    let alpha = match sides {
        // Above one half nothing is left to tune for; the cap keeps the logarithm positive.
        Sides::One => (2.0 * alpha.value()).min(0.99),
        Sides::Two => alpha.value(),
    };
    let twice = -2.0 * ln(alpha);
    v / (twice + ln(1.0 + twice))
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, StatisticsError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(StatisticsError::Parameter {
            name,
            wanted: "above 0",
            value,
        })
    }
}

/// The least s ≥ 0 with `log_e(s)` ≥ `threshold`, for a convex `log_e`; none up to `limit`, or
/// (where there is no limit) when 50 doublings do not reach it.
pub(crate) fn invert(
    start: f64,
    limit: Option<f64>,
    threshold: f64,
    log_e: impl Fn(f64) -> f64,
) -> Option<f64> {
    let high = match limit {
        Some(limit) => (log_e(limit) >= threshold).then_some(limit)?,
        None => (0..50)
            .map(|n| start * 2.0_f64.powi(n))
            .find(|s| log_e(*s) >= threshold)?,
    };
    Some(bisect(0.0, high, |s| log_e(s) < threshold))
}
