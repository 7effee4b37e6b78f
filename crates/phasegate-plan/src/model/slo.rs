//! Service level objectives: what `burn_rate` and `budget_left` are about.

use phasegate_core::{KpiId, Ratio, Span};
use phasegate_criterion::SloMethod;

use crate::form::record;

record! {
    /// So much of a KPI's events must be good over a period.
    pub struct Slo {
        /// Its name, as `burn_rate` uses it.
        need id: KpiId,
        /// The KPI that counts good events.
        need kpi: KpiId,
        /// The share of good events that is promised, below 100 %.
        need objective: Ratio,
        /// Over how long.
        need period: Span,
    }
}

impl Slo {
    /// As the criterion language declares it.
    pub fn declaration(&self) -> phasegate_criterion::Slo {
        phasegate_criterion::Slo {
            id: self.id.clone(),
            kpi: self.kpi.clone(),
            objective: self.objective,
            period: self.period,
            method: SloMethod::default(),
        }
    }
}
