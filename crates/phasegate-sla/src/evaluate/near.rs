//! "No worse than", "comparable to" and "stable", with `confidence` and an explicit margin.

use phasegate_core::Fraction;
use phasegate_criterion::{Assertion, Cmp, Direction};

use super::Inputs;
use super::confidence::Shown;
use super::read::Read;
use super::reference::base;
use super::test::{Case, margin};
use crate::statistics::{Alpha, combine};
use crate::verdict::Why;

impl Inputs<'_> {
    pub(super) fn near_shown(&self, case: &Case<'_>, alpha: Alpha) -> Read<Shown> {
        let size = match &case.test.margin {
            None => Fraction::ZERO,
            Some(margin) if margin.quantity().dimension() == phasegate_core::Dimension::SHARE => {
                base(margin.quantity())?
            }
            Some(_) => return self.near_figure(case, alpha),
        };
        let factor = |factor: Option<Fraction>| factor.ok_or(Why::OutOfRange);
        let above = || {
            self.versus(
                case,
                Cmp::LessOrEqual,
                factor(Fraction::ONE.checked_add(size))?,
                alpha,
            )
        };
        let below = || {
            self.versus(
                case,
                Cmp::GreaterOrEqual,
                factor(Fraction::ONE.checked_sub(size))?,
                alpha,
            )
        };
        sided(case, above, below)
    }

    /// A margin that is no part of the reference: for figures only, as two arms' counts show ratios.
    fn near_figure(&self, case: &Case<'_>, alpha: Alpha) -> Read<Shown> {
        let referred = self.reference(case)?;
        if referred.arm.is_some() || self.percentile_of(case).is_some() {
            return Err(Why::Undecided);
        }
        let delta = margin(case.test, referred.extent)?;
        let (upper, lower) = (referred.extent.plus(delta)?, referred.extent.minus(delta)?);
        let above = || self.statement(case, Cmp::LessOrEqual, (upper, None), alpha);
        let below = || self.statement(case, Cmp::GreaterOrEqual, (lower, None), alpha);
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
        (false, Direction::Neither) => Err(Why::Invalid),
    }
}
