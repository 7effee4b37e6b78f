//! Two arms' event counts against each other: canary errors and control errors.

use serde::{Deserialize, Serialize};

use super::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Decision, Interval, LogE, Rate, StatisticsError};

/// An anytime-valid comparison of two arms' event counts, knowing only how traffic is split.
///
/// If the canary gets the share ρ of the traffic and events are no more frequent there than r times
/// the control's, then each event falls on the canary with probability at most rρ/(rρ + 1 − ρ),
/// whatever the level of traffic and errors does over the day. That makes it a [`RateTest`] on
/// (events of the canary, events of both).
///
/// - **Assumes** the share is known and does not change (start anew when the weight does), and that
///   a request's arm does not depend on the outcome. The common rate may vary in time: both arms
///   see the same weather.
/// - **Guarantees** P(ever a wrong statement) ≤ α. **Cost** as [`RateTest`]; **state** two integers;
///   **merge** adds counts. **Source**: Lindon and Malek, `NeurIPS` 2022 (inhomogeneous Poisson
///   streams).
///
/// ```
/// use phasegate_sla::statistics::rate::ArmsTest;
/// use phasegate_sla::statistics::{Alpha, Decision, Rate};
/// let canary_gets_10_percent = ArmsTest::new(Rate::new(0.1)?);
/// let alpha = Alpha::new(0.05)?;
/// assert_eq!(canary_gets_10_percent.decide(60, 90, alpha), Decision::Violated);
/// assert_eq!(canary_gets_10_percent.decide(3, 27, alpha), Decision::Undecided);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct ArmsTest {
    exposure: Rate,
    ratio: f64,
    prior: PriorStrength,
}

impl ArmsTest {
    /// For a canary that gets the share `exposure` of both arms' traffic; tests against equal rates.
    #[must_use]
    pub const fn new(exposure: Rate) -> Self {
        Self {
            exposure,
            ratio: 1.0,
            prior: PriorStrength::DEFAULT,
        }
    }

    /// Tests against a canary whose rate is `ratio` times the control's: 1.05 for "no worse than
    /// control, margin 5 %".
    ///
    /// # Errors
    /// When `ratio` is not positive and finite.
    pub fn against_ratio(self, ratio: f64) -> Result<Self, StatisticsError> {
        if ratio > 0.0 && ratio.is_finite() {
            Ok(Self { ratio, ..self })
        } else {
            Err(StatisticsError::Parameter {
                name: "ratio",
                wanted: "above 0",
                value: ratio,
            })
        }
    }

    /// With another prior. To be chosen before the data.
    #[must_use]
    pub const fn with_prior(self, prior: PriorStrength) -> Self {
        Self { prior, ..self }
    }

    fn process(self) -> RateTest {
        RateTest::new(self.exposure.with_odds_times(self.ratio)).with_prior(self.prior)
    }

    /// Evidence that the canary's rate is above `ratio` times the control's.
    #[must_use]
    pub fn worse(self, canary: u64, control: u64) -> LogE {
        self.process().above(both(canary, control))
    }

    /// Evidence that the canary's rate is below `ratio` times the control's.
    #[must_use]
    pub fn better(self, canary: u64, control: u64) -> LogE {
        self.process().below(both(canary, control))
    }

    /// Evidence that the rates differ from the ratio, in whichever direction.
    #[must_use]
    pub fn different(self, canary: u64, control: u64) -> LogE {
        self.process().two_sided(both(canary, control))
    }

    /// Decides the statement "the canary's rate is below `ratio` times the control's".
    #[must_use]
    pub fn decide(self, canary: u64, control: u64, alpha: Alpha) -> Decision {
        self.process().decide(both(canary, control), alpha)
    }

    /// The confidence sequence for the ratio of the canary's rate to the control's.
    ///
    /// From 0 to ∞ before the first event.
    #[must_use]
    pub fn ratio_interval(self, canary: u64, control: u64, alpha: Alpha) -> Interval {
        let share = self
            .process()
            .compatible_rates(both(canary, control), alpha);
        let ratio = |share: f64| share / (1.0 - share) * (self.exposure.q() / self.exposure.p());
        Interval {
            lower: ratio(share.lower),
            upper: if share.upper >= 1.0 {
                f64::INFINITY
            } else {
                ratio(share.upper)
            },
        }
    }
}

fn both(canary: u64, control: u64) -> Counts {
    let canary_only = Counts::new(canary, canary).unwrap_or_default();
    canary_only.merge(Counts::new(0, control).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_moves_the_null() {
        let test = ArmsTest::new(Rate::new(0.5).unwrap());
        let alpha = Alpha::new(0.05).unwrap();
        assert_eq!(test.decide(150, 100, alpha), Decision::Violated);
        let with_margin = test.against_ratio(2.0).unwrap();
        assert_eq!(with_margin.decide(150, 250, alpha), Decision::Holds);
        assert_eq!(with_margin.decide(150, 100, alpha), Decision::Undecided);
        assert!(test.against_ratio(0.0).is_err());
    }

    #[test]
    fn no_events_say_nothing_about_the_ratio() {
        let test = ArmsTest::new(Rate::new(0.2).unwrap());
        let interval = test.ratio_interval(0, 0, Alpha::new(0.05).unwrap());
        assert_eq!((interval.lower, interval.upper), (0.0, f64::INFINITY));
    }
}
