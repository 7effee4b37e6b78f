//! Non-inferiority and equivalence: "no worse than" and "comparable to", with an explicit margin.
//!
//! "No significant difference found" is not "no difference": ten requests show no significant
//! difference between anything. These need a margin, and pass only when the interval for the
//! difference lies within it.

use super::{Decision, Interval, StatisticsError};

/// The greatest difference (canary − baseline, or ratio − 1) that still counts as no worse.
///
/// - **Assumes** an interval that covers the true difference with probability 1 − 2α (or a one-sided bound at 1 − α)
///   at all looks at which it is used, and a margin that was chosen before the data.
/// - **Guarantees** that "no worse" and "equivalent" are each said wrongly with probability at most α: an interval
///   of a confidence sequence at any number of looks, one of a fixed sample at one look.
/// - **Cost** two comparisons; **state** none. **Source**: Schuirmann 1987 (two one-sided tests); Berger and Hsu
///   1996.
///
/// ```
/// use phasegate_sla::statistics::margin::Margin;
/// use phasegate_sla::statistics::{Decision, Interval};
/// let five_percent = Margin::new(0.05)?;
/// let narrow = Interval { lower: -0.02, upper: 0.03 };
/// let wide = Interval { lower: -0.30, upper: 0.30 };
/// assert_eq!(five_percent.not_above(narrow), Decision::Holds);
/// assert_eq!(five_percent.equivalent(narrow), Decision::Holds);
/// assert_eq!(five_percent.equivalent(wide), Decision::Undecided);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Margin(f64);

impl Margin {
    /// A positive finite difference.
    ///
    /// # Errors
    /// When it is not positive and finite: a margin of zero can never be shown.
    pub fn new(margin: f64) -> Result<Self, StatisticsError> {
        super::boundary::positive("margin", margin).map(Self)
    }

    /// As a number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Lower is better: decides "the difference is below the margin".
    ///
    /// One-sided: an interval at 1 − 2α (or a one-sided bound at 1 − α) decides at α.
    #[must_use]
    pub fn not_above(self, difference: Interval) -> Decision {
        if difference.upper < self.0 {
            Decision::Holds
        } else if difference.lower >= self.0 {
            Decision::Violated
        } else {
            Decision::Undecided
        }
    }

    /// Higher is better: decides "the difference is above minus the margin".
    #[must_use]
    pub fn not_below(self, difference: Interval) -> Decision {
        self.not_above(Interval {
            lower: -difference.upper,
            upper: -difference.lower,
        })
    }

    /// Decides "the difference lies strictly within the margin on both sides".
    ///
    /// Two one-sided tests: both must hold, so α is not split.
    #[must_use]
    pub fn equivalent(self, difference: Interval) -> Decision {
        super::combine::all_of(&[self.not_above(difference), self.not_below(difference)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_is_decided_on_its_own() {
        let margin = Margin::new(0.1).unwrap();
        let at = |lower, upper| Interval { lower, upper };
        use Decision::{Holds, Undecided, Violated};
        for (interval, above, below, both) in [
            (at(-0.05, 0.05), Holds, Holds, Holds),
            (at(-0.5, 0.05), Holds, Undecided, Undecided),
            (at(0.2, 0.3), Violated, Holds, Violated),
            (at(-0.3, -0.2), Holds, Violated, Violated),
            (at(-0.1, 0.1), Undecided, Undecided, Undecided),
            (
                at(f64::NEG_INFINITY, f64::INFINITY),
                Undecided,
                Undecided,
                Undecided,
            ),
        ] {
            assert_eq!(margin.not_above(interval), above, "{interval:?}");
            assert_eq!(margin.not_below(interval), below, "{interval:?}");
            assert_eq!(margin.equivalent(interval), both, "{interval:?}");
        }
        assert!(Margin::new(0.0).is_err() && Margin::new(f64::NAN).is_err());
    }
}
