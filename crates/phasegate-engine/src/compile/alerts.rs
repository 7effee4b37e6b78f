//! Alerts that do something: at their critical level they are triggers.

use phasegate_criterion::{BandLevel, Criterion};
use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::Trigger;

impl Compiler<'_> {
    /// A trigger for an alert with a response, watched in all phases. What it does without numbers is what
    /// triggers do that say nothing about it.
    pub(super) fn alert(&self, alert: &model::Alert) -> Result<Trigger, CompileError> {
        let Some(condition) = alert.criterion.condition.at_level(BandLevel::Critical) else {
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

#[cfg(test)]
mod tests {
    use phasegate_criterion::{BandLevel, Criterion};

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
            let found = criterion.condition.at_level(BandLevel::Critical);
            let found = found.map(|one| one.to_string());
            assert_eq!(found.as_deref(), wanted, "{written}");
        }
    }
}
