//! "No worse than", "comparable to" and "stable", with `confidence` and an explicit margin.

use phasegate_core::{Dimension, Fraction};
use phasegate_criterion::{Assertion, Cmp, Direction, Value};

use super::Inputs;
use super::arms::Beside;
use super::confidence::Shown;
use super::read::Read;
use super::reference::base;
use super::test::Case;
use crate::statistics::{Alpha, combine};
use crate::verdict::Why;

impl Inputs<'_> {
    pub(super) fn near_shown(&self, case: &Case<'_>, alpha: Alpha) -> Read<Shown> {
        let margin = case.test.margin.as_ref().map(Value::quantity);
        let size = margin.map_or(Ok(Fraction::ZERO), base)?;
        let relative = margin.is_none_or(|margin| margin.dimension() == Dimension::SHARE);
        let above = || {
            let beside = Beside::change(size, relative)?;
            self.versus(case, Cmp::LessOrEqual, beside, alpha)
        };
        let below = || {
            let less = Fraction::ZERO.checked_sub(size).ok_or(Why::OutOfRange)?;
            let beside = Beside::change(less, relative)?;
            self.versus(case, Cmp::GreaterOrEqual, beside, alpha)
        };
        sided(case, above, below)
    }
}

/// No worse looks at one side, comparable at both.
fn sided(
    case: &Case<'_>,
    above: impl Fn() -> Read<Shown>,
    below: impl Fn() -> Read<Shown>,
) -> Read<Shown> {
    let both = matches!(case.test.assertion, Assertion::Comparable(_));
    match (both, case.measured.direction) {
        (true, _) => {
            let (above, below) = (above()?, below()?);
            let decision = combine::all_of(&[above.decision, below.decision]);
            Ok(Shown { decision, ..above })
        }
        (false, Direction::LowerIsBetter) => above(),
        (false, Direction::HigherIsBetter) => below(),
        (false, Direction::Neither) => Err(Why::CriterionUnusable),
    }
}
