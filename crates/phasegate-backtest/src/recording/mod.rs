//! What was recorded, by the question that it answers.

mod csv;
mod named;
mod openmetrics;
mod prometheus;

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Arm, Ratio, Timestamp};

use crate::series::Series;

pub use csv::read_csv;
pub use named::{Named, recording_by_name};
pub use openmetrics::read_openmetrics;
pub use prometheus::read_prometheus_range;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The answer of Prometheus is not JSON of the shape that it has.
    #[error(
        "this is no answer to a range query: {0}; ask /api/v1/query_range, and take its answer whole"
    )]
    Json(#[from] serde_json::Error),
    /// A line cannot be read.
    #[error("line {line}: {what}; {help}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
        /// How to mend it.
        help: &'static str,
    },
    /// A series of an answer holds a point that is none.
    #[error("series {series}: {what}; {help}")]
    Point {
        /// Which.
        series: String,
        /// What is wrong with it.
        what: String,
        /// How to mend it.
        help: &'static str,
    },
    /// Prometheus says that it failed.
    #[error("Prometheus answered with an error: {0}")]
    Refused(String),
}

/// What stands behind one question.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "whoever records writes it out")]
pub enum Recorded {
    /// A counter: the answer is how much it grew.
    Counter(Series),
    /// A number as it stood.
    Gauge(Series),
    /// Counters of values up to a bound each, the bounds in the question's unit, as in a Prometheus histogram; the last
    /// one, with no bound, counts all.
    Histogram(Vec<(Option<f64>, Series)>),
    /// Counters of matching events and of all of them.
    Share {
        /// Those that match.
        matching: Series,
        /// All of them.
        total: Series,
    },
}

impl Recorded {
    fn series(&self) -> Vec<&Series> {
        match self {
            Self::Counter(series) | Self::Gauge(series) => vec![series],
            Self::Histogram(buckets) => buckets.iter().map(|(_, series)| series).collect(),
            Self::Share { matching, total } => vec![matching, total],
        }
    }
}

impl Recorded {
    /// One up to a moment, and then the other from one of its own moments on.
    fn joined(a: Option<&Self>, b: Option<&Self>, until: Timestamp, from: Timestamp) -> Self {
        let empty = Series::default();
        let join = |a: &Series, b: &Series| a.followed_by(until, b, from);
        match (a, b) {
            (Some(Self::Counter(a)), Some(Self::Counter(b))) => Self::Counter(join(a, b)),
            (Some(Self::Gauge(a)), Some(Self::Gauge(b))) => Self::Gauge(join(a, b)),
            (
                Some(Self::Share {
                    matching: a,
                    total: all,
                }),
                Some(Self::Share { matching, total }),
            ) => Self::Share {
                matching: join(a, matching),
                total: join(all, total),
            },
            (Some(Self::Histogram(a)), Some(Self::Histogram(b)))
                if a.iter().map(|one| one.0).eq(b.iter().map(|one| one.0)) =>
            {
                let both = a.iter().zip(b);
                Self::Histogram(
                    both.map(|((bound, a), (_, b))| (*bound, join(a, b)))
                        .collect(),
                )
            }
            // In another form, or not at all: what is asked about after that moment is what counts.
            (_, Some(b)) => b.each(|series| join(&empty, series)),
            (Some(a), None) => a.each(|series| join(series, &empty)),
            (None, None) => Self::Gauge(empty),
        }
    }

    fn each(&self, change: impl Fn(&Series) -> Series) -> Self {
        match self {
            Self::Counter(series) => Self::Counter(change(series)),
            Self::Gauge(series) => Self::Gauge(change(series)),
            Self::Histogram(buckets) => {
                let buckets = buckets.iter();
                Self::Histogram(buckets.map(|(bound, one)| (*bound, change(one))).collect())
            }
            Self::Share { matching, total } => Self::Share {
                matching: change(matching),
                total: change(total),
            },
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Arms {
    any: Option<Recorded>,
    of: BTreeMap<Arm, Recorded>,
}

/// Everything that was recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    by_text: BTreeMap<String, Arms>,
    canary_share: Option<Ratio>,
}

impl Recording {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This answers the question with this text, as it stands in the plan, for this side; for each side if none is
    /// given.
    #[must_use]
    pub fn with(mut self, text: impl Into<String>, arm: Option<Arm>, recorded: Recorded) -> Self {
        let arms = self.by_text.entry(text.into()).or_default();
        match arm {
            Some(arm) => {
                arms.of.insert(arm, recorded);
            }
            None => arms.any = Some(recorded),
        }
        self
    }

    /// So much of the traffic went to the new version while it was recorded. Then counts of the two sides are scaled down
    /// to the share that the plan shows it to: fewer requests tell less. Where the plan shows it to more than that they
    /// stay as recorded, since requests that nobody made tell nothing. Without a share they are always as recorded.
    #[must_use]
    pub fn with_canary_share(mut self, share: Ratio) -> Self {
        self.canary_share = Some(share);
        self
    }

    pub(crate) fn of(&self, text: &str, arm: Arm) -> Option<&Recorded> {
        let arms = self.by_text.get(text)?;
        arms.of.get(&arm).or(arms.any.as_ref())
    }

    /// By how much counts of a side are to be multiplied at an exposure: by 1 at most.
    pub(crate) fn scale(&self, arm: Arm, exposure: Ratio) -> f64 {
        let part = |share: Ratio| match arm {
            Arm::Canary => share.to_f64(),
            Arm::Stable => 1.0 - share.to_f64(),
            Arm::Whole => 1.0,
        };
        match self.canary_share.map(part) {
            Some(recorded) if recorded > 0.0 => (part(exposure) / recorded).min(1.0),
            _ => 1.0,
        }
    }

    /// This up to a moment, and then the other from one of its own moments on, as if that had been then: with what the
    /// other says of shares. What only one of them has is not known in the other's time.
    pub(crate) fn followed_by(&self, until: Timestamp, other: &Self, from: Timestamp) -> Self {
        let texts: BTreeSet<&String> = self.by_text.keys().chain(other.by_text.keys()).collect();
        let joined = texts.into_iter().map(|text| {
            let of = |recording: &Self| recording.by_text.get(text).cloned();
            let (a, b) = (of(self).unwrap_or_default(), of(other).unwrap_or_default());
            let join = |a: Option<&Recorded>, b: Option<&Recorded>| match (a, b) {
                (None, None) => None,
                (a, b) => Some(Recorded::joined(a, b, until, from)),
            };
            let arms: BTreeSet<Arm> = a.of.keys().chain(b.of.keys()).copied().collect();
            let of = arms.into_iter();
            let of = of.filter_map(|arm| {
                // Where one of them does not tell sides apart, its answer is that of each.
                let side = |arms: &Arms| arms.of.get(&arm).or(arms.any.as_ref()).cloned();
                Some((arm, join(side(&a).as_ref(), side(&b).as_ref())?))
            });
            let arms = Arms {
                any: join(a.any.as_ref(), b.any.as_ref()),
                of: of.collect(),
            };
            (text.clone(), arms)
        });
        Self {
            by_text: joined.collect(),
            canary_share: other.canary_share,
        }
    }

    /// From the first moment of anything to the last; `None` if nothing was recorded.
    #[must_use]
    pub fn range(&self) -> Option<(Timestamp, Timestamp)> {
        let arms = self.by_text.values();
        let all = arms.flat_map(|arms| arms.any.iter().chain(arms.of.values()));
        let ranges = all.flat_map(Recorded::series).filter_map(Series::range);
        ranges.reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }
}
