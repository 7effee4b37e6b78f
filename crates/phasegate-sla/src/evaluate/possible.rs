//! What a ready-made number of a kind can be at all. A mark of 8000 %, a rating of 84 out of 5 and a count
//! below zero are mistakes of whoever answered, in the unit most often, and decide nothing.

use phasegate_core::{BaseUnit, Fraction};
use phasegate_criterion::{Kpi, Shape};

/// Between what a number of a kind lies, in the dimension's base; an end that is `None` is open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Possible {
    least: Option<Fraction>,
    most: Option<Fraction>,
}

impl Possible {
    /// Shares, marks and ratings lie within their scale. More than all of a limit can be in use, never less
    /// than nothing; nothing lasts less than no time, and no fewer than no events are counted.
    pub(super) fn of(kpi: &Kpi) -> Self {
        let (least, most) = match (kpi.shape, kpi.unit.base()) {
            (Shape::Rating, BaseUnit::OutOf(_)) | (Shape::Ratio | Shape::Score, _) => {
                (Some(Fraction::ZERO), Some(Fraction::ONE))
            }
            (Shape::Duration | Shape::Utilisation, _) | (Shape::Counter, BaseUnit::Number(_)) => {
                (Some(Fraction::ZERO), None)
            }
            (
                Shape::Counter
                | Shape::Distribution
                | Shape::Gauge
                | Shape::Quantile { .. }
                | Shape::Rating,
                _,
            ) => (None, None),
        };
        Self { least, most }
    }

    pub(super) fn holds(self, value: Fraction) -> bool {
        self.least.is_none_or(|least| value >= least) && self.most.is_none_or(|most| value <= most)
    }
}
