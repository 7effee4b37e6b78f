//! Declarations of service level objectives.

use phasegate_core::{KpiId, Ratio, Span};
use serde::{Deserialize, Serialize};

/// A service level objective: so much of a KPI's events, or time slices, must be good over a period.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Slo {
    /// Its id, as `burn_rate` names it.
    pub id: KpiId,
    /// The KPI that counts good events; its shape is `ratio`.
    pub kpi: KpiId,
    /// The share of good events it promises; below 100 %, or there is no budget to burn.
    pub objective: Ratio,
    /// Over how long.
    pub period: Span,
    /// What is counted.
    #[serde(default)]
    pub method: SloMethod,
}

/// What an SLO counts.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum SloMethod {
    /// Good events of all events.
    #[default]
    Occurrences,
    /// The mean of the slices' shares of good events.
    RatioOfSlices {
        /// How long a slice is.
        slice: Span,
    },
    /// Good slices of all slices; a slice is good if its share of good events reaches the target.
    TimeSlices {
        /// How long a slice is.
        slice: Span,
        /// What makes a slice good.
        target: Ratio,
    },
}
