//! The same quantile of two arms, compared anytime-validly.

use super::PooledArms;
use super::arms::{Point, sorted};
use crate::statistics::numeric::golden_minimum;
use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Decision, LogE, Rate, StatisticsError};

/// An anytime-valid comparison of one quantile of two arms.
///
/// If both arms have the same p-quantile x, then each arm's number of samples below x is a binomial
/// count with rate p. Nobody knows x, so the evidence is that of the x that suits the null best:
/// inf over x of the sum of both arms' log mixtures. Ties are handled by letting each arm's share
/// below x be anything between its counts without and with the samples at x.
///
/// - **Assumes** independent samples of one distribution in each arm; arms independent of each other.
/// - **Guarantees** P(ever a wrong statement) ≤ α for this quantile; name several with α split.
/// - **Cost** O(n log n) for sorting, then O(log n) evaluations of 100 ns by branch and bound;
///   **state** the samples, or histograms with fixed common edges; **merge** concatenates or adds.
/// - **Source**: Howard and Ramdas, Bernoulli 2022, Theorems 5 and 6.
///
/// ```
/// use phasegate_sla::statistics::quantile::{PooledArms, QuantileComparison};
/// use phasegate_sla::statistics::{Alpha, Decision, Rate};
/// let control: Vec<f64> = (1..=1_000).map(f64::from).collect();
/// let canary: Vec<f64> = (1..=1_000).map(|ms| f64::from(ms) + 150.0).collect();
/// let median = QuantileComparison::new(Rate::new(0.5)?);
/// let alpha = Alpha::new(0.05)?;
/// let arms = PooledArms::from_samples(&canary, &control)?;
/// assert!(median.different(&arms).rejects(alpha));
/// assert_eq!(median.decide_not_above(&arms, alpha), Decision::Violated);
/// // With a margin of 50 % the canary is shown to be no worse.
/// assert_eq!(median.with_margin(&canary, &control, 1.5, alpha)?, Decision::Holds);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileComparison {
    test: RateTest,
}

impl QuantileComparison {
    /// For the quantile `p`, with a prior tuned for about 1,000 samples in each arm.
    #[must_use]
    pub const fn new(p: Rate) -> Self {
        Self {
            test: RateTest::new(p).with_prior(PriorStrength::FOR_A_THOUSAND),
        }
    }

    /// With another prior. To be chosen before the data.
    #[must_use]
    pub const fn with_prior(self, prior: PriorStrength) -> Self {
        Self {
            test: self.test.with_prior(prior),
        }
    }

    /// Evidence that the arms' quantiles differ.
    #[must_use]
    pub fn different(self, arms: &PooledArms) -> LogE {
        let [canary, control] = arms.totals().map(|total| TwoSided::new(self.test, total));
        least(arms, |low, high| {
            canary.least(low.before[0], high.through[0])
                + control.least(low.before[1], high.through[1])
        })
    }

    /// Evidence that the canary's quantile is above the control's (null: at most the control's).
    #[must_use]
    pub fn above(self, arms: &PooledArms) -> LogE {
        self.ordered(arms, 0, 1)
    }

    /// Evidence that the canary's quantile is below the control's (null: at least the control's).
    #[must_use]
    pub fn below(self, arms: &PooledArms) -> LogE {
        self.ordered(arms, 1, 0)
    }

    /// Decides "the canary's quantile is not above the control's": violated when shown above, holds
    /// when shown below. Two equal arms stay undecided for ever; give a margin to decide them.
    #[must_use]
    pub fn decide_not_above(self, arms: &PooledArms, alpha: Alpha) -> Decision {
        Decision::from_evidence(self.below(arms), self.above(arms), alpha)
    }

    /// Decides "the canary's quantile is below `factor` times the control's": non-inferiority with
    /// an explicit margin, 1.05 for 5 %.
    ///
    /// # Errors
    /// When the factor is not positive and finite, or a sample is NaN.
    pub fn with_margin(
        self,
        canary: &[f64],
        control: &[f64],
        factor: f64,
        alpha: Alpha,
    ) -> Result<Decision, StatisticsError> {
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(StatisticsError::Parameter {
                name: "margin factor",
                wanted: "above 0",
                value: factor,
            });
        }
        self.with_moved(canary, control, |x| x * factor, alpha)
    }

    /// Decides "the canary's quantile is less than `distance` above the control's", in the samples' unit;
    /// a distance below zero asks for one that is so much lower.
    ///
    /// A quantile moves with its samples: the control's samples, each `distance` higher, have the quantile
    /// that the canary's is compared with. So the guarantee is that of the comparison itself, at every
    /// distance that was named before the data.
    ///
    /// # Errors
    /// When the distance is not finite, or a sample is NaN.
    ///
    /// ```
    /// use phasegate_sla::statistics::quantile::QuantileComparison;
    /// use phasegate_sla::statistics::{Alpha, Decision, Rate};
    /// let control: Vec<f64> = (1..=1_000).map(f64::from).collect();
    /// let canary: Vec<f64> = (1..=1_000).map(|ms| f64::from(ms) + 20.0).collect();
    /// let (median, alpha) = (QuantileComparison::new(Rate::new(0.5)?), Alpha::new(0.05)?);
    /// let within = |ms| median.with_distance(&canary, &control, ms, alpha);
    /// assert_eq!(within(200.0)?, Decision::Holds);
    /// assert_eq!(within(25.0)?, Decision::Undecided);
    /// assert_eq!(within(-200.0)?, Decision::Violated);
    /// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
    /// ```
    pub fn with_distance(
        self,
        canary: &[f64],
        control: &[f64],
        distance: f64,
        alpha: Alpha,
    ) -> Result<Decision, StatisticsError> {
        if !distance.is_finite() {
            return Err(StatisticsError::Parameter {
                name: "distance",
                wanted: "finite",
                value: distance,
            });
        }
        self.with_moved(canary, control, |x| x + distance, alpha)
    }

    /// The canary beside a control whose samples are moved, in a way that keeps their order.
    fn with_moved(
        self,
        canary: &[f64],
        control: &[f64],
        moved: impl Fn(f64) -> f64,
        alpha: Alpha,
    ) -> Result<Decision, StatisticsError> {
        let control: Vec<f64> = control.iter().map(|x| moved(*x)).collect();
        let arms = PooledArms::from_sorted(&sorted(canary)?, &sorted(&control)?);
        Ok(self.decide_not_above(&arms, alpha))
    }

    /// Evidence that the quantile of arm `high` is above that of arm `low`.
    ///
    /// Under the null there is an x with quantile(high) ≤ x ≤ quantile(low): at least the share p of
    /// `high` is ≤ x and at most the share p of `low` is < x.
    fn ordered(self, arms: &PooledArms, high: usize, low: usize) -> LogE {
        let total = |arm: usize| arms.totals().get(arm).copied().unwrap_or(0);
        let (of_high, of_low) = (total(high), total(low));
        least(arms, |first, last| {
            let through = last.through.get(high).copied().unwrap_or(0);
            let before = first.before.get(low).copied().unwrap_or(0);
            self.test.below(counts(through, of_high)).nats()
                + self.test.above(counts(before, of_low)).nats()
        })
    }
}

fn counts(hits: u64, trials: u64) -> crate::statistics::Counts {
    crate::statistics::Counts::new(hits, trials).unwrap_or_default()
}

/// One arm's two-sided log mixture, least over a range of counts.
struct TwoSided {
    test: RateTest,
    total: f64,
    minimiser: f64,
}

impl TwoSided {
    fn new(test: RateTest, total: u64) -> Self {
        let total = total as f64;
        // Convex in the count (a log of a mixture of exponentials), so one valley.
        let minimiser = golden_minimum(0.0, total, |hits| {
            test.two_sided_at(hits, total - hits).nats()
        });
        Self {
            test,
            total,
            minimiser,
        }
    }

    fn least(&self, low: u64, high: u64) -> f64 {
        let hits = self.minimiser.clamp(low as f64, high as f64);
        self.test.two_sided_at(hits, self.total - hits).nats()
    }
}

/// The least value over all points of a function that is bounded below on ranges of points.
///
/// `bound(first, last)` must be at most the value at each point from first to last, and exact where
/// they are the same point. Branch and bound: halves a range unless it cannot hold the least value.
fn least(arms: &PooledArms, bound: impl Fn(&Point, &Point) -> f64) -> LogE {
    let points = arms.points();
    if points.is_empty() {
        return LogE::NONE;
    }
    let mut best = f64::INFINITY;
    let mut open = vec![(points, f64::NEG_INFINITY)];
    while let Some((range, lower)) = open.pop() {
        if lower >= best {
            continue;
        }
        if let [only] = range {
            best = best.min(bound(only, only));
            continue;
        }
        let (left, right) = range.split_at(range.len() / 2);
        let mut halves = [left, right].map(|half| match (half.first(), half.last()) {
            (Some(first), Some(last)) => (half, bound(first, last)),
            _ => (half, f64::INFINITY),
        });
        // The more promising half is looked at first: last in, first out.
        if halves[0].1 < halves[1].1 {
            halves.reverse();
        }
        open.extend(halves.into_iter().filter(|(half, _)| !half.is_empty()));
    }
    LogE::from_nats(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(p: f64) -> QuantileComparison {
        QuantileComparison::new(Rate::new(p).unwrap())
    }

    #[test]
    fn constant_arms_never_differ_from_each_other() {
        for n in [1_usize, 50, 5_000] {
            let arms = PooledArms::from_samples(&vec![7.0; n], &vec![7.0; n]).unwrap();
            for p in [0.5, 0.95, 0.999] {
                assert!(test(p).different(&arms).nats() <= 0.0, "{n} {p}");
                assert!(test(p).above(&arms).nats() <= 0.0);
            }
        }
    }

    #[test]
    fn branch_and_bound_finds_what_a_full_scan_finds() {
        let values = |seed: u64, scale: f64| -> Vec<f64> {
            let mut state = seed;
            (0..300)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    ((state >> 33) % 97) as f64 * scale
                })
                .collect()
        };
        let arms = PooledArms::from_samples(&values(1, 1.2), &values(2, 1.0)).unwrap();
        let comparison = test(0.9);
        let [canary, control] = arms.totals().map(|n| TwoSided::new(comparison.test, n));
        let scan = arms
            .points()
            .iter()
            .map(|p| {
                canary.least(p.before[0], p.through[0]) + control.least(p.before[1], p.through[1])
            })
            .fold(f64::INFINITY, f64::min);
        assert!((comparison.different(&arms).nats() - scan).abs() < 1e-12);
    }

    #[test]
    fn histograms_are_no_more_convinced_than_samples() {
        let control: Vec<f64> = (0..2_000).map(f64::from).collect();
        let canary: Vec<f64> = (0..2_000).map(|i| f64::from(i) * 1.2).collect();
        let bucket = |samples: &[f64]| {
            let mut counts = vec![0_u64; 60];
            for x in samples {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "test"
                )]
                let slot = (x / 50.0) as usize;
                counts[slot] += 1;
            }
            counts
        };
        let exact = PooledArms::from_samples(&canary, &control).unwrap();
        let coarse = PooledArms::from_histograms(&bucket(&canary), &bucket(&control)).unwrap();
        for p in [0.5, 0.9] {
            assert!(test(p).different(&coarse).nats() <= test(p).different(&exact).nats() + 1e-9);
            assert!(test(p).above(&coarse).nats() <= test(p).above(&exact).nats() + 1e-9);
            assert!(test(p).above(&coarse).nats() > 3.0, "still convinced");
        }
    }

    #[test]
    fn empty_arms_and_broken_input_are_told() {
        let empty = PooledArms::from_samples(&[], &[]).unwrap();
        assert_eq!(test(0.5).different(&empty), LogE::NONE);
        assert!(PooledArms::from_samples(&[f64::NAN], &[]).is_err());
        assert!(PooledArms::from_histograms(&[1], &[1, 2]).is_err());
        let alpha = Alpha::new(0.05).unwrap();
        assert!(test(0.5).with_margin(&[1.0], &[1.0], 0.0, alpha).is_err());
        let endless = test(0.5).with_distance(&[1.0], &[1.0], f64::INFINITY, alpha);
        assert!(endless.is_err());
    }
}
