//! The left-hand side: which number a test is about.

use phasegate_core::{Quantity, Ratio};

use super::{Length, Name, Text};

/// What a test is about: a measure, perhaps per one of something.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Subject {
    /// The measure.
    pub measure: Measure,
    /// `per issue`: for one of what.
    pub per: Option<Name>,
}

impl From<Measure> for Subject {
    fn from(measure: Measure) -> Self {
        Self { measure, per: None }
    }
}

/// A number that can be measured.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Measure {
    /// `p95(latency)`, `count(bugs, critical or high)`: a function of a KPI, or of some of its parts.
    /// Several KPIs (`count(escalations or incidents)`) are added up.
    Aggregate {
        /// The function.
        by: Aggregate,
        /// The KPI, or KPIs.
        of: Choice,
        /// Parts of it, as the KPI declares them.
        parts: Vec<Choice>,
    },
    /// `apdex(latency, 500ms)`.
    Apdex {
        /// The KPI.
        of: Name,
        /// Answers up to here satisfy; up to four times as long, they are tolerated.
        threshold: Quantity,
    },
    /// `below(latency, 200ms)`: which share of values lies below.
    Below {
        /// The KPI.
        of: Name,
        /// Below what.
        threshold: Quantity,
    },
    /// `budget_left(availability)`: which share of an SLO's error budget is left.
    BudgetLeft {
        /// The SLO.
        slo: Name,
    },
    /// `burn_rate(availability, 1h)`.
    BurnRate {
        /// The SLO.
        slo: Name,
        /// Over how long.
        window: Length,
    },
    /// `change(avg(latency))`: by how much another measure differs from what it is compared against.
    Change(Box<Measure>),
    /// `latency`, `test_coverage(unit)`: a KPI as it is, or parts of it.
    Plain {
        /// The KPI.
        kpi: Name,
        /// Parts of it, as the KPI declares them.
        parts: Vec<Choice>,
    },
    /// `query "..."`: a question in the source's own language.
    Query(Text),
}

/// What is made of many values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Aggregate {
    /// How old the newest of something is.
    Age,
    /// The mean.
    Average,
    /// How many.
    Count,
    /// Standard deviation.
    Deviation,
    /// Which share of pairs is equal.
    Equal,
    /// How often something happens, per period.
    Frequency,
    /// The time between two of something.
    Interval,
    /// The newest value.
    Last,
    /// The largest value.
    Max,
    /// The value in the middle.
    Median,
    /// The smallest value.
    Min,
    /// The value that this share of values does not exceed; above 0 % and below 100 %.
    Percentile(Ratio),
    /// How many, or how much, per time.
    Rate,
    /// What people answered on a scale.
    Rating,
    /// Which share of events matches.
    Ratio,
    /// Which share goes to somebody.
    Share,
    /// All added up.
    Sum,
    /// How long an operation takes.
    Time,
    /// How much of something is used.
    Usage,
}

impl Aggregate {
    /// The named ones, with their names.
    pub(crate) const NAMED: [(&'static str, Self); 18] = [
        ("age", Self::Age),
        ("avg", Self::Average),
        ("count", Self::Count),
        ("equal", Self::Equal),
        ("frequency", Self::Frequency),
        ("interval", Self::Interval),
        ("last", Self::Last),
        ("max", Self::Max),
        ("median", Self::Median),
        ("min", Self::Min),
        ("rate", Self::Rate),
        ("rating", Self::Rating),
        ("ratio", Self::Ratio),
        ("share", Self::Share),
        ("std", Self::Deviation),
        ("sum", Self::Sum),
        ("time", Self::Time),
        ("usage", Self::Usage),
    ];

    /// For percentiles and the median: which share of values it looks at.
    #[must_use]
    pub fn quantile(self) -> Option<Ratio> {
        match self {
            Self::Percentile(share) => Some(share),
            Self::Median => Ratio::from_percent(50).ok(),
            Self::Age
            | Self::Average
            | Self::Count
            | Self::Deviation
            | Self::Equal
            | Self::Frequency
            | Self::Interval
            | Self::Last
            | Self::Max
            | Self::Min
            | Self::Rate
            | Self::Rating
            | Self::Ratio
            | Self::Share
            | Self::Sum
            | Self::Time
            | Self::Usage => None,
        }
    }
}

/// One name, or several joined by `or`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Choice {
    first: Name,
    others: Vec<Name>,
}

impl Choice {
    /// One or more names.
    #[must_use]
    pub const fn new(first: Name, others: Vec<Name>) -> Self {
        Self { first, others }
    }

    /// The first.
    #[must_use]
    pub const fn first(&self) -> &Name {
        &self.first
    }

    /// All of them; at least one.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The one name, if it is one.
    #[must_use]
    pub fn single(&self) -> Option<&Name> {
        self.others.is_empty().then_some(&self.first)
    }
}

impl From<Name> for Choice {
    fn from(name: Name) -> Self {
        Self::new(name, Vec::new())
    }
}
