//! What tests ask for, beside each other: which of two asks for more of one number.

use phasegate_core::Quantity;
use phasegate_criterion::{Assertion, Cmp, Condition, KpiRegistry, Operand, Test, measured};
use phasegate_sla::Verdict;

/// Does a criterion with this verdict decide the goal? One that says the same does. Of one number alone, as much or more
/// that holds, and as much or less that does not, say it as well.
pub(super) fn decides(
    own: &Condition,
    goal: &Condition,
    verdict: &Verdict,
    registry: &KpiRegistry,
) -> bool {
    if own == goal {
        return true;
    }
    let (Condition::Test(own), Condition::Test(goal)) = (own, goal) else {
        return false;
    };
    if own.subject != goal.subject || own.over != goal.over {
        return false;
    }
    let (Some(own_asks), Some(goal_asks)) = (compared(own, registry), compared(goal, registry))
    else {
        return false;
    };
    match verdict {
        Verdict::Pass | Verdict::Warn => asks_as_much(own_asks, goal_asks),
        // What could not be shown at a confidence may be so.
        Verdict::Fail => own.level().is_none() && asks_as_much(goal_asks, own_asks),
        Verdict::Inconclusive(_) => false,
    }
}

/// Does whatever meets the one meet the other?
fn asks_as_much((op, value): (Cmp, &Quantity), other: (Cmp, &Quantity)) -> bool {
    let Some(order) = value.compare(other.1) else {
        return false;
    };
    match (op, other.0) {
        (Cmp::Greater, Cmp::Greater | Cmp::GreaterOrEqual)
        | (Cmp::GreaterOrEqual, Cmp::GreaterOrEqual) => order.is_ge(),
        (Cmp::GreaterOrEqual, Cmp::Greater) => order.is_gt(),
        (Cmp::Less, Cmp::Less | Cmp::LessOrEqual) | (Cmp::LessOrEqual, Cmp::LessOrEqual) => {
            order.is_le()
        }
        (Cmp::LessOrEqual, Cmp::Less) => order.is_lt(),
        (Cmp::Equal, Cmp::Equal) | (Cmp::NotEqual, Cmp::NotEqual) => order.is_eq(),
        (
            Cmp::Equal
            | Cmp::NotEqual
            | Cmp::Greater
            | Cmp::GreaterOrEqual
            | Cmp::Less
            | Cmp::LessOrEqual,
            _,
        ) => false,
    }
}

/// With which value a goal or a criterion compares, where it stands in it: `65% -> 85%` asks for what is better by the
/// number's direction.
pub(super) fn compared<'t>(test: &'t Test, registry: &KpiRegistry) -> Option<(Cmp, &'t Quantity)> {
    if let Assertion::Compare(band) = &test.assertion
        && let Operand::Value(value) = &band.value
    {
        return Some((band.op, value.quantity()));
    }
    if let Assertion::Reach { op, to, .. } = &test.assertion {
        let better = || {
            let of = measured(&test.subject.measure, registry).ok()?;
            of.direction.goal()
        };
        return Some((op.or_else(better)?, to.quantity()));
    }
    None
}
