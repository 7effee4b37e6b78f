//! Questions to sources and what they answer. Evaluation of the answers is for `phasegate-sla`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{BindingId, Decimal, KpiId, Span, Timestamp};

/// Which side of a comparison is asked about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every source must answer for each arm or refuse it"
)]
pub enum Arm {
    /// The new version.
    Canary,
    /// The old version, running beside it.
    Stable,
    /// Both together, or a number that has no sides.
    Whole,
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Canary => "canary",
            Self::Stable => "stable",
            Self::Whole => "whole",
        })
    }
}

/// How the windows of successive measurements lie to each other. Sequential tests accept only
/// [`WindowKind::SinceStart`] and [`WindowKind::Increment`]: overlap invalidates them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "how windows lie to each other is complete"
)]
pub enum WindowKind {
    /// Disjoint: each begins where the one before ended.
    Increment,
    /// The last so many minutes: overlapping.
    Rolling,
    /// All from one fixed start.
    SinceStart,
}

/// The stretch of time a measurement covers: from `start` (inclusive) to `end` (exclusive).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Window {
    /// First moment inside.
    pub start: Timestamp,
    /// First moment outside.
    pub end: Timestamp,
    /// How it lies to the windows before and after it.
    pub kind: WindowKind,
}

impl Window {
    /// Its length.
    #[must_use]
    pub fn span(&self) -> Span {
        self.end.since(self.start)
    }
}

/// In which form the answer is wanted.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Wants {
    /// How many values lie below (or at, if `inclusive`) a threshold, and how many there are: two
    /// integers decide a percentile against a fixed threshold exactly.
    Below {
        /// In the query's unit.
        threshold: Decimal,
        /// Do values equal to the threshold count?
        inclusive: bool,
    },
    /// A whole distribution, as a sketch in the percentile core's own wire format.
    Distribution,
    /// One number that the source has already made.
    Scalar,
    /// How many events match, and how many there are.
    Share,
}

/// A question to a source. The engine schedules it; the answer comes back as an event.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Query {
    /// Whom to ask.
    pub to: BindingId,
    /// Which KPI the answer is for.
    pub kpi: KpiId,
    /// The source's own query text for this arm, opaque to all but the adapter; nothing is spliced in.
    pub text: String,
    /// Which side.
    pub arm: Arm,
    /// Over which time.
    pub window: Window,
    /// The unit in which numbers are wanted: the KPI's (`ms`, `%`, empty for plain numbers).
    pub unit: String,
    /// The form.
    pub wants: Wants,
}

/// What a source found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Observed {
    /// Answer to [`Wants::Below`].
    Below {
        /// The threshold that was counted against, in the query's unit.
        threshold: Decimal,
        /// How many lie below.
        below: u64,
        /// How many there are.
        total: u64,
    },
    /// Answer to [`Wants::Distribution`]: the percentile core's wire format.
    Distribution {
        /// The encoded sketch.
        sketch: Vec<u8>,
    },
    /// Answer to [`Wants::Scalar`], in the query's unit.
    Scalar {
        /// The number.
        value: Decimal,
    },
    /// Answer to [`Wants::Share`].
    Share {
        /// How many match.
        matching: u64,
        /// How many there are.
        total: u64,
    },
}

/// What a source answered for one KPI over one window.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Measurement {
    /// The window really covered. It may be shorter than asked for, never longer.
    pub window: Window,
    /// How many samples stand behind it; 0 where there are none.
    pub samples: u64,
    /// What was found.
    pub observed: Observed,
}

/// Why there is no measurement. Never a failure of what is measured, and never a success.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Absence {
    /// The source answered something that is no value: NaN, several series, a wrong shape.
    #[error("the answer is not usable: {detail}")]
    Invalid {
        /// What is wrong with it.
        detail: String,
    },
    /// The source works and has nothing for this window.
    #[error("no data")]
    NoData,
    /// The source will not answer this question, however often it is asked: it knows no such thing, or may
    /// not tell.
    #[error("the question is refused: {detail}")]
    Refused {
        /// Why.
        detail: String,
    },
    /// The source said to come back later, or a local limit did.
    #[error("throttled")]
    Throttled {
        /// Not before this moment, if it is known.
        until: Option<Timestamp>,
    },
    /// The source could not be reached or failed, or its breaker is open.
    #[error("provider unavailable: {detail}")]
    Unavailable {
        /// What happened.
        detail: String,
    },
}

/// The answer to a [`Query`].
pub type Answer = Result<Measurement, Absence>;
