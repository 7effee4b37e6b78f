//! Alerts that do something: at their critical level they are triggers.

use phasegate_criterion::{Assertion, Band, Condition, Criterion, Group, Operand, Test};
use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::Trigger;

impl Compiler<'_> {
    /// A trigger for an alert with a response, watched in all phases. What it does without numbers is what
    /// triggers do that say nothing about it.
    pub(super) fn alert(&self, alert: &model::Alert) -> Result<Trigger, CompileError> {
        let Some(condition) = critical(&alert.criterion.condition) else {
            let what = format!(
                "a response of the alert '{}' without a critical level",
                alert.id
            );
            return Err(CompileError::Unsupported { what });
        };
        let criterion = Criterion {
            condition,
            ..alert.criterion.clone()
        };
        let trigger =
            model::Trigger::new(alert.id.clone(), criterion).respond(alert.respond.clone());
        self.trigger(&trigger, Vec::new())
    }
}

/// When a condition is critical: of two levels the second, of anything else what it says. `None` if it never is.
fn critical(condition: &Condition) -> Option<Condition> {
    match condition {
        Condition::Test(test) => critical_test(test).map(|test| Condition::Test(Box::new(test))),
        Condition::All(group) => {
            let parts: Option<Vec<_>> = group.conditions().iter().map(critical).collect();
            Group::new(parts?).map(Condition::All)
        }
        Condition::Any(group) => {
            let mut parts: Vec<_> = group.conditions().iter().filter_map(critical).collect();
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

fn critical_test(test: &Test) -> Option<Test> {
    let Assertion::Bands { crit, .. } = &test.assertion else {
        return Some(test.clone());
    };
    let band = crit.as_ref()?;
    Some(Test {
        assertion: Assertion::Compare(Band {
            op: band.op,
            value: Operand::Value(band.value.clone()),
        }),
        ..test.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::critical;
    use phasegate_criterion::Criterion;

    #[test]
    fn of_two_levels_the_critical_one_counts() {
        for (written, wanted) in [
            ("p50(t) warn > 15s crit > 30s", Some("p50(t) > 30s")),
            (
                "ratio(e) > 5% for 5m severity critical",
                Some("ratio(e) > 5%"),
            ),
            ("p50(t) warn > 15s", None),
            (
                "p50(t) warn > 15s crit > 30s and ratio(e) > 1%",
                Some("p50(t) > 30s and ratio(e) > 1%"),
            ),
            ("p50(t) warn > 15s or ratio(e) > 1%", Some("ratio(e) > 1%")),
            ("p50(t) warn > 15s and ratio(e) > 1%", None),
            ("on event(data_loss)", Some("on event(data_loss)")),
        ] {
            let criterion: Criterion = written.parse().expect("a criterion");
            let found = critical(&criterion.condition).map(|one| one.to_string());
            assert_eq!(found.as_deref(), wanted, "{written}");
        }
    }
}
