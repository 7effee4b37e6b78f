//! The mean of values in a known range, from their number and sum alone.

use super::ValueRange;
use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Decision, Interval, LogE, Rate, StatisticsError};

/// An anytime-valid test of a bounded mean against a threshold that needs only count and sum.
///
/// For values in [0, 1] of mean p the factor (θ/p)ˣ ((1−θ)/(1−p))¹⁻ˣ is convex in x, so its expectation
/// is at most that for a coin of the same mean, which is 1. The beta-binomial mixture of
/// [`RateTest`], with the sum in the place of the hits, therefore stays an e-process.
///
/// - **Assumes** that all values lie in the range (with [`Beyond::Cap`](super::Beyond::Cap): that each was capped
///   before it was added to the sum), and that each one's conditional mean, given the past,
///   is on the null's side of the threshold.
/// - **Guarantees** that the chance of ever rejecting a true null is at most α, over all looks.
/// - **Cost** O(1) a look; **state** two numbers; **merge** adds them. Unlike
///   [`BettingTest`](super::BettingTest) it does not need the values in their order, and pays for that: it
///   cannot use that values spread less than coins do.
/// - **Source**: Hoeffding 1963 (convexity); Robbins 1970 (mixture).
///
/// ```
/// use phasegate_sla::statistics::mean::{Beyond, BoundedMeanTest, ValueRange};
/// use phasegate_sla::statistics::{Alpha, Decision};
/// let capped = ValueRange::new(0.0, 2_000.0, Beyond::Refuse)?;
/// let below_200_ms = BoundedMeanTest::new(capped, 200.0)?;
/// let alpha = Alpha::new(0.05)?;
/// assert_eq!(below_200_ms.decide(10_000, 1_500_000.0, alpha)?, Decision::Holds);
/// assert_eq!(below_200_ms.decide(100, 15_000.0, alpha)?, Decision::Undecided);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoundedMeanTest {
    range: ValueRange,
    test: RateTest,
}

impl BoundedMeanTest {
    /// Against the mean `threshold` of values in `range`.
    ///
    /// # Errors
    /// When the threshold does not lie inside the range.
    pub fn new(range: ValueRange, threshold: f64) -> Result<Self, StatisticsError> {
        let rate = Rate::new(range.scale(threshold)?)?;
        Ok(Self {
            range,
            test: RateTest::new(rate),
        })
    }

    /// With another prior. To be chosen before the data.
    #[must_use]
    pub const fn with_prior(self, prior: PriorStrength) -> Self {
        Self {
            test: self.test.with_prior(prior),
            ..self
        }
    }

    /// Evidence that the mean lies above the threshold.
    ///
    /// # Errors
    /// When so many values in the range cannot have this sum, capped or not.
    pub fn above(self, count: u64, sum: f64) -> Result<LogE, StatisticsError> {
        let (hits, misses) = self.scaled(count, sum)?;
        Ok(self.test.above_at(hits, misses))
    }

    /// Decides "the mean lies below the threshold", as [`RateTest::decide`] does.
    ///
    /// # Errors
    /// When so many values in the range cannot have this sum, capped or not.
    pub fn decide(self, count: u64, sum: f64, alpha: Alpha) -> Result<Decision, StatisticsError> {
        let (hits, misses) = self.scaled(count, sum)?;
        Ok(self.test.decide_at(hits, misses, alpha))
    }

    /// The confidence sequence for the mean, in the values' unit.
    ///
    /// # Errors
    /// When so many values in the range cannot have this sum, capped or not.
    pub fn interval(self, count: u64, sum: f64, alpha: Alpha) -> Result<Interval, StatisticsError> {
        let (hits, misses) = self.scaled(count, sum)?;
        let share = RateTest::interval_at(hits, misses, alpha, self.test.prior());
        Ok(Interval {
            lower: self.range.at(share.lower),
            upper: self.range.at(share.upper),
        })
    }

    /// The sum as hits and misses of coins. The mean of values in the range lies in the range: a sum beyond it is
    /// of values that were not capped, and what capping each would have left of it nobody can tell.
    fn scaled(self, count: u64, sum: f64) -> Result<(f64, f64), StatisticsError> {
        let count = count as f64;
        if count <= 0.0 {
            return Ok((0.0, 0.0));
        }
        let share = self.range.place_of_mean(sum / count)?;
        Ok((share * count, (1.0 - share) * count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Counts;
    use crate::statistics::mean::Beyond;

    fn alpha() -> Alpha {
        Alpha::new(0.05).unwrap()
    }

    #[test]
    fn coins_are_judged_as_the_rate_test_judges_them() {
        let mean = BoundedMeanTest::new(ValueRange::unit(), 0.1).unwrap();
        let rate = RateTest::new(Rate::new(0.1).unwrap());
        for (hits, trials) in [(0, 10), (0, 100), (9, 40), (100, 1_000)] {
            let counts = Counts::new(hits, trials).unwrap();
            assert_eq!(
                mean.decide(trials, hits as f64, alpha()).unwrap(),
                rate.decide(counts, alpha())
            );
        }
    }

    #[test]
    fn sums_that_cannot_be_are_refused() {
        let mean = BoundedMeanTest::new(ValueRange::unit(), 0.1).unwrap();
        assert!(mean.decide(10, 11.0, alpha()).is_err());
        assert!(mean.decide(10, -1.0, alpha()).is_err());
        assert!(BoundedMeanTest::new(ValueRange::unit(), 1.5).is_err());
        assert_eq!(mean.decide(0, 0.0, alpha()), Ok(Decision::Undecided));
    }

    #[test]
    fn a_sum_of_values_that_nobody_capped_is_refused_and_shows_nothing() {
        let capped = ValueRange::new(0.0, 1.0, Beyond::Cap).unwrap();
        let test = BoundedMeanTest::new(capped, 0.5).unwrap();
        for sum in [-1e6, -0.1, 1_000.1, 1e9, f64::INFINITY, f64::NAN] {
            assert!(test.decide(1_000, sum, alpha()).is_err(), "{sum}");
            assert!(test.interval(1_000, sum, alpha()).is_err(), "{sum}");
            assert!(test.above(1_000, sum).is_err(), "{sum}");
        }
        // Rounding at the ends is not beyond them.
        for (sum, decision) in [
            (-1e-12, Decision::Holds),
            (1_000.0 + 1e-9, Decision::Violated),
        ] {
            assert_eq!(test.decide(1_000, sum, alpha()), Ok(decision));
        }
    }

    /// E(x) of all sequences of values in {0, ½, 1} of mean p and length n, by their probabilities.
    #[test]
    fn its_expectation_under_the_null_is_at_most_one() {
        for p in [0.1, 0.5, 0.75] {
            let test = BoundedMeanTest::new(ValueRange::unit(), p).unwrap();
            // Of mean p with as much of ½ as fits: that is where the bound is loosest.
            let half = 2.0 * p.min(1.0 - p);
            let one = p - half / 2.0;
            let mut sums = vec![1.0_f64];
            for n in 1..=20_u64 {
                let mut next = vec![0.0; sums.len() + 2];
                for (halves, share) in sums.iter().enumerate() {
                    next[halves] += share * (1.0 - half - one);
                    next[halves + 1] += share * half;
                    next[halves + 2] += share * one;
                }
                sums = next;
                let expectation: f64 = sums
                    .iter()
                    .enumerate()
                    .map(|(halves, share)| {
                        share * test.above(n, halves as f64 / 2.0).unwrap().nats().exp()
                    })
                    .sum();
                assert!(expectation <= 1.0 + 1e-12, "{p} {n}: {expectation}");
            }
        }
    }
}
