//! KPIs: named numbers, where they come from and what they are like.

use phasegate_core::{BindingId, KpiId, Span};

use crate::form::{record, words};

words! {
    /// What kind of number it is, which decides what may be asked about it.
    pub enum KpiShape {
        /// A count that only grows.
        Counter = "counter",
        /// Single values of which percentiles can be taken.
        Distribution = "distribution",
        /// A value that goes up and down.
        Gauge = "gauge",
        /// A percentile that the source has already taken: there is none of it to be taken again.
        Quantile = "quantile",
        /// A part of a whole.
        Ratio = "ratio",
    }
}

words! {
    /// Which way is better.
    pub enum KpiDirection {
        /// The higher the better.
        Higher = "higher",
        /// The lower the better.
        Lower = "lower",
        /// Neither.
        Neutral = "neutral",
    }
}

record! {
    /// The source's own query texts, opaque to all but the adapter: one per arm.
    pub struct Queries {
        /// For the new version.
        may canary: String,
        /// For the stable version.
        may stable: String,
        /// For both together, or for a number without sides.
        may whole: String,
    }
}

record! {
    /// A named number with its source.
    pub struct Kpi {
        /// The name that criteria use.
        need id: KpiId,
        /// What it is, for people.
        may title: String,
        /// What kind of number.
        need shape: KpiShape,
        /// Its unit: `ms`, `%`, `USD`; nothing for plain numbers.
        may unit: String,
        /// Which way is better.
        or direction: KpiDirection = KpiDirection::Neutral,
        /// Who answers for it: a binding with the role of a metric source. A KPI without one is
        /// answered by people.
        may source: BindingId,
        /// What to ask the source.
        may query: Queries,
        /// Over how much time, where a criterion does not say.
        may window: Span,
    }
}
