//! Conditions joined by `and` that no value satisfies together: `p95(x) < 5ms and p95(x) > 10ms`.

use phasegate_core::Fraction;

use super::{Fault, FaultCode};
use crate::tree::{Assertion, Band, Cmp, Condition, Operand, Test, Value};

/// What one test leaves open of its measure: an end, and whether the end itself is inside.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    from: Option<(Fraction, bool)>,
    to: Option<(Fraction, bool)>,
}

impl Open {
    fn of(test: &Test) -> Option<Self> {
        let exact = |value: &Value| {
            let base = value.quantity().base();
            base.filter(|_| !value.is_approximate())
        };
        match &test.assertion {
            Assertion::Compare(Band {
                op,
                value: Operand::Value(value),
            })
            | Assertion::Reach {
                op: Some(op),
                to: value,
                ..
            } => Some(Self::beyond(*op, exact(value)?)),
            Assertion::Within(range) => Some(Self {
                from: Some((exact(&range.low)?, true)),
                to: Some((exact(&range.high)?, true)),
            }),
            Assertion::Bands { .. }
            | Assertion::Comparable(_)
            | Assertion::Compare(_)
            | Assertion::NoWorse(_)
            | Assertion::Reach { .. }
            | Assertion::Stable => None,
        }
    }

    fn beyond(op: Cmp, limit: Fraction) -> Self {
        let inside = matches!(op, Cmp::Equal | Cmp::GreaterOrEqual | Cmp::LessOrEqual);
        let end = Some((limit, inside));
        match op {
            Cmp::Equal => Self { from: end, to: end },
            Cmp::Greater | Cmp::GreaterOrEqual => Self {
                from: end,
                to: None,
            },
            Cmp::Less | Cmp::LessOrEqual => Self {
                from: None,
                to: end,
            },
            Cmp::NotEqual => Self::default(),
        }
    }

    /// Does nothing lie in both?
    fn excludes(self, other: Self) -> bool {
        let empty = |from: Option<(Fraction, bool)>, to: Option<(Fraction, bool)>| {
            from.zip(to).is_some_and(|((from, closed), (to, shut))| {
                from > to || from == to && !(closed && shut)
            })
        };
        empty(self.from, other.to) || empty(other.from, self.to)
    }
}

/// Tells the first two tests of a criterion that exclude each other. What is looked at over different stretches of
/// time, or against something else, may well differ.
pub(super) fn check(condition: &Condition, faults: &mut Vec<Fault>) {
    let tests: Vec<(&Test, Open)> = together(condition)
        .into_iter()
        .filter_map(|test| Some((test, Open::of(test)?)))
        .collect();
    for (index, (one, open)) in tests.iter().enumerate() {
        let alike = |test: &Test| {
            test.subject == one.subject && test.over == one.over && test.against == one.against
        };
        let later = tests.iter().skip(index + 1);
        let mut found = later.filter(|(other, also)| alike(other) && open.excludes(*also));
        if let Some((other, _)) = found.next() {
            let message = format!("'{one}' and '{other}' never hold together");
            let mend = "mend one of the two, or join them by 'or'";
            faults.push(Fault::new(
                FaultCode::CriterionNeverHolds,
                one,
                message,
                mend,
            ));
            return;
        }
    }
}

/// The tests that must hold with it.
fn together(condition: &Condition) -> Vec<&Test> {
    match condition {
        Condition::All(group) => group.conditions().iter().flat_map(together).collect(),
        Condition::Test(test) => vec![test],
        Condition::Any(_)
        | Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_)
        | Condition::Score(_) => Vec::new(),
    }
}
