//! Conditions joined by `and` that no value satisfies together: `p95(x) < 5ms and p95(x) > 10ms`.

use super::together::Purpose;
use super::values::{Key, Values, of_test};
use super::{Fault, FaultCode};
use crate::tree::{Assertion, Condition, Test, Value};

/// Tells the first two tests of a criterion that exclude each other. What is looked at over different stretches of
/// time, or against something else, may well differ.
pub(super) fn check(condition: &Condition, faults: &mut Vec<Fault>) {
    if !matches!(condition, Condition::All(_)) {
        // A test does not exclude itself, and of alternatives one is enough.
        return;
    }
    let mut tests = Vec::new();
    joined(condition, &mut tests);
    let tests: Vec<(&Test, Key<'_>, Values<'_>)> = tests
        .into_iter()
        .filter(|test| is_exact(test))
        .filter_map(|test| {
            let (key, values) = of_test(test, Purpose::Pass)?;
            Some((test, key, values))
        })
        .collect();
    for (index, (one, key, values)) in tests.iter().enumerate() {
        let later = tests.iter().skip(index + 1);
        let mut found = later.filter(|(other, its, also)| {
            its == key
                && other.over == one.over
                && other.against == one.against
                && !values.overlaps(also)
        });
        if let Some((other, ..)) = found.next() {
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

/// Are its ends where they are written? About so much reaches further.
fn is_exact(test: &Test) -> bool {
    let exact = |value: &Value| !value.is_approximate();
    match &test.assertion {
        Assertion::Within(range) => exact(&range.low) && exact(&range.high),
        Assertion::Reach { to, .. } => exact(to),
        Assertion::Bands { .. }
        | Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable => true,
    }
}

/// The tests that must hold together, through groups that are joined by `and`.
pub(super) fn joined<'c>(condition: &'c Condition, out: &mut Vec<&'c Test>) {
    match condition {
        Condition::All(group) => {
            for part in group.conditions() {
                joined(part, out);
            }
        }
        Condition::Test(test) => out.push(test),
        Condition::Any(_)
        | Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_)
        | Condition::Score(_) => {}
    }
}
