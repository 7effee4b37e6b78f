//! "No worse than", "comparable to" and "stable", with `confidence` and an explicit margin.

use phasegate_core::Fraction;
use phasegate_criterion::{Assertion, Cmp, Direction};

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
        let size = match &case.test.margin {
            None => Fraction::ZERO,
            Some(margin) => base(margin.quantity())?,
        };
        let relative =
            case.test.margin.as_ref().is_none_or(|margin| {
                margin.quantity().dimension() == phasegate_core::Dimension::SHARE
            });
        let beside = |size: Option<Fraction>| -> Read<Beside> {
            let size = size.ok_or(Why::OutOfRange)?;
            if relative {
                let factor = Fraction::ONE.checked_add(size);
                Ok(Beside::Times(factor.ok_or(Why::OutOfRange)?))
            } else {
                Ok(Beside::Apart(size))
            }
        };
        let above = || self.versus(case, Cmp::LessOrEqual, beside(Some(size))?, alpha);
        let less = || Fraction::ZERO.checked_sub(size);
        let below = || self.versus(case, Cmp::GreaterOrEqual, beside(less())?, alpha);
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
