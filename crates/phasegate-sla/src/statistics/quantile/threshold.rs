//! A percentile against a fixed threshold, on two integers.

use serde::{Deserialize, Serialize};

use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Decision, LogE, Rate};

/// An anytime-valid test of "the p-quantile is below T" on (samples below T, samples).
///
/// The p-quantile is below T exactly when more than the share p of all samples is below T, which is a
/// [`RateTest`] at p; no sketch, no sorting, no interpolation rule.
///
/// - **Assumes**, **guarantees**, **cost**, **state**, **merge**, **source**: as [`RateTest`].
///
/// ```
/// use phasegate_core::Ratio;
/// use phasegate_sla::statistics::quantile::PercentileTest;
/// use phasegate_sla::statistics::{Alpha, Counts, Decision, Rate};
/// let p99 = PercentileTest::new(Rate::from_ratio(Ratio::from_percent(99)?)?);
/// let alpha = Alpha::new(0.05)?;
/// assert_eq!(p99.decide_below(Counts::new(1_000, 1_000)?, alpha), Decision::Holds);
/// assert_eq!(p99.decide_below(Counts::new(100, 100)?, alpha), Decision::Undecided);
/// assert_eq!(p99.decide_below(Counts::new(90, 100)?, alpha), Decision::Violated);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct PercentileTest {
    test: RateTest,
}

impl PercentileTest {
    /// For the quantile `p`.
    #[must_use]
    pub const fn new(p: Rate) -> Self {
        Self {
            test: RateTest::new(p),
        }
    }

    /// With another prior. To be chosen before the data.
    #[must_use]
    pub const fn with_prior(self, prior: PriorStrength) -> Self {
        Self {
            test: self.test.with_prior(prior),
        }
    }

    /// Evidence that the quantile is below the threshold; `below` counts samples below it.
    #[must_use]
    pub fn below(self, below: Counts) -> LogE {
        self.test.above(below)
    }

    /// Evidence that the quantile is above the threshold.
    #[must_use]
    pub fn above(self, below: Counts) -> LogE {
        self.test.below(below)
    }

    /// Decides "the quantile is below the threshold".
    #[must_use]
    pub fn decide_below(self, below: Counts, alpha: Alpha) -> Decision {
        // The quantile lies below the threshold where the share below it is not too small.
        self.test.decide(below, alpha).opposite()
    }
}
