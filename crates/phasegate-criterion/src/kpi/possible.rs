//! Between what numbers of a kind lie. A mark of 8000 %, a rating of 84 out of 5 and a count below zero are
//! mistakes of whoever answered or wrote them, in the unit most often. Nothing is evaluated here.

use phasegate_core::{BaseUnit, Fraction};

use super::{Kpi, Shape};

/// The closed range of a number, in its dimension's base: 0 to 1 for shares, marks and ratings.
///
/// ```
/// use phasegate_core::Fraction;
/// use phasegate_criterion::{Kpi, Possible, Shape};
/// let coverage = Kpi::new("coverage".parse()?, "%".parse()?, Shape::Score, "ci".parse()?);
/// assert!(Possible::of(&coverage).holds(Fraction::ONE));
/// assert!(!Possible::of(&coverage).holds(Fraction::from(80)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Possible {
    /// Nothing is less; `None` where there is no least.
    pub least: Option<Fraction>,
    /// Nothing is more; `None` where there is no most.
    pub most: Option<Fraction>,
}

impl Possible {
    /// Whatever can be held.
    pub const ANYTHING: Self = Self {
        least: None,
        most: None,
    };

    /// Not less than nothing.
    pub const NOT_NEGATIVE: Self = Self {
        least: Some(Fraction::ZERO),
        most: None,
    };

    /// A part of a whole.
    pub const PART: Self = Self {
        least: Some(Fraction::ZERO),
        most: Some(Fraction::ONE),
    };

    /// What one number of a KPI can be. Shares, marks and ratings lie within their scale. More than all of a
    /// limit can be in use, never less than nothing; nothing lasts less than no time, and no fewer than no
    /// events are counted.
    #[must_use]
    pub const fn of(kpi: &Kpi) -> Self {
        match (kpi.shape, kpi.unit.base()) {
            (Shape::Rating, BaseUnit::OutOf(_)) | (Shape::Ratio | Shape::Score, _) => Self::PART,
            (Shape::Duration | Shape::Utilisation, _) | (Shape::Counter, BaseUnit::Number(_)) => {
                Self::NOT_NEGATIVE
            }
            (
                Shape::Counter
                | Shape::Distribution
                | Shape::Gauge
                | Shape::Quantile { .. }
                | Shape::Rating,
                _,
            ) => Self::ANYTHING,
        }
    }

    /// Does a number of the dimension's base lie inside?
    #[must_use]
    pub fn holds(self, value: Fraction) -> bool {
        self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }
}
