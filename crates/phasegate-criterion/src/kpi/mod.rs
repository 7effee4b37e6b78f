//! Declarations of KPIs and SLOs: what numbers there are, in which unit, from where. No evaluation.

mod baseline;
mod possible;
mod registry;
mod slo;

use std::collections::BTreeMap;

use phasegate_core::{Arm, BindingId, KpiId, Quantity, Ratio, Span, Unit};
use serde::{Deserialize, Serialize};

use crate::tree::{Cmp, Deadline, Name};

pub use baseline::{Baseline, Target};
pub use possible::Possible;
pub use registry::{Duplicate, KpiRegistry};
pub use slo::{Slo, SloMethod};

/// A named number: what it is, which way is better, where it comes from.
///
/// ```
/// use phasegate_criterion::{Direction, Kpi, Shape};
/// let mut latency = Kpi::new("latency".parse()?, "ms".parse()?, Shape::Distribution, "prometheus".parse()?);
/// latency.direction = Direction::LowerIsBetter;
/// latency.baseline = "~180ms".parse()?;
/// latency.target = Some("< 200ms".parse()?);
/// latency.queries.whole = Some("http_request_duration_seconds_bucket".to_owned());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kpi {
    /// Its id, the name criteria use.
    pub id: KpiId,
    /// For people.
    #[serde(default)]
    pub title: String,
    /// The unit in which its source answers. For shapes of shares, `%`.
    #[serde(default = "number")]
    pub unit: Unit,
    /// What sort of number it is.
    pub shape: Shape,
    /// Which way is better.
    #[serde(default)]
    pub direction: Direction,
    /// What it is per one of: `issue` for a cost per issue. The source answers it so.
    #[serde(default)]
    pub per: Option<Name>,
    /// How it stood before.
    #[serde(default)]
    pub baseline: Baseline,
    /// Where it is to go.
    #[serde(default)]
    pub target: Option<Target>,
    /// By when.
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// How much of it may be used.
    #[serde(default)]
    pub budget: Option<Quantity>,
    /// Who measures it.
    pub source: BindingId,
    /// The questions, in the source's own language.
    #[serde(default)]
    pub queries: Queries,
    /// Questions for parts of it: `critical` for `count(bugs, critical)`, `unit, fast` for two arguments.
    #[serde(default)]
    pub parts: BTreeMap<String, Queries>,
    /// The window where a criterion gives none.
    #[serde(default)]
    pub window: Option<Span>,
    /// How many samples come in, per time: `20/s`. For saying how long a decision takes.
    #[serde(default)]
    pub rate: Option<Quantity>,
}

fn number() -> Unit {
    Unit::NUMBER
}

impl Kpi {
    /// A KPI with nothing but what it must have.
    #[must_use]
    pub fn new(id: KpiId, unit: Unit, shape: Shape, source: BindingId) -> Self {
        Self {
            title: id.as_str().to_owned(),
            id,
            unit,
            shape,
            direction: Direction::default(),
            per: None,
            baseline: Baseline::default(),
            target: None,
            deadline: None,
            budget: None,
            source,
            queries: Queries::default(),
            parts: BTreeMap::new(),
            window: None,
            rate: None,
        }
    }

    /// The questions for the whole of it (an empty key) or for a part.
    #[must_use]
    pub fn queries_of(&self, part: &str) -> Option<&Queries> {
        if part.is_empty() {
            Some(&self.queries)
        } else {
            self.parts.get(part)
        }
    }
}

/// What sort of number a KPI is: this decides which functions of it make sense.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "each function has a rule for each shape"
)]
pub enum Shape {
    /// Events, or amounts, that add up: `count`, `sum`, `rate`, `frequency`.
    Counter,
    /// One value per request or run: percentiles, `avg`, `below`, `apdex`.
    Distribution,
    /// How long an operation takes or how old a thing is, as one number: `time`, `age`, `interval`.
    Duration,
    /// A value that goes up and down.
    Gauge,
    /// A percentile that the source has already taken: nothing more can be made of it.
    Quantile {
        /// Of which share of values.
        share: Ratio,
    },
    /// What people answered on a scale of so many, its unit: `/5`.
    Rating,
    /// Matching events of all events: `%` means a share of events.
    Ratio,
    /// A mark in `%`: no events stand behind it.
    Score,
    /// How much of a limit is in use, in `%`.
    Utilisation,
}

/// Which way is better.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "up, down or neither")]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
    /// Neither, or nobody said.
    #[default]
    Neither,
}

impl Direction {
    /// How a goal compares where nobody wrote it: what is better than the goal reaches it too.
    ///
    /// ```
    /// use phasegate_criterion::{Cmp, Direction};
    /// assert_eq!(Direction::LowerIsBetter.goal(), Some(Cmp::LessOrEqual));
    /// assert_eq!(Direction::Neither.goal(), None);
    /// ```
    #[must_use]
    pub const fn goal(self) -> Option<Cmp> {
        match self {
            Self::HigherIsBetter => Some(Cmp::GreaterOrEqual),
            Self::LowerIsBetter => Some(Cmp::LessOrEqual),
            Self::Neither => None,
        }
    }
}

/// The questions for one number, one per arm. They are opaque; nothing is spliced into them.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Queries {
    /// For both versions together.
    #[serde(default)]
    pub whole: Option<String>,
    /// For the new version.
    #[serde(default)]
    pub canary: Option<String>,
    /// For the old version.
    #[serde(default)]
    pub stable: Option<String>,
}

impl Queries {
    /// One question, for both versions together.
    #[must_use]
    pub fn whole(text: impl Into<String>) -> Self {
        Self {
            whole: Some(text.into()),
            ..Self::default()
        }
    }

    /// A question for each version.
    #[must_use]
    pub fn arms(canary: impl Into<String>, stable: impl Into<String>) -> Self {
        Self {
            canary: Some(canary.into()),
            stable: Some(stable.into()),
            ..Self::default()
        }
    }

    /// The question for an arm.
    #[must_use]
    pub fn of(&self, arm: Arm) -> Option<&str> {
        let text = match arm {
            Arm::Canary => &self.canary,
            Arm::Stable => &self.stable,
            Arm::Whole => &self.whole,
        };
        text.as_deref()
    }

    /// Is there no question at all?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.whole.is_none() && self.canary.is_none() && self.stable.is_none()
    }
}
