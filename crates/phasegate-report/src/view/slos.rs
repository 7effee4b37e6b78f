//! The declared objectives: what each promises, what was measured of its budget, and whether its rules held.
//!
//! As with KPIs nothing is compared here: a criterion about an objective decides, and a trigger about it that fired.

use phasegate_core::{KpiId, Ratio, Span};
use phasegate_criterion::{Measure, Slo, Test};
use phasegate_engine::state::State;
use serde::Serialize;

use super::criteria::CriterionView;
use super::kpis::{Actual, KpiStatus};
use super::seen::{Seen, actual, seen, status, why};
use super::triggers::TriggerView;

/// A declared objective.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SloView {
    /// Its id.
    pub slo: KpiId,
    /// The KPI that counts good events.
    pub kpi: KpiId,
    /// The share of good events that it promises.
    pub objective: Ratio,
    /// Over how long.
    pub period: Span,
    /// What was measured of it last: burn rates, and what is left of its budget.
    pub actual: Vec<Actual>,
    /// How it stands: missed where a criterion about it does not hold or a trigger about it has fired.
    pub status: KpiStatus,
    /// Why it stands so, in words; absent where it is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

pub(super) fn of(
    state: &State,
    criteria: &[CriterionView],
    triggers: &[TriggerView],
) -> Vec<SloView> {
    let checks = state.program.checks();
    let seen = seen(state, &checks, criteria, triggers);
    let view = |slo: &Slo| {
        let about: Vec<&Seen<'_>> = seen
            .iter()
            .filter(|seen| is_about(seen.test, &slo.id))
            .collect();
        let mut rules = state.program.triggers.iter().zip(triggers);
        let fired = rules.any(|(trigger, view)| {
            let mut tests = trigger.criterion.condition.tests();
            tests.any(|test| is_about(test, &slo.id))
                && view.firings.iter().any(|firing| !firing.blind)
        });
        // Where no criterion decides, no trigger had to fire.
        let quiet = about.iter().all(|seen| !seen.decides);
        let by_criteria = status(&about);
        let (status, ground) = if fired {
            let fired = "a trigger about it has fired".to_owned();
            (KpiStatus::Missed, Some(fired))
        } else if quiet && by_criteria == KpiStatus::Open {
            (KpiStatus::Met, None)
        } else {
            (by_criteria, why(by_criteria, &about))
        };
        SloView {
            slo: slo.id.clone(),
            kpi: slo.kpi.clone(),
            objective: slo.objective,
            period: slo.period,
            actual: actual(&about),
            status,
            why: ground,
        }
    };
    state.program.slos.iter().map(view).collect()
}

fn is_about(test: &Test, slo: &KpiId) -> bool {
    match &test.subject.measure {
        Measure::BudgetLeft { slo: name } | Measure::BurnRate { slo: name, .. } => {
            name.kpi() == slo
        }
        Measure::Aggregate { .. }
        | Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => false,
    }
}
