//! The Mann–Whitney U test of two samples.

use super::PValues;
use crate::statistics::StatisticsError;
use crate::statistics::numeric::{exp, ln_choose, normal_cdf};
use crate::statistics::quantile::PooledArms;

/// Sample sizes up to which the exact distribution is offered: 10⁶ additions.
const EXACT_CELLS: usize = 1_000_000;

/// The Mann–Whitney U test: does x tend to be greater than y?
///
/// - **Assumes** independent samples; under the null both have the same distribution. Ties are
///   handled by mid-ranks and a corrected variance.
/// - **Guarantees** a false alarm with probability about α at one look, from 10 samples a side on.
///   **Not under repeated looks.** **Cost** O(n log n); **state** the samples.
/// - **Source**: Mann and Whitney 1947.
///
/// ```
/// use phasegate_sla::statistics::fixed::MannWhitney;
/// let test = MannWhitney::new(&[10.0, 20.0, 30.0, 40.0], &[1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(test.u(), 16.0);
/// assert!((test.normal(true).p.two_sided - 0.0303828).abs() < 1e-6);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs with x > y, ties counted half, times two: an integer.
    twice_u: u128,
    n: usize,
    m: usize,
    /// Σ(t³ − t) over groups of ties.
    ties: f64,
}

/// The outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RankOutcome {
    /// Pairs with x > y plus half the ties.
    pub u: f64,
    /// The p-values.
    pub p: PValues,
}

impl MannWhitney {
    /// Of sample `x` against sample `y`.
    ///
    /// # Errors
    /// When a sample is empty or has a NaN.
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self, StatisticsError> {
        if x.is_empty() || y.is_empty() {
            return Err(StatisticsError::TooFewSamples {
                needed: 1,
                given: 0,
            });
        }
        Ok(Self::of(&PooledArms::from_samples(x, y)?, x.len(), y.len()))
    }

    fn of(arms: &PooledArms, n: usize, m: usize) -> Self {
        let (mut twice_u, mut ties) = (0_u128, 0.0);
        for point in arms.points() {
            let of_x = u128::from(point.through[0] - point.before[0]);
            let of_y = point.through[1] - point.before[1];
            twice_u += of_x * (2 * u128::from(point.before[1]) + u128::from(of_y));
            let t = of_x as f64 + of_y as f64;
            ties += t * t * t - t;
        }
        Self {
            twice_u,
            n,
            m,
            ties,
        }
    }

    /// Pairs with x > y plus half the ties.
    #[must_use]
    pub fn u(self) -> f64 {
        self.twice_u as f64 / 2.0
    }

    /// P(x > y) + ½ P(x = y): the common language effect size.
    #[must_use]
    pub fn effect_size(self) -> f64 {
        self.u() / (self.n as f64 * self.m as f64)
    }

    /// By the normal approximation, with or without correction for continuity.
    ///
    /// All p-values are 1 when all observations are tied.
    #[must_use]
    pub fn normal(self, continuity: bool) -> RankOutcome {
        let (n, m) = (self.n as f64, self.m as f64);
        let total = n + m;
        let variance = n * m / 12.0 * ((total + 1.0) - self.ties / (total * (total - 1.0)));
        if variance <= 0.0 || variance.is_nan() {
            let p = PValues {
                greater: 1.0,
                less: 1.0,
                two_sided: 1.0,
            };
            return RankOutcome { u: self.u(), p };
        }
        let step = if continuity { 0.5 } else { 0.0 };
        let tail = |difference: f64| normal_cdf(-(difference - step) / variance.sqrt());
        let excess = self.u() - 0.5 * n * m;
        let p = PValues {
            greater: tail(excess),
            less: tail(-excess),
            two_sided: (2.0 * tail(excess.abs())).min(1.0),
        };
        RankOutcome { u: self.u(), p }
    }

    /// By counting all arrangements; none above a million cells. Ignores ties, as is usual.
    #[must_use]
    pub fn exact(self) -> Option<RankOutcome> {
        let cells = self.n.checked_mul(self.m)?;
        if cells.checked_mul(self.n.min(self.m))? > EXACT_CELLS {
            return None;
        }
        let weights = arrangements(self.n, self.m);
        let u = self.u();
        let at_least = |u: f64| -> f64 {
            weights
                .iter()
                .enumerate()
                .filter(|(k, _)| *k as f64 >= u)
                .map(|(_, w)| w)
                .sum()
        };
        let greater = at_least(u);
        let less = at_least(cells as f64 - u);
        let p = PValues {
            greater,
            less,
            two_sided: (2.0 * greater.min(less)).min(1.0),
        };
        Some(RankOutcome { u, p })
    }
}

/// The probability of each value of U for samples of `n` and `m` without ties.
///
/// The numbers of arrangements are coefficients of the Gaussian binomial Π(1 − qᵐ⁺ⁱ)/(1 − qⁱ).
fn arrangements(n: usize, m: usize) -> Vec<f64> {
    let (small, large) = (n.min(m), n.max(m));
    let size = n * m + 1;
    let mut counts = vec![0.0; size];
    if let Some(first) = counts.first_mut() {
        *first = 1.0;
    }
    for i in 1..=small {
        let up = large + i;
        for k in (up..size).rev() {
            let lower = counts.get(k - up).copied().unwrap_or(0.0);
            if let Some(count) = counts.get_mut(k) {
                *count -= lower;
            }
        }
        for k in i..size {
            let lower = counts.get(k - i).copied().unwrap_or(0.0);
            if let Some(count) = counts.get_mut(k) {
                *count += lower;
            }
        }
    }
    let all = ln_choose((n + m) as u64, small as u64);
    let scale = exp(-all);
    counts.iter().map(|count| count * scale).collect()
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn all_tied_or_empty_samples_show_nothing() {
        let tied = MannWhitney::new(&[3.0, 3.0], &[3.0, 3.0, 3.0]).unwrap();
        assert_eq!(tied.normal(true).p.two_sided, 1.0);
        assert_eq!(tied.effect_size(), 0.5);
        assert!(MannWhitney::new(&[], &[1.0]).is_err());
        assert!(MannWhitney::new(&[f64::NAN], &[1.0]).is_err());
    }

    #[test]
    fn exact_probabilities_add_up_to_one() {
        for (n, m) in [(1, 1), (3, 5), (7, 4), (20, 20)] {
            let sum: f64 = arrangements(n, m).iter().sum();
            assert!((sum - 1.0).abs() < 1e-10, "{n} {m}: {sum}");
        }
        let large = MannWhitney::new(&vec![1.0; 500], &vec![2.0; 500]).unwrap();
        assert_eq!(large.exact(), None);
    }
}
