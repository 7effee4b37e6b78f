//! KPIs: named numbers, where they come from and what they are like.

use phasegate_core::{BindingId, KpiId, Ratio, Span, Unit};
use phasegate_criterion::{Baseline, Deadline, Direction, Name, Shape, Target};

use crate::form::{record, words};

words! {
    /// What kind of number it is, which decides what may be asked about it.
    pub enum KpiShape {
        /// Events, or amounts, that add up.
        Counter = "counter",
        /// Single values of which percentiles can be taken.
        Distribution = "distribution",
        /// How long an operation takes or how old a thing is, as one number.
        Duration = "duration",
        /// A value that goes up and down.
        Gauge = "gauge",
        /// A percentile that the source has already taken: there is none of it to be taken again.
        Quantile = "quantile",
        /// What people answered on a scale.
        Rating = "rating",
        /// Matching events of all events.
        Ratio = "ratio",
        /// A mark in percent, with no events behind it.
        Score = "score",
        /// How much of a limit is in use, in percent.
        Utilisation = "utilisation",
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
        /// For the shape `quantile`: of which share of the values.
        may quantile: Ratio,
        /// Its unit: `ms`, `%`, `USD`; nothing for plain numbers.
        may unit: String,
        /// Which way is better.
        or direction: KpiDirection = KpiDirection::Neutral,
        /// What it is per one of: `issue` for a cost per issue.
        may per: Name,
        /// How it stood before.
        may baseline: Baseline,
        /// Where it is to go.
        may target: Target,
        /// By when.
        may deadline: Deadline,
        /// Who answers for it: a binding with the role of a metric source.
        may source: BindingId,
        /// What to ask the source.
        may query: Queries,
        /// What to ask it about parts: `critical` for `count(bugs, critical)`.
        or parts: std::collections::BTreeMap<String, Queries> = std::collections::BTreeMap::new(),
        /// Over how much time, where a criterion does not say.
        may window: Span,
        /// How it stands now: filled in while the rollout runs or after it.
        may actual: String,
    }
}

impl Queries {
    fn declaration(&self) -> phasegate_criterion::Queries {
        // An empty query asks nothing.
        let said = |query: &Option<String>| query.clone().filter(|text| !text.trim().is_empty());
        phasegate_criterion::Queries {
            whole: said(&self.whole),
            canary: said(&self.canary),
            stable: said(&self.stable),
        }
    }
}

impl Kpi {
    /// The unit; plain numbers where there is none or it cannot be read, which is a fault of its own.
    pub fn parsed_unit(&self) -> Unit {
        let unit = self.unit.as_deref().filter(|text| !text.is_empty());
        unit.and_then(|text| text.parse().ok())
            .unwrap_or(Unit::NUMBER)
    }

    /// As the criterion language declares it. Without a source it is one that the engine would have
    /// to answer; a quantile of which nobody said what it is, is taken for a median.
    pub fn declaration(&self) -> phasegate_criterion::Kpi {
        let shape = match self.shape {
            KpiShape::Counter => Shape::Counter,
            KpiShape::Distribution => Shape::Distribution,
            KpiShape::Duration => Shape::Duration,
            KpiShape::Gauge => Shape::Gauge,
            KpiShape::Quantile => Shape::Quantile {
                share: self
                    .quantile
                    .or(Ratio::from_percent(50).ok())
                    .unwrap_or_default(),
            },
            KpiShape::Rating => Shape::Rating,
            KpiShape::Ratio => Shape::Ratio,
            KpiShape::Score => Shape::Score,
            KpiShape::Utilisation => Shape::Utilisation,
        };
        let source = self.source.clone().unwrap_or_else(crate::catalog::reserved);
        let mut kpi =
            phasegate_criterion::Kpi::new(self.id.clone(), self.parsed_unit(), shape, source);
        if let Some(title) = &self.title {
            kpi.title.clone_from(title);
        }
        kpi.direction = match self.direction {
            KpiDirection::Higher => Direction::HigherIsBetter,
            KpiDirection::Lower => Direction::LowerIsBetter,
            KpiDirection::Neutral => Direction::Neither,
        };
        kpi.per.clone_from(&self.per);
        if let Some(baseline) = &self.baseline {
            kpi.baseline.clone_from(baseline);
        }
        kpi.target.clone_from(&self.target);
        kpi.deadline.clone_from(&self.deadline);
        if let Some(query) = &self.query {
            kpi.queries = query.declaration();
        }
        let parts = self.parts.iter();
        kpi.parts = parts
            .map(|(part, query)| (part.clone(), query.declaration()))
            .collect();
        kpi.window = self.window;
        kpi
    }
}
