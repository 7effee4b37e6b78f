//! Betting against a mean: the test of one candidate mean of values in a known range.

use serde::{Deserialize, Serialize};

use crate::statistics::numeric::{ln, ln_1p};
use crate::statistics::{Alpha, Decision, LogE, StatisticsError, state};

/// What to do with a value outside the declared range.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a value is taken at the end or refused"
)]
pub enum Beyond {
    /// Count it at the nearer end: the test then speaks of the capped mean, which for latency is at
    /// most the true one. "Capped mean too high" carries over to the mean, "low enough" does not.
    Cap,
    /// Refuse it.
    Refuse,
}

/// By so much of the range a mean of values at its end may lie beyond it: what adding up a billion of them loses
/// in the last places.
const MEAN_ROUNDING: f64 = 1e-6;

/// The range that values lie in, known before the data.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct ValueRange {
    low: f64,
    high: f64,
    beyond: Beyond,
}

impl ValueRange {
    /// From `low` to `high`.
    ///
    /// # Errors
    /// When the ends are not finite or not in order.
    pub fn new(low: f64, high: f64, beyond: Beyond) -> Result<Self, StatisticsError> {
        if !(low.is_finite() && high.is_finite()) {
            return Err(StatisticsError::NotFinite);
        }
        if low >= high {
            return Err(StatisticsError::OutOfRange {
                value: high,
                low,
                high: f64::INFINITY,
            });
        }
        Ok(Self { low, high, beyond })
    }

    /// From 0 to 1, refusing what lies outside.
    #[must_use]
    pub const fn unit() -> Self {
        Self {
            low: 0.0,
            high: 1.0,
            beyond: Beyond::Refuse,
        }
    }

    /// The value at a place between 0 (low end) and 1 (high end).
    #[must_use]
    pub fn at(self, place: f64) -> f64 {
        self.low + place * (self.high - self.low)
    }

    /// The place of a value between 0 (low end) and 1 (high end).
    ///
    /// # Errors
    /// For NaN, and for values outside where they are refused.
    pub fn scale(self, value: f64) -> Result<f64, StatisticsError> {
        if value.is_nan() {
            return Err(StatisticsError::NotFinite);
        }
        if !(self.low..=self.high).contains(&value) {
            match self.beyond {
                Beyond::Cap => return Ok(if value < self.low { 0.0 } else { 1.0 }),
                Beyond::Refuse => {
                    return Err(StatisticsError::OutOfRange {
                        value,
                        low: self.low,
                        high: self.high,
                    });
                }
            }
        }
        Ok((value - self.low) / (self.high - self.low))
    }

    /// The place of the mean of values that all lie in the range. Unlike a single value, a mean is never capped:
    /// beyond the ends by more than rounding, the values were not in the range.
    ///
    /// # Errors
    /// For NaN and for a mean outside.
    pub(super) fn place_of_mean(self, mean: f64) -> Result<f64, StatisticsError> {
        if mean.is_nan() {
            return Err(StatisticsError::NotFinite);
        }
        let place = (mean - self.low) / (self.high - self.low);
        if !(-MEAN_ROUNDING..=1.0 + MEAN_ROUNDING).contains(&place) {
            return Err(StatisticsError::OutOfRange {
                value: mean,
                low: self.low,
                high: self.high,
            });
        }
        Ok(place.clamp(0.0, 1.0))
    }

    /// The value at a place between 0 and 1.
    #[must_use]
    pub fn unscale(self, place: f64) -> f64 {
        self.low + place * (self.high - self.low)
    }
}

/// How boldly to bet next: the predictable plug-in of Waudby-Smith and Ramdas.
///
/// λₜ = √(2 ln(1/α′) / (σ̂²ₜ₋₁ t ln(1 + t))), with running mean and variance that start as if one
/// observation of mean ½ and variance ¼ had been seen.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct PlugIn {
    count: f64,
    sum: f64,
    squares: f64,
    twice_threshold: f64,
}

impl PlugIn {
    /// `threshold` is ln(1/α′) of one side.
    pub(crate) const fn new(threshold: f64) -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            squares: 0.0,
            twice_threshold: 2.0 * threshold,
        }
    }

    /// The bet on the next value; depends on past values only.
    pub(crate) fn next_bet(&self) -> f64 {
        let t = self.count + 1.0;
        let variance = (0.25 + self.squares) / t;
        (self.twice_threshold / (t * ln_1p(t) * variance)).sqrt()
    }

    pub(crate) fn record(&mut self, x: f64) {
        self.count += 1.0;
        self.sum += x;
        let mean = ((0.5 + self.sum) / (self.count + 1.0)).min(1.0);
        self.squares += (x - mean) * (x - mean);
    }
}

/// An anytime-valid test of the mean of values in a known range against one candidate.
///
/// Two gamblers bet a part λ of their capital on each next value being above (or below) the
/// candidate; if the candidate is the true mean, neither can expect to get rich:
/// K⁺ = Π(1 + λᵢ(xᵢ − m)), K⁻ = Π(1 − λᵢ(xᵢ − m)), bets capped at c/m and c/(1 − m), c = ½.
///
/// - **Assumes** values in the stated range whose conditional mean, given the past, is m (two-sided),
///   at most m (above) or at least m (below). Neither independence nor any distribution.
/// - **Guarantees** P(ever rejects a true null) ≤ α. **Cost** O(1), 40 ns a value; **state** six
///   numbers; **does not merge**: the order matters; average the e-values of several streams.
/// - **Source**: Waudby-Smith and Ramdas, JRSS B 2024 (arXiv 2010.09686).
///
/// For callers who have the values one by one: criteria have counts or sketches, and are decided by
/// [`BoundedMeanTest`](super::BoundedMeanTest).
///
/// ```
/// use phasegate_sla::statistics::mean::{BettingTest, ValueRange};
/// use phasegate_sla::statistics::{Alpha, Decision};
/// // Apdex: 1, ½ and 0 for satisfied, tolerating and frustrated users.
/// let alpha = Alpha::new(0.05)?;
/// let mut apdex_above_70 = BettingTest::new(ValueRange::unit(), 0.7, alpha)?;
/// for i in 0..200 {
///     apdex_above_70.record(if i % 10 == 0 { 0.5 } else { 1.0 })?;
/// }
/// assert_eq!(apdex_above_70.decide_above(alpha), Decision::Holds);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct BettingTest {
    range: ValueRange,
    candidate: f64,
    caution: f64,
    bets: PlugIn,
    #[serde(with = "state::number")]
    log_above: f64,
    #[serde(with = "state::number")]
    log_below: f64,
}

impl BettingTest {
    /// Against the candidate mean `mean`, strictly inside the range; `alpha` tunes the bets.
    ///
    /// # Errors
    /// When the candidate is not strictly inside the range.
    pub fn new(range: ValueRange, mean: f64, alpha: Alpha) -> Result<Self, StatisticsError> {
        let candidate = range.scale(mean)?;
        if candidate <= 0.0 || candidate >= 1.0 {
            return Err(StatisticsError::OutOfRange {
                value: mean,
                low: range.low,
                high: range.high,
            });
        }
        let bets = PlugIn::new(alpha.divided_by(2).threshold());
        Ok(Self {
            range,
            candidate,
            caution: 0.5,
            bets,
            log_above: 0.0,
            log_below: 0.0,
        })
    }

    /// Caps bets at `caution`/m instead of ½/m: 1 is boldest and certifies a clean run fastest, but
    /// one value at the wrong end can cost all capital.
    ///
    /// # Errors
    /// When `caution` is not in (0, 1].
    pub fn with_caution(self, caution: f64) -> Result<Self, StatisticsError> {
        if caution > 0.0 && caution <= 1.0 {
            Ok(Self { caution, ..self })
        } else {
            Err(StatisticsError::Parameter {
                name: "caution",
                wanted: "above 0 and at most 1",
                value: caution,
            })
        }
    }

    /// Takes in the next value.
    ///
    /// # Errors
    /// For NaN, and for a value outside a range that refuses it; the state stays as it was.
    pub fn record(&mut self, value: f64) -> Result<(), StatisticsError> {
        let x = self.range.scale(value)?;
        let bet = self.bets.next_bet();
        let up = bet.min(self.caution / self.candidate);
        let down = bet.min(self.caution / (1.0 - self.candidate));
        self.log_above += ln_1p(up * (x - self.candidate));
        self.log_below += ln_1p(-down * (x - self.candidate));
        self.bets.record(x);
        Ok(())
    }

    /// Evidence that the mean is above the candidate.
    #[must_use]
    pub const fn above(&self) -> LogE {
        LogE::from_nats(self.log_above)
    }

    /// Evidence that the mean is below the candidate.
    #[must_use]
    pub const fn below(&self) -> LogE {
        LogE::from_nats(self.log_below)
    }

    /// Evidence that the mean differs from the candidate: half the better gambler's capital.
    #[must_use]
    pub fn two_sided(&self) -> LogE {
        LogE::from_nats(self.log_above.max(self.log_below) + ln(0.5))
    }

    /// Decides "the mean is above the candidate" at this look.
    #[must_use]
    pub fn decide_above(&self, alpha: Alpha) -> Decision {
        Decision::from_evidence(self.above(), self.below(), alpha)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_range_are_refused_or_capped_as_said() {
        let alpha = Alpha::new(0.05).unwrap();
        let strict = ValueRange::new(0.0, 100.0, Beyond::Refuse).unwrap();
        let mut test = BettingTest::new(strict, 50.0, alpha).unwrap();
        let before = test;
        assert!(test.record(101.0).is_err() && test.record(f64::NAN).is_err());
        assert_eq!(test, before);
        let capped = ValueRange::new(0.0, 100.0, Beyond::Cap).unwrap();
        assert_eq!(capped.scale(1e9), Ok(1.0));
        assert_eq!(capped.scale(-1.0), Ok(0.0));
        assert_eq!(capped.unscale(0.25), 25.0);
        assert!(ValueRange::new(1.0, 1.0, Beyond::Cap).is_err());
        assert!(BettingTest::new(strict, 100.0, alpha).is_err());
        assert!(before.with_caution(1.5).is_err());
    }

    #[test]
    fn losing_everything_is_final_and_not_nan() {
        let alpha = Alpha::new(0.05).unwrap();
        let mut test = BettingTest::new(ValueRange::unit(), 0.01, alpha)
            .unwrap()
            .with_caution(1.0)
            .unwrap();
        for _ in 0..50 {
            test.record(0.0).unwrap();
        }
        test.record(1.0).unwrap();
        assert!(!test.below().nats().is_nan());
        assert!(test.two_sided().nats() >= test.above().nats().max(test.below().nats()) - 0.7);
    }
}
