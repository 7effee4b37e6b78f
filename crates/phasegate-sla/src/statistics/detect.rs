//! Detectors of a late change: e-CUSUM and e-SR, for long bakes.
//!
//! A plain e-process that gathered a month of good samples needs another month of bad ones before it
//! says so. A detector restarts at every sample: it forgets the good past. The price is that it must
//! alarm some day even if nothing happens; what is bounded is how long that takes.

use serde::{Deserialize, Serialize};

use super::numeric::{ln, ln_1p, ln_add_exp};
use super::{Alpha, LogE, Rate, StatisticsError, state};

/// How past evidence is combined.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the two recursions of the paper")]
pub enum Recursion {
    /// Mₙ = Lₙ · max(Mₙ₋₁, 1): evidence since the most suspicious moment.
    Cusum,
    /// Rₙ = Lₙ · (Rₙ₋₁ + 1): evidence added up over all moments the change could have happened. A
    /// little faster, as a rule.
    ShiryaevRoberts,
}

/// A detector fed with the log e-value of each new sample.
///
/// - **Assumes** each e-value has conditional expectation at most 1 before the change.
/// - **Guarantees** a mean time to false alarm of at least 1/α samples — not a false alarm probability
///   of α. For a bake of n samples take α of at most a twentieth of 1/n.
/// - **Cost** O(1), 30 ns; **state** one number; does not merge.
/// - **Source**: Shin, Ramdas, Rinaldo, "E-detectors", 2022.
///
/// ```
/// use phasegate_sla::statistics::detect::{Detector, Recursion, bernoulli_increment};
/// use phasegate_sla::statistics::{Alpha, Rate};
/// let mut detector = Detector::new(Recursion::ShiryaevRoberts);
/// let five_percent = Rate::new(0.05)?;
/// for request in 0..1_000 {
///     let failed = request >= 900 && request % 3 == 0;
///     detector.record(bernoulli_increment(failed, five_percent, 5.0)?);
/// }
/// assert!(detector.alarms(Alpha::new(0.001)?));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Detector {
    recursion: Recursion,
    #[serde(with = "state::number")]
    log_value: f64,
}

impl Detector {
    /// With no samples.
    #[must_use]
    pub const fn new(recursion: Recursion) -> Self {
        Self {
            recursion,
            log_value: f64::NEG_INFINITY,
        }
    }

    /// Takes in the next sample's evidence.
    pub fn record(&mut self, increment: LogE) {
        self.log_value = increment.nats()
            + match self.recursion {
                Recursion::Cusum => self.log_value.max(0.0),
                Recursion::ShiryaevRoberts => ln_add_exp(self.log_value, 0.0),
            };
        if self.log_value.is_nan() {
            self.log_value = f64::NEG_INFINITY;
        }
    }

    /// The logarithm of the detector's value.
    #[must_use]
    pub const fn log_value(&self) -> f64 {
        self.log_value
    }

    /// Whether it alarms: its value is at least 1/α.
    #[must_use]
    pub fn alarms(&self, alpha: Alpha) -> bool {
        self.log_value >= alpha.threshold()
    }

    /// Forgets everything; equal to a new one.
    pub const fn reset(&mut self) {
        *self = Self::new(self.recursion);
    }
}

/// ln(1 + λ(x − p)) for one yes/no sample against "the rate is at most p".
///
/// `bet` is λ: larger reacts faster to large changes and forgets small ones.
///
/// - **Assumes** samples whose conditional probability of a hit, given the past, is at most p before the change.
/// - **Guarantees** an expected factor of at most 1 a sample before the change, which is what the detectors'
///   bounds on false alarms rest on; λ is chosen before the data.
/// - **Cost** one logarithm; **state** none.
/// - **Source**: Shin, Ramdas, Rinaldo 2023 (e-detectors); the bet is that of Waudby-Smith and Ramdas.
///
/// # Errors
/// When `bet` is not in (0, 1/p).
pub fn bernoulli_increment(hit: bool, at_most: Rate, bet: f64) -> Result<LogE, StatisticsError> {
    if !(bet > 0.0 && bet * at_most.p() < 1.0) {
        return Err(StatisticsError::Parameter {
            name: "bet",
            wanted: "above 0 and below 1/rate",
            value: bet,
        });
    }
    let gain = if hit { at_most.q() } else { -at_most.p() };
    Ok(LogE::from_nats(ln_1p(bet * gain)))
}

/// The log likelihood ratio of one yes/no sample: fastest when the rate changes to exactly `to`.
///
/// - **Assumes** samples whose conditional probability of a hit, given the past, is at most p before the change.
/// - **Guarantees** an expected factor of at most 1 a sample before the change, for any `to` above p that was chosen
///   before the data; where the rate changes to another one it is slower, and as valid.
/// - **Cost** one logarithm; **state** none.
/// - **Source**: Page 1954 (CUSUM of likelihood ratios); as e-values Shin, Ramdas, Rinaldo 2023.
///
/// # Errors
/// When `to` is not above `at_most`.
pub fn likelihood_increment(hit: bool, at_most: Rate, to: Rate) -> Result<LogE, StatisticsError> {
    if to.p() <= at_most.p() {
        return Err(StatisticsError::Parameter {
            name: "changed rate",
            wanted: "above the null's",
            value: to.p(),
        });
    }
    let ratio = if hit {
        to.p() / at_most.p()
    } else {
        to.q() / at_most.q()
    };
    Ok(LogE::from_nats(ln(ratio)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn increments_have_expectation_one_at_the_null() {
        let p = Rate::new(0.05).unwrap();
        let to = Rate::new(0.2).unwrap();
        for increment in [
            |hit, p, _| bernoulli_increment(hit, p, 5.0).unwrap(),
            |hit, p, to| likelihood_increment(hit, p, to).unwrap(),
        ] {
            let hit: f64 = increment(true, p, to).nats();
            let miss: f64 = increment(false, p, to).nats();
            let expectation = p.p() * hit.exp() + p.q() * miss.exp();
            assert!((expectation - 1.0).abs() < 1e-14);
        }
        assert!(bernoulli_increment(true, p, 20.0).is_err());
        assert!(likelihood_increment(true, to, p).is_err());
    }

    #[test]
    fn a_reset_detector_is_a_new_one() {
        let mut detector = Detector::new(Recursion::Cusum);
        detector.record(LogE::from_nats(5.0));
        assert!(detector.alarms(Alpha::new(0.05).unwrap()));
        detector.reset();
        assert_eq!(detector, Detector::new(Recursion::Cusum));
        detector.record(LogE::from_nats(f64::NAN));
        assert!(!detector.alarms(Alpha::new(0.05).unwrap()));
    }
}
