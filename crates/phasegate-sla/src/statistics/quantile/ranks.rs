//! Which two order statistics enclose a quantile at all looks at once.

use crate::statistics::boundary::{BetaBinomialMixture, Sides};
use crate::statistics::numeric::ln;
use crate::statistics::{Alpha, Rate, StatisticsError};

/// How the ranks are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RankMethod {
    /// Beta-binomial mixture, narrowest at about this many samples (Theorem 1b); the better one.
    BetaBinomial {
        /// Samples at which the interval is narrowest; to be chosen before the data.
        tuned_for: f64,
    },
    /// Stitching, in closed form (Theorem 1a).
    Stitched,
}

/// Ranks (1-based) of the order statistics that enclose a quantile; none where no sample bounds it.
///
/// Where the samples are too few for a bound the end is `None`, that is
/// ±∞, never the smallest or greatest sample: at one sample the maximum covers p99 in 1 % of cases.
///
/// - **Assumes** independent samples of one distribution, and a method and tuning chosen before the data.
/// - **Guarantees** that with probability at least 1 − α, at every number of samples at once, the quantile lies
///   between the two order statistics.
/// - **Cost** 60 evaluations of a mixture; **state** none (the ranks are of the sorted samples).
/// - **Source**: Howard and Ramdas, Bernoulli 2022 (arXiv 1906.09712).
///
/// ```
/// use phasegate_sla::statistics::quantile::{RankInterval, RankMethod};
/// use phasegate_sla::statistics::{Alpha, Rate};
/// let method = RankMethod::BetaBinomial { tuned_for: 1_000.0 };
/// let ranks = RankInterval::new(Rate::new(0.5)?, 1_000, Alpha::new(0.05)?, method)?;
/// assert_eq!((ranks.lower, ranks.upper), (Some(453), Some(548)));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RankInterval {
    /// Rank of the lower end, from 1.
    pub lower: Option<u64>,
    /// Rank of the upper end, at most the number of samples.
    pub upper: Option<u64>,
}

impl RankInterval {
    /// For the `p` quantile of `samples` samples.
    ///
    /// # Errors
    /// When the method's tuning is not positive.
    pub fn new(
        p: Rate,
        samples: u64,
        alpha: Alpha,
        method: RankMethod,
    ) -> Result<Self, StatisticsError> {
        if samples == 0 {
            return Ok(Self {
                lower: None,
                upper: None,
            });
        }
        let t = samples as f64;
        let centre = t * p.p();
        let (lower, upper) = match method {
            RankMethod::BetaBinomial { tuned_for } => {
                let radius = |g, h| beta_binomial_radius(t, tuned_for, alpha, g, h);
                (
                    radius(p.q(), p.p())?.map(|u| (centre - u).floor() + 1.0),
                    radius(p.p(), p.q())?.map(|u| (centre + u).ceil()),
                )
            }
            RankMethod::Stitched => {
                let radius = t * stitched_radius(p, t, alpha);
                (
                    Some((centre - radius).ceil()),
                    Some((centre + radius).floor() + 1.0),
                )
            }
        };
        Ok(Self {
            lower: lower.and_then(|rank| within(rank, samples)),
            upper: upper.and_then(|rank| within(rank, samples)),
        })
    }

    /// The end values among `sorted` samples (ascending): −∞ and ∞ where there is no bound.
    #[must_use]
    pub fn of(self, sorted: &[f64]) -> crate::statistics::Interval {
        let at = |rank: u64| {
            usize::try_from(rank)
                .ok()
                .and_then(|rank| sorted.get(rank.checked_sub(1)?))
                .copied()
        };
        crate::statistics::Interval {
            lower: self.lower.and_then(at).unwrap_or(f64::NEG_INFINITY),
            upper: self.upper.and_then(at).unwrap_or(f64::INFINITY),
        }
    }
}

/// How far the number of samples below a quantile may lie from its expectation; none if any number
/// is possible.
pub(crate) fn beta_binomial_radius(
    t: f64,
    tuned_for: f64,
    alpha: Alpha,
    g: f64,
    h: f64,
) -> Result<Option<f64>, StatisticsError> {
    let mixture = BetaBinomialMixture::tuned_for(g * h * tuned_for, alpha, g, h, Sides::Two)?;
    Ok(mixture.bound(g * h * t, alpha))
}

/// 1.5 √(p(1−p)ℓ) + 0.8 ℓ with ℓ = [1.4 ln ln(2.1 t) + ln(10/α)] / t.
fn stitched_radius(p: Rate, t: f64, alpha: Alpha) -> f64 {
    let ell = (1.4 * ln(ln(2.1 * t)).max(0.0) + ln(10.0) + alpha.threshold()) / t;
    1.5 * (p.p() * p.q() * ell).sqrt() + 0.8 * ell
}

fn within(rank: f64, samples: u64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked against 1 and the number of samples"
    )]
    (rank >= 1.0 && rank <= samples as f64).then_some(rank as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_samples_give_no_bound() {
        let alpha = Alpha::new(0.05).unwrap();
        let p99 = Rate::new(0.99).unwrap();
        for method in [
            RankMethod::Stitched,
            RankMethod::BetaBinomial { tuned_for: 100.0 },
        ] {
            for samples in [0, 1, 10] {
                let ranks = RankInterval::new(p99, samples, alpha, method).unwrap();
                assert_eq!(ranks.upper, None, "{samples}");
                assert_eq!(ranks.of(&[1.0]).upper, f64::INFINITY);
            }
        }
    }

    #[test]
    fn the_closed_form_is_wider_but_of_the_same_kind() {
        let alpha = Alpha::new(0.05).unwrap();
        let p = Rate::new(0.5).unwrap();
        let wide = RankInterval::new(p, 10_000, alpha, RankMethod::Stitched).unwrap();
        let narrow = RankInterval::new(
            p,
            10_000,
            alpha,
            RankMethod::BetaBinomial { tuned_for: 1e4 },
        )
        .unwrap();
        assert!(wide.lower < narrow.lower && wide.upper > narrow.upper);
        assert!(
            wide.lower > Some(4_700) && wide.upper < Some(5_300),
            "{wide:?}"
        );
    }
}
