//! The Mann–Whitney U test of two samples.

use super::PValues;
use crate::statistics::StatisticsError;
use crate::statistics::numeric::{exp, ln_choose, normal_cdf};
use crate::statistics::quantile::PooledArms;

/// Sample sizes up to which the exact distribution is offered: 10⁶ additions.
const EXACT_CELLS: usize = 1_000_000;
/// Additions up to which the permutation distribution is offered: a tenth of a second.
const PERMUTATION_STEPS: usize = 100_000_000;

/// The Mann–Whitney U test: does x tend to be greater than y?
///
/// - **Assumes** independent samples; under the null both have the same distribution. Ties are
///   handled by mid-ranks.
/// - **Guarantees** a false alarm with probability at most α at one look by [`permutation`](Self::permutation),
///   about α by [`normal`](Self::normal) from 10 samples a side on; [`exact`](Self::exact) is for samples
///   without ties. **Not under repeated looks.**
/// - **Cost** O(n log n); **state** the samples.
/// - **Source**: Mann and Whitney 1947; with ties, Streitberg and Röhmel 1986.
///
/// ```
/// use phasegate_sla::statistics::fixed::MannWhitney;
/// let test = MannWhitney::new(&[10.0, 20.0, 30.0, 40.0], &[1.0, 2.0, 3.0, 4.0])?;
/// assert_eq!(test.u(), 16.0);
/// assert!((test.normal(true).p.two_sided - 0.0303828).abs() < 1e-6);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MannWhitney {
    /// Pairs with x > y, ties counted half, times two: an integer.
    twice_u: u128,
    n: usize,
    m: usize,
    /// Σ(t³ − t) over groups of ties.
    ties: f64,
    /// How many observations each value has, in the order of values; none of samples that are too large
    /// for their permutations to be counted.
    groups: Vec<usize>,
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
        let countable = permutation_steps(n, m).is_some();
        let mut groups = Vec::new();
        for point in arms.points() {
            let of_x = u128::from(point.through[0] - point.before[0]);
            let of_y = point.through[1] - point.before[1];
            twice_u += of_x * (2 * u128::from(point.before[1]) + u128::from(of_y));
            let t = of_x as f64 + of_y as f64;
            ties += t * t * t - t;
            if countable {
                groups
                    .push(usize::try_from(of_x.saturating_add(of_y.into())).unwrap_or(usize::MAX));
            }
        }
        Self {
            twice_u,
            n,
            m,
            ties,
            groups,
        }
    }

    /// Pairs with x > y plus half the ties.
    #[must_use]
    pub fn u(&self) -> f64 {
        self.twice_u as f64 / 2.0
    }

    /// P(x > y) + ½ P(x = y): the common language effect size.
    #[must_use]
    pub fn effect_size(&self) -> f64 {
        self.u() / (self.n as f64 * self.m as f64)
    }

    /// By the normal approximation, with or without correction for continuity.
    ///
    /// All p-values are 1 when all observations are tied.
    #[must_use]
    pub fn normal(&self, continuity: bool) -> RankOutcome {
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

    /// By counting all arrangements of samples without ties; none above a million cells.
    ///
    /// Ties are ignored, as in scipy's method of that name: with them its p-values are too small (0.343
    /// for 0.383 in 5 against 7 of three values). [`permutation`](Self::permutation) counts them.
    #[must_use]
    pub fn exact(&self) -> Option<RankOutcome> {
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

    /// By counting in how many ways the observations, ties and all, could have been dealt to the two
    /// samples; none beyond about 70 a side.
    ///
    /// Exact with and without ties. The two-sided p-value is twice the smaller one-sided one.
    ///
    /// ```
    /// use phasegate_sla::statistics::fixed::MannWhitney;
    /// let test = MannWhitney::new(&[2.0, 2.0, 3.0], &[1.0, 1.0, 2.0])?;
    /// // Of 20 ways to deal 1 1 2 2 2 3, three have a rank sum as high as this.
    /// assert!((test.permutation().unwrap().p.greater - 3.0 / 20.0).abs() < 1e-12);
    /// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
    /// ```
    #[must_use]
    pub fn permutation(&self) -> Option<RankOutcome> {
        permutation_steps(self.n, self.m)?;
        let twice_u = usize::try_from(self.twice_u).ok()?;
        let weights = dealt(&self.groups, self.n, self.m);
        let at_least: f64 = weights.iter().skip(twice_u).sum();
        let at_most: f64 = weights.iter().take(twice_u + 1).sum();
        let (greater, less) = (at_least.min(1.0), at_most.min(1.0));
        let p = PValues {
            greater,
            less,
            two_sided: (2.0 * greater.min(less)).min(1.0),
        };
        Some(RankOutcome { u: self.u(), p })
    }
}

/// How many additions [`dealt`] takes at most, if they are not too many.
fn permutation_steps(n: usize, m: usize) -> Option<usize> {
    let sums = n.checked_mul(m)?.checked_mul(2)?.checked_add(1)?;
    let steps = sums.checked_mul(n.checked_add(m)?)?.checked_mul(n)?;
    (steps <= PERMUTATION_STEPS).then_some(steps)
}

/// The probability of each value of twice U when the observations are dealt at random, `n` to one sample
/// and `m` to the other.
///
/// Group by group, from the least value up: of a group of t, j go to x with probability hypergeometric in
/// what has been dealt, and each of them beats the y's below and ties with the other t − j of its group.
fn dealt(groups: &[usize], n: usize, m: usize) -> Vec<f64> {
    let width = 2 * n * m + 1;
    // By how many have gone to x, and by twice U.
    let mut ways = vec![vec![0.0; width]; n + 1];
    if let Some(first) = ways.first_mut().and_then(|row| row.first_mut()) {
        *first = 1.0;
    }
    let mut dealt = 0;
    for &size in groups {
        let mut next = vec![vec![0.0; width]; n + 1];
        for (of_x, row) in ways.iter().enumerate() {
            let Some(of_y) = dealt_to_y(dealt, of_x, m) else {
                continue;
            };
            for j in 0..=size.min(n - of_x) {
                let Some(rest) = (size - j <= m - of_y).then_some(size - j) else {
                    continue;
                };
                let chance = hypergeometric((n - of_x, m - of_y), (j, rest));
                let won = j * (2 * of_y + rest);
                let into = next.get_mut(of_x + j).into_iter().flatten().skip(won);
                for (sum, way) in into.zip(row) {
                    *sum += way * chance;
                }
            }
        }
        ways = next;
        dealt += size;
    }
    ways.pop().unwrap_or_default()
}

/// Of so many dealt, those that are not x's are y's, if there are as many.
fn dealt_to_y(dealt: usize, of_x: usize, m: usize) -> Option<usize> {
    dealt.checked_sub(of_x).filter(|of_y| *of_y <= m)
}

/// The probability that of j + r drawn from two kinds, j are of the first and r of the second.
fn hypergeometric((first, second): (usize, usize), (j, rest): (usize, usize)) -> f64 {
    let choose = |n: usize, k: usize| ln_choose(n as u64, k as u64);
    exp(choose(first, j) + choose(second, rest) - choose(first + second, j + rest))
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

    /// All ways to deal, one by one.
    fn enumerated(x: &[f64], y: &[f64]) -> (f64, f64) {
        let pooled: Vec<f64> = x.iter().chain(y).copied().collect();
        let seen = MannWhitney::new(x, y).unwrap().u();
        let (mut all, mut at_least, mut at_most) = (0.0, 0.0, 0.0);
        for mask in 0u32..1 << pooled.len() {
            if mask.count_ones() as usize != x.len() {
                continue;
            }
            let side = |of_x: bool| -> Vec<f64> {
                let chosen = |i: &usize| ((mask >> i) & 1 == 1) == of_x;
                (0..pooled.len())
                    .filter(chosen)
                    .map(|i| pooled[i])
                    .collect()
            };
            let u = MannWhitney::new(&side(true), &side(false)).unwrap().u();
            all += 1.0;
            at_least += f64::from(u8::from(u >= seen));
            at_most += f64::from(u8::from(u <= seen));
        }
        (at_least / all, at_most / all)
    }

    #[test]
    fn with_ties_permutations_are_counted_as_if_one_by_one() {
        for (x, y) in [
            (
                vec![1.0, 1.0, 2.0, 3.0, 3.0],
                vec![1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0],
            ),
            (vec![5.0], vec![5.0]),
            (vec![0.0, 0.0, 0.0, 9.0], vec![0.0, 0.0, 1.0]),
            (vec![4.0, 4.0], vec![4.0, 4.0, 4.0]),
            (vec![1.0, 2.0, 3.0, 4.0], vec![5.0, 6.0, 7.0, 8.0, 9.0]),
        ] {
            let (greater, less) = enumerated(&x, &y);
            let p = MannWhitney::new(&x, &y).unwrap().permutation().unwrap().p;
            assert!((p.greater - greater).abs() < 1e-12, "{x:?} {y:?}: {p:?}");
            assert!((p.less - less).abs() < 1e-12, "{x:?} {y:?}: {p:?}");
        }
    }

    #[test]
    fn without_ties_both_ways_of_counting_agree() {
        let x: Vec<f64> = (0..20).map(|i| f64::from(i * 7 % 41)).collect();
        let y: Vec<f64> = (0..25).map(|i| f64::from(i) + 0.5).collect();
        let test = MannWhitney::new(&x, &y).unwrap();
        let (exact, permutation) = (test.exact().unwrap(), test.permutation().unwrap());
        assert!((exact.p.two_sided - permutation.p.two_sided).abs() < 1e-10);
        let large = MannWhitney::new(&vec![1.0; 500], &vec![2.0; 500]).unwrap();
        assert_eq!(large.permutation(), None);
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
