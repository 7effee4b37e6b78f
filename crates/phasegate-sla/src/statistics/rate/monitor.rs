//! A rate test with memory: counts so far and the greatest evidence seen at any look.

use serde::{Deserialize, Serialize};

use super::{RateProcess, RateTest};
use crate::statistics::{Alpha, Counts, Decision, LogE};

/// Collects counts and remembers the greatest evidence in each direction.
///
/// Rejection is for good: once the evidence has reached 1/α at a look, later samples cannot undo the
/// statement. Because E depends on the counts only, looking at some of the samples' moments and not
/// at others changes nothing in the guarantee.
///
/// A monitor read back goes on as if nothing had
/// happened, to the last bit. That is why each look takes both sides' closed form, prepared, at once
/// ([`RateProcess::sides`]) instead of carrying the evidence on event by event as
/// [`RateStream`](super::RateStream) does: the sums of a stream bear the order of their rounding, so that a
/// merged, restarted or differently batched one would differ in its last places.
///
/// - **Assumes**, one-sided: each trial's conditional probability, given the past, is on the null's side of the
///   threshold; two-sided: independent trials of one probability.
/// - **Guarantees** that the chance that it ever says a wrong side is at most α, over all looks: by the greatest evidence
///   of the past too.
/// - **Cost** under 300 ns a look at both sides, for any number of samples; **state** two integers and two numbers,
///   serialisable; **merge** adds counts, and not the greatest evidence, which is of one order of looks.
/// - **Source**: Robbins 1970; Lindon and Malek, `NeurIPS` 2022; Ville 1939 (the running maximum).
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
    test: RateProcess,
    counts: Counts,
    greatest_above: LogE,
    greatest_below: LogE,
}

impl RateMonitor {
    /// With no samples.
    #[must_use]
    pub fn new(test: RateTest) -> Self {
        Self::of(test.prepared())
    }

    const fn of(test: RateProcess) -> Self {
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
        let [above, below] = self.test.sides(self.counts);
        self.greatest_above = self.greatest_above.max(above);
        self.greatest_below = self.greatest_below.max(below);
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
        *self = Self::of(self.test);
    }
}
