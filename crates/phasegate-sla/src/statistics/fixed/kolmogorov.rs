//! The Kolmogorov–Smirnov test of two samples.

use super::PValues;
use crate::statistics::StatisticsError;
use crate::statistics::numeric::exp;
use crate::statistics::quantile::PooledArms;

/// Lattice points up to which the exact distribution is offered: about 20 ms.
const EXACT_CELLS: u64 = 10_000_000;
/// Effective sample size up to which the one-sample distribution is computed by matrix powers.
const MATRIX_SAMPLES: f64 = 500.0;

/// The two-sample Kolmogorov–Smirnov test: do the distribution functions differ anywhere?
///
/// - **Assumes** independent samples of continuous distributions (ties make it conservative).
/// - **Guarantees** a false alarm with probability at most α at one look (exact). **Not under repeated
///   looks**; for those see [`DistributionTest`](crate::statistics::quantile::DistributionTest).
/// - **Cost** O(n log n), exact p-values O(nm); **state** the samples.
/// - **Source**: Smirnov 1939; Hodges 1958 (exact and one-sided asymptotic); Marsaglia, Tsang and Wang
///   2003 (two-sided asymptotic, by the one-sample distribution at nm/(n + m)).
///
/// ```
/// use phasegate_sla::statistics::fixed::KolmogorovTest;
/// let test = KolmogorovTest::new(&[10.0, 20.0, 30.0, 40.0], &[1.0, 2.0, 3.0, 4.0])?;
/// assert!((test.exact().unwrap().p.two_sided - 1.0 / 35.0).abs() < 1e-12);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KolmogorovTest {
    /// The largest excess of x's distribution function over y's, times nm; and of y's over x's.
    above: u64,
    below: u64,
    n: u64,
    m: u64,
}

/// The outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct KolmogorovOutcome {
    /// sup(F̂x − F̂y): speaks for x being less than y.
    pub above: f64,
    /// sup(F̂y − F̂x): speaks for x being greater than y.
    pub below: f64,
    /// The p-values.
    pub p: PValues,
}

impl KolmogorovTest {
    /// Of sample `x` against sample `y`.
    ///
    /// # Errors
    /// When a sample is empty, has a NaN, or the product of the sizes overflows.
    pub fn new(x: &[f64], y: &[f64]) -> Result<Self, StatisticsError> {
        let (n, m) = (x.len() as u64, y.len() as u64);
        if n == 0 || m == 0 || n.checked_mul(m).is_none() {
            return Err(StatisticsError::TooFewSamples {
                needed: 1,
                given: 0,
            });
        }
        let arms = PooledArms::from_samples(x, y)?;
        let (mut above, mut below) = (0, 0);
        for point in arms.points() {
            let (of_x, of_y) = (point.through[0] * m, point.through[1] * n);
            above = above.max(of_x.saturating_sub(of_y));
            below = below.max(of_y.saturating_sub(of_x));
        }
        Ok(Self { above, below, n, m })
    }

    fn with(self, p: PValues) -> KolmogorovOutcome {
        let cells = (self.n * self.m) as f64;
        KolmogorovOutcome {
            above: self.above as f64 / cells,
            below: self.below as f64 / cells,
            p,
        }
    }

    /// The p-values to use: exact ones up to ten million cells (3,000 samples a side), asymptotic ones
    /// beyond.
    ///
    /// ```
    /// use phasegate_sla::statistics::fixed::KolmogorovTest;
    /// // One value a side shows nothing, whatever the limit of many says.
    /// let test = KolmogorovTest::new(&[1.0], &[2.0])?;
    /// assert_eq!(test.outcome().p.two_sided, 1.0);
    /// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
    /// ```
    #[must_use]
    pub fn outcome(self) -> KolmogorovOutcome {
        self.exact().unwrap_or_else(|| self.asymptotic())
    }

    /// Exact p-values by counting lattice paths; none above ten million cells.
    #[must_use]
    pub fn exact(self) -> Option<KolmogorovOutcome> {
        if self.n * self.m > EXACT_CELLS {
            return None;
        }
        let p = PValues {
            less: self.paths_that_reach(self.above, false),
            greater: self.paths_that_reach(self.below, false),
            two_sided: self.paths_that_reach(self.above.max(self.below), true),
        };
        Some(self.with(p))
    }

    /// The share of all lattice paths from (0, 0) to (n, m) that somewhere reach the distance.
    ///
    /// The shares of the paths to (i, j) follow from those to its two predecessors with weights
    /// i/(i + j) and j/(i + j): no binomial coefficient, no cancellation in the tail.
    fn paths_that_reach(self, distance: u64, either_side: bool) -> f64 {
        if distance == 0 {
            return 1.0;
        }
        let outside = |i: u64, j: u64| {
            let (of_x, of_y) = (i * self.m, j * self.n);
            of_x.saturating_sub(of_y) >= distance
                || either_side && of_y.saturating_sub(of_x) >= distance
        };
        let mut row: Vec<f64> = Vec::with_capacity(usize::try_from(self.m).unwrap_or(0) + 1);
        for i in 0..=self.n {
            let mut left = 0.0;
            for j in 0..=self.m {
                let slot = usize::try_from(j).unwrap_or(0);
                let up = row.get(slot).copied().unwrap_or(0.0);
                let share = if outside(i, j) {
                    1.0
                } else if i + j == 0 {
                    0.0
                } else {
                    (i as f64 * up + j as f64 * left) / (i + j) as f64
                };
                left = share;
                match row.get_mut(slot) {
                    Some(cell) => *cell = share,
                    None => row.push(share),
                }
            }
        }
        row.last().copied().unwrap_or(1.0)
    }

    /// Asymptotic p-values, those of scipy (`ks_2samp` with `method='asymp'`, whose effective number of samples is
    /// rounded to the nearest whole one, halves to the even one): for some hundred samples a side and more.
    ///
    /// Of few samples they are wrong on the unsafe side: one value a side gives 0 where 1 is exact. Whoever
    /// only wants the p-value takes [`outcome`](Self::outcome).
    #[must_use]
    pub fn asymptotic(self) -> KolmogorovOutcome {
        let (large, small) = (self.n.max(self.m) as f64, self.n.min(self.m) as f64);
        let effective = large * small / (large + small);
        let cells = (self.n * self.m) as f64;
        let one_sided = |distance: u64| {
            let z = effective.sqrt() * distance as f64 / cells;
            let correction =
                2.0 * z * (large + 2.0 * small) / (large * small * (large + small)).sqrt() / 3.0;
            exp(-2.0 * z * z - correction).clamp(0.0, 1.0)
        };
        let d = self.above.max(self.below) as f64 / cells;
        let p = PValues {
            less: one_sided(self.above),
            greater: one_sided(self.below),
            two_sided: one_sample_tail(effective.round_ties_even().max(1.0), d),
        };
        self.with(p)
    }
}

/// P(Dₙ ≥ d) of the one-sample statistic.
fn one_sample_tail(n: f64, d: f64) -> f64 {
    if d <= 0.0 {
        return 1.0;
    }
    if d >= 1.0 {
        return 0.0;
    }
    if n <= MATRIX_SAMPLES {
        return (1.0 - one_sample_cdf(n, d)).clamp(0.0, 1.0);
    }
    // Kolmogorov's series with Stephens' finite-sample argument: relative error below 1 %.
    let z = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * d;
    let series: f64 = (1..=100)
        .map(|k| {
            let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
            sign * exp(-2.0 * f64::from(k * k) * z * z)
        })
        .sum();
    series.clamp(0.0, 1.0)
}

/// P(Dₙ < d) exactly, by Durbin's matrix as Marsaglia, Tsang and Wang arrange it.
fn one_sample_cdf(n: f64, d: f64) -> f64 {
    let k = (n * d).floor() + 1.0;
    let h = k - n * d;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "k is at most n + 1, n at most 500"
    )]
    let (k, size, power) = (k as usize, 2 * k as usize - 1, n as u32);
    let base = Matrix::durbin(size, h);
    let (result, exponent) = base.power(power);
    let mut value = result.at(k - 1, k - 1);
    let mut exponent = exponent;
    for i in 1..=power {
        value *= f64::from(i) / n;
        if value < 1e-140 {
            value *= 1e140;
            exponent -= 140;
        }
    }
    value * 10.0_f64.powi(exponent)
}

/// A small dense square matrix with a decimal exponent kept apart by its owner.
#[derive(Clone)]
struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

impl Matrix {
    fn durbin(size: usize, h: f64) -> Self {
        let mut matrix = Self {
            size,
            cells: vec![0.0; size * size],
        };
        let mut factorials = vec![1.0; size + 2];
        for i in 1..factorials.len() {
            let previous = factorials.get(i - 1).copied().unwrap_or(1.0);
            if let Some(slot) = factorials.get_mut(i) {
                *slot = previous * i as f64;
            }
        }
        let factorial = |i: usize| factorials.get(i).copied().unwrap_or(f64::INFINITY);
        let power = |i: usize| h.powi(i32::try_from(i).unwrap_or(i32::MAX));
        for row in 0..size {
            for column in 0..size {
                if row + 1 < column {
                    continue;
                }
                let mut cell = 1.0;
                if column == 0 {
                    cell -= power(row + 1);
                }
                if row + 1 == size {
                    cell -= power(size - column);
                }
                if column == 0 && row + 1 == size && 2.0 * h > 1.0 {
                    cell += (2.0 * h - 1.0).powi(i32::try_from(size).unwrap_or(i32::MAX));
                }
                matrix.set(row, column, cell / factorial(row + 1 - column));
            }
        }
        matrix
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.cells
            .get(row * self.size + column)
            .copied()
            .unwrap_or(0.0)
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        if let Some(cell) = self.cells.get_mut(row * self.size + column) {
            *cell = value;
        }
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self {
            size: self.size,
            cells: vec![0.0; self.cells.len()],
        };
        let rows = self
            .cells
            .chunks(self.size)
            .zip(product.cells.chunks_mut(self.size));
        for (left, out) in rows {
            for (factor, right) in left.iter().zip(other.cells.chunks(self.size)) {
                for (sum, cell) in out.iter_mut().zip(right) {
                    *sum += factor * cell;
                }
            }
        }
        product
    }

    /// The power and the decimal exponent taken out of it.
    fn power(&self, exponent: u32) -> (Self, i32) {
        if exponent <= 1 {
            return (self.clone(), 0);
        }
        let (root, taken) = self.power(exponent / 2);
        let mut result = root.times(&root);
        let mut taken = 2 * taken;
        if exponent % 2 == 1 {
            result = result.times(self);
        }
        let middle = self.size / 2;
        if result.at(middle, middle) > 1e140 {
            result.cells.iter_mut().for_each(|cell| *cell *= 1e-140);
            taken += 140;
        }
        (result, taken)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn both_forms_agree_for_medium_samples_and_refuse_nonsense() {
        let x: Vec<f64> = (0..300).map(f64::from).collect();
        let y: Vec<f64> = (0..280).map(|i| f64::from(i) * 1.15 + 3.3).collect();
        let test = KolmogorovTest::new(&x, &y).unwrap();
        let (exact, asymptotic) = (test.exact().unwrap(), test.asymptotic());
        assert!((exact.p.two_sided / asymptotic.p.two_sided - 1.0).abs() < 0.2);
        assert!(KolmogorovTest::new(&[], &y).is_err());
        assert!(KolmogorovTest::new(&[f64::NAN], &y).is_err());
        let same = KolmogorovTest::new(&x, &x).unwrap();
        assert_eq!(same.exact().unwrap().p.two_sided, 1.0);
        assert_eq!(same.asymptotic().p.two_sided, 1.0);
    }

    #[test]
    fn half_an_effective_sample_is_rounded_as_scipy_does() {
        // 25 against 25 are 12.5 effective samples: 12, not 13, which would give 0.0515.
        let y: Vec<f64> = (0..25).map(f64::from).collect();
        let x: Vec<f64> = y.iter().map(|value| value + 8.5).collect();
        let test = KolmogorovTest::new(&x, &y).unwrap();
        let (exact, asymptotic) = (test.exact().unwrap(), test.asymptotic());
        assert!((asymptotic.below - 0.36).abs() < 1e-12);
        assert!((exact.p.two_sided - 0.0779).abs() < 5e-5, "{exact:?}");
        assert!(
            (asymptotic.p.two_sided - 0.0673).abs() < 5e-5,
            "{asymptotic:?}"
        );
        assert_eq!(test.outcome(), exact);
    }

    #[test]
    fn the_one_sample_distribution_joins_its_limit() {
        let (exact, limit) = (
            1.0 - one_sample_cdf(500.0, 0.07),
            one_sample_tail(501.0, 0.07),
        );
        assert!((exact / limit - 1.0).abs() < 0.03, "{exact} {limit}");
        // P(D₁₀ < 0.274) = 0.6284796 (Marsaglia, Tsang and Wang).
        assert!((one_sample_cdf(10.0, 0.274) - 0.628_479_615_468_305_5).abs() < 1e-7);
    }
}
