//! The small vocabulary of all methods: error probability, rate, counts, evidence, decision, interval.

use phasegate_core::Ratio;
use serde::{Deserialize, Serialize};

use super::StatisticsError;
use super::numeric::{exp, ln};
use super::state::{self, Written};

/// The probability of a false statement that one accepts, strictly between 0 and 1.
///
/// ```
/// use phasegate_core::Ratio;
/// use phasegate_sla::statistics::Alpha;
/// let alpha = Alpha::from_confidence(Ratio::from_percent(95)?)?;
/// assert_eq!(alpha.value(), 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Alpha(f64);

impl Alpha {
    /// From a number in (0, 1).
    ///
    /// # Errors
    /// When `value` is not in (0, 1).
    pub fn new(value: f64) -> Result<Self, StatisticsError> {
        if value > 0.0 && value < 1.0 {
            Ok(Self(value))
        } else {
            Err(StatisticsError::Alpha { value })
        }
    }

    /// One minus a confidence, exact to a millionth: 95 % gives 0.05.
    ///
    /// # Errors
    /// For a confidence of 0 % or 100 %.
    pub fn from_confidence(confidence: Ratio) -> Result<Self, StatisticsError> {
        Self::new(f64::from(1_000_000 - confidence.ppm()) / 1e6)
    }

    /// As a number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// ln(1/α): evidence of at least this much rejects.
    #[must_use]
    pub fn threshold(self) -> f64 {
        -ln(self.0)
    }

    /// α/n: the share of each of `n` equal parts; `n` = 0 counts as 1.
    #[must_use]
    pub fn divided_by(self, n: u32) -> Self {
        Self(self.0 / f64::from(n.max(1)))
    }
}

impl TryFrom<f64> for Alpha {
    type Error = StatisticsError;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value)
    }
}

impl From<Alpha> for f64 {
    fn from(alpha: Alpha) -> Self {
        alpha.0
    }
}

/// A rate under test, strictly between 0 and 1, together with its complement.
///
/// The complement is kept because 1 − p loses digits for p near 1 and a threshold such as 99.99 %
/// is known exactly.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct Rate {
    p: f64,
    q: f64,
}

impl Rate {
    /// From a number in (0, 1).
    ///
    /// # Errors
    /// When `p` is not in (0, 1).
    pub fn new(p: f64) -> Result<Self, StatisticsError> {
        if p > 0.0 && p < 1.0 {
            Ok(Self { p, q: 1.0 - p })
        } else {
            Err(StatisticsError::Rate { value: p })
        }
    }

    /// From an exact ratio.
    ///
    /// # Errors
    /// For 0 % and 100 %: no number of samples decides those statistically; one event decides them
    /// literally.
    pub fn from_ratio(ratio: Ratio) -> Result<Self, StatisticsError> {
        let ppm = ratio.ppm();
        if ppm == 0 || ppm == 1_000_000 {
            return Err(StatisticsError::Rate {
                value: f64::from(ppm) / 1e6,
            });
        }
        Ok(Self {
            p: f64::from(ppm) / 1e6,
            q: f64::from(1_000_000 - ppm) / 1e6,
        })
    }

    /// The rate p.
    #[must_use]
    pub const fn p(self) -> f64 {
        self.p
    }

    /// Its complement 1 − p.
    #[must_use]
    pub const fn q(self) -> f64 {
        self.q
    }

    /// The rate of the opposite outcome.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self {
            p: self.q,
            q: self.p,
        }
    }

    /// The rate whose odds are `factor` times these odds; for `factor` > 0.
    pub(crate) fn with_odds_times(self, factor: f64) -> Self {
        let (hits, misses) = (self.p * factor, self.q);
        Self {
            p: hits / (hits + misses),
            q: misses / (hits + misses),
        }
    }
}

impl TryFrom<(f64, f64)> for Rate {
    type Error = StatisticsError;

    fn try_from((p, q): (f64, f64)) -> Result<Self, Self::Error> {
        if p > 0.0 && q > 0.0 && (p + q - 1.0).abs() < 1e-12 {
            Ok(Self { p, q })
        } else {
            Err(StatisticsError::Rate { value: p })
        }
    }
}

impl From<Rate> for (f64, f64) {
    fn from(rate: Rate) -> Self {
        (rate.p, rate.q)
    }
}

/// Events among trials. All that the rate tests remember.
///
/// ```
/// use phasegate_sla::statistics::Counts;
/// let monday = Counts::new(3, 1_000)?;
/// let tuesday = Counts::new(5, 2_000)?;
/// assert_eq!(monday.merge(tuesday), Counts::new(8, 3_000)?);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "(u64, u64)", into = "(u64, u64)")]
pub struct Counts {
    hits: u64,
    trials: u64,
}

impl Counts {
    /// No trials yet.
    pub const EMPTY: Self = Self { hits: 0, trials: 0 };
    /// One trial with the event.
    pub(crate) const HIT: Self = Self { hits: 1, trials: 1 };
    /// One trial without it.
    pub(crate) const MISS: Self = Self { hits: 0, trials: 1 };

    /// `hits` events in `trials` trials.
    ///
    /// # Errors
    /// When there are more events than trials.
    pub const fn new(hits: u64, trials: u64) -> Result<Self, StatisticsError> {
        if hits > trials {
            Err(StatisticsError::Counts { hits, trials })
        } else {
            Ok(Self { hits, trials })
        }
    }

    /// Events.
    #[must_use]
    pub const fn hits(self) -> u64 {
        self.hits
    }

    /// Trials.
    #[must_use]
    pub const fn trials(self) -> u64 {
        self.trials
    }

    /// Trials without the event.
    #[must_use]
    pub const fn misses(self) -> u64 {
        self.trials - self.hits
    }

    /// The counts of both together. Saturates at 2⁶⁴ − 1 trials.
    #[must_use]
    pub const fn merge(self, other: Self) -> Self {
        let hits = self.hits.saturating_add(other.hits);
        let misses = self.misses().saturating_add(other.misses());
        Self {
            hits,
            trials: hits.saturating_add(misses),
        }
    }

    /// One more trial.
    #[must_use]
    pub const fn with(self, hit: bool) -> Self {
        self.merge(Self {
            hits: hit as u64,
            trials: 1,
        })
    }

    /// The observed rate; none without trials.
    #[must_use]
    pub fn observed(self) -> Option<f64> {
        (self.trials > 0).then(|| self.hits as f64 / self.trials as f64)
    }
}

impl TryFrom<(u64, u64)> for Counts {
    type Error = StatisticsError;

    fn try_from((hits, trials): (u64, u64)) -> Result<Self, Self::Error> {
        Self::new(hits, trials)
    }
}

impl From<Counts> for (u64, u64) {
    fn from(counts: Counts) -> Self {
        (counts.hits, counts.trials)
    }
}

/// The natural logarithm of an e-value: evidence against a null hypothesis, in nats.
///
/// 0 is no evidence, 3 nats (a factor of 20) reject at 5 %, negative numbers speak for the null.
/// Never NaN; +∞ when the null is impossible. In JSON the infinities are the texts `inf` and `-inf`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd, Serialize)]
#[serde(from = "Written", into = "Written")]
pub struct LogE(f64);

impl LogE {
    /// No evidence either way.
    pub const NONE: Self = Self(0.0);

    /// From nats; NaN counts as −∞, that is, as no evidence at all.
    #[must_use]
    pub const fn from_nats(nats: f64) -> Self {
        if nats.is_nan() {
            Self(f64::NEG_INFINITY)
        } else {
            Self(nats)
        }
    }

    /// In nats.
    #[must_use]
    pub const fn nats(self) -> f64 {
        self.0
    }

    /// Whether the null is rejected at `alpha`.
    #[must_use]
    pub fn rejects(self, alpha: Alpha) -> bool {
        self.0 >= alpha.threshold()
    }

    /// min(1, 1/E), valid at the look at which it is computed. The p-value that stays valid over
    /// all looks is that of the greatest evidence so far.
    #[must_use]
    pub fn p_value(self) -> f64 {
        exp(-self.0.max(0.0))
    }

    /// The greater one.
    #[must_use]
    pub const fn max(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }

    /// The evidence of two independent experiments together: the product of the e-values.
    #[must_use]
    pub fn and_independent(self, other: Self) -> Self {
        // An impossible null stays impossible whatever the other experiment says.
        if self.0 == f64::INFINITY || other.0 == f64::INFINITY {
            return Self(f64::INFINITY);
        }
        Self::from_nats(self.0 + other.0)
    }
}

impl From<Written> for LogE {
    fn from(written: Written) -> Self {
        Self::from_nats(written.0)
    }
}

impl From<LogE> for Written {
    fn from(evidence: LogE) -> Self {
        Self(evidence.0)
    }
}

/// What the data say about a statement at the chosen confidence.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a statement holds, does not hold, or is undecided"
)]
pub enum Decision {
    /// The statement is shown to hold.
    Holds,
    /// Neither can be said yet.
    Undecided,
    /// The statement is shown not to hold.
    Violated,
}

impl Decision {
    /// From the evidence against the statement's opposite and against the statement.
    ///
    /// Where both reject (which each allows with probability α), the statement counts as violated.
    #[must_use]
    pub fn from_evidence(for_it: LogE, against_it: LogE, alpha: Alpha) -> Self {
        if against_it.rejects(alpha) {
            Self::Violated
        } else if for_it.rejects(alpha) {
            Self::Holds
        } else {
            Self::Undecided
        }
    }

    /// The same decision about the opposite statement.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Holds => Self::Violated,
            Self::Undecided => Self::Undecided,
            Self::Violated => Self::Holds,
        }
    }
}

/// An interval that covers the unknown value with the stated confidence; ends may be infinite (in JSON `inf`
/// and `-inf`).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "an interval is its two ends")]
pub struct Interval {
    /// The lower end.
    #[serde(with = "state::number")]
    pub lower: f64,
    /// The upper end.
    #[serde(with = "state::number")]
    pub upper: f64,
}

impl Interval {
    /// Whether `value` lies in it, ends included.
    #[must_use]
    pub const fn contains(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    /// What lies in both; empty intervals come out with `lower` > `upper`.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self {
            lower: self.lower.max(other.lower),
            upper: self.upper.min(other.upper),
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn values_outside_their_domain_are_refused() {
        for bad in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(Alpha::new(bad).is_err());
            assert!(Rate::new(bad).is_err());
        }
        assert!(Counts::new(2, 1).is_err());
        assert!(Rate::from_ratio(Ratio::ZERO).is_err() && Rate::from_ratio(Ratio::ONE).is_err());
        assert!(Rate::try_from((0.5, 0.4)).is_err());
    }

    #[test]
    fn rates_near_one_keep_the_digits_of_their_complement() {
        let rate = Rate::from_ratio(Ratio::from_ppm(999_999).unwrap()).unwrap();
        assert_eq!(rate.q(), 1e-6);
        assert_eq!(rate.complement().p(), 1e-6);
    }

    #[test]
    fn impossible_nulls_and_missing_evidence_stay_what_they_are() {
        assert_eq!(LogE::from_nats(f64::NAN).nats(), f64::NEG_INFINITY);
        let both =
            LogE::from_nats(f64::INFINITY).and_independent(LogE::from_nats(f64::NEG_INFINITY));
        assert_eq!(both.nats(), f64::INFINITY);
        assert_eq!(LogE::from_nats(-3.0).p_value(), 1.0);
        assert_eq!(LogE::NONE.max(LogE::from_nats(2.0)).nats(), 2.0);
    }

    #[test]
    fn merging_saturates_and_keeps_hits_within_trials() {
        let huge = Counts::new(1, u64::MAX).unwrap();
        let merged = huge.merge(huge);
        assert!(merged.hits() <= merged.trials());
        assert_eq!(Counts::default().observed(), None);
    }
}
