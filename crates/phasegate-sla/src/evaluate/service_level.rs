//! Burn rates and budgets from the share of good events. Exact, and never rounded: rounding a burn rate
//! to one decimal moves decisions at its threshold.

use phasegate_core::Fraction;
use phasegate_criterion::Measure;

use super::Inputs;
use super::amount::{Amount, Extent};
use super::read::Read;
use super::test::{Case, counts_bad};
use crate::need::inner;
use crate::verdict::Why;

impl Inputs<'_> {
    /// Turns the share that was measured into a burn rate or a budget, where the measure is one.
    pub(super) fn service_level(&self, case: &Case<'_>, amount: Amount) -> Read<Amount> {
        let (Measure::BurnRate { slo, .. } | Measure::BudgetLeft { slo }) =
            inner(&case.test.subject.measure)
        else {
            return Ok(amount);
        };
        let slo = self.registry.slo(slo.kpi()).ok_or(Why::Invalid)?;
        let one = Extent::exact(Fraction::ONE);
        let bad = match case.measured.sources.iter().any(counts_bad) {
            true => amount.extent,
            false => one.minus(amount.extent)?,
        };
        let objective =
            Fraction::from_decimal(slo.objective.to_decimal()).ok_or(Why::OutOfRange)?;
        let budget = Fraction::ONE
            .checked_sub(objective)
            .ok_or(Why::OutOfRange)?;
        let inverse = Fraction::ONE.checked_div(budget).ok_or(Why::OutOfRange)?;
        let burn = bad.times(inverse)?;
        let extent = match inner(&case.test.subject.measure) {
            Measure::BudgetLeft { .. } => one.minus(burn)?,
            Measure::Aggregate { .. }
            | Measure::Apdex { .. }
            | Measure::Below { .. }
            | Measure::BurnRate { .. }
            | Measure::Change(_)
            | Measure::Plain { .. }
            | Measure::Query(_) => burn,
        };
        Ok(amount.with_extent(extent))
    }
}
