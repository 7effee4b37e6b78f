//! Criteria at one of their levels: `warn > 15s crit > 30s` is two alerts.

use phasegate_criterion::{Assertion, Band, Condition, Group, Operand, Test};

/// Which band is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Level {
    Warning,
    Critical,
}

/// Has it levels?
pub(super) fn is_graded(condition: &Condition) -> bool {
    let graded = |test: &&Test| matches!(test.assertion, Assertion::Bands { .. });
    condition.tests().iter().any(graded)
}

/// When a condition reaches a level: the band of what has levels, and of anything else what it says.
/// `None` if it never does.
pub(super) fn at(condition: &Condition, level: Level) -> Option<Condition> {
    match condition {
        Condition::Test(test) => test_at(test, level).map(|test| Condition::Test(Box::new(test))),
        Condition::All(group) => {
            let parts: Option<Vec<_>> = group
                .conditions()
                .iter()
                .map(|one| at(one, level))
                .collect();
            Group::new(parts?).map(Condition::All)
        }
        Condition::Any(group) => {
            let parts = group.conditions().iter().filter_map(|one| at(one, level));
            let mut parts: Vec<_> = parts.collect();
            match parts.len() {
                0 | 1 => parts.pop(),
                _ => Group::new(parts).map(Condition::Any),
            }
        }
        Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_)
        | Condition::Score(_) => Some(condition.clone()),
    }
}

fn test_at(test: &Test, level: Level) -> Option<Test> {
    let Assertion::Bands { warn, crit } = &test.assertion else {
        return Some(test.clone());
    };
    let band = match level {
        Level::Warning => warn.as_ref()?,
        Level::Critical => crit.as_ref()?,
    };
    let assertion = Assertion::Compare(Band {
        op: band.op,
        value: Operand::Value(band.value.clone()),
    });
    Some(Test {
        assertion,
        ..test.clone()
    })
}
