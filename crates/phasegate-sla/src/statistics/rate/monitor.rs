//! A rate test with memory: counts so far and the greatest evidence seen at any look.

use serde::{Deserialize, Serialize};

use super::RateTest;
use crate::statistics::{Alpha, Counts, Decision, LogE};

/// Collects counts and remembers the greatest evidence in each direction.
///
/// Rejection is for good: once the evidence has reached 1/α at a look, later samples cannot undo the
/// statement. Because E depends on the counts only, looking at some of the samples' moments and not
/// at others changes nothing in the guarantee.
///
/// State: two integers and two numbers, serialisable; a monitor read back goes on as if nothing had
/// happened.
///
/// ```
/// use phasegate_sla::statistics::rate::{RateMonitor, RateTest};
/// use phasegate_sla::statistics::{Alpha, Counts, Decision, Rate};
/// let mut monitor = RateMonitor::new(RateTest::new(Rate::new(0.01)?));
/// monitor.record(Counts::new(30, 300)?);
/// assert_eq!(monitor.decide(Alpha::new(0.05)?), Decision::Violated);
/// monitor.reset();
/// assert_eq!(monitor, RateMonitor::new(RateTest::new(Rate::new(0.01)?)));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RateMonitor {
    test: RateTest,
    counts: Counts,
    greatest_above: LogE,
    greatest_below: LogE,
}

impl RateMonitor {
    /// With no samples.
    #[must_use]
    pub const fn new(test: RateTest) -> Self {
        Self {
            test,
            counts: Counts::EMPTY,
            greatest_above: LogE::NONE,
            greatest_below: LogE::NONE,
        }
    }

    /// Takes in new samples (an increment, not the total) and looks.
    pub fn record(&mut self, increment: Counts) {
        self.counts = self.counts.merge(increment);
        self.greatest_above = self.greatest_above.max(self.test.above(self.counts));
        self.greatest_below = self.greatest_below.max(self.test.below(self.counts));
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The greatest evidence so far that the rate is above the threshold.
    #[must_use]
    pub const fn above(&self) -> LogE {
        self.greatest_above
    }

    /// The greatest evidence so far that the rate is below the threshold.
    #[must_use]
    pub const fn below(&self) -> LogE {
        self.greatest_below
    }

    /// Decides the statement "the rate is below the threshold" on all looks so far.
    #[must_use]
    pub fn decide(&self, alpha: Alpha) -> Decision {
        Decision::from_evidence(self.greatest_below, self.greatest_above, alpha)
    }

    /// Forgets everything, as at a new step; equal to a new monitor.
    pub fn reset(&mut self) {
        *self = Self::new(self.test);
    }
}
