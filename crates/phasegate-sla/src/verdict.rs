//! Verdicts and findings: what was decided, from which evidence, in data and in one sentence.

use std::fmt;

use phasegate_core::{Absence, Quantity, Ratio, Span, Timestamp, Window};
use serde::{Deserialize, Serialize};

/// What an evaluation says.
///
/// ```
/// use phasegate_sla::{Verdict, Why};
/// assert_eq!(Verdict::Warn.condition(), Some(true));
/// assert_eq!(Verdict::Inconclusive(Why::NoData).condition(), None);
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever decides must have a rule for each verdict"
)]
pub enum Verdict {
    /// It does not hold.
    Fail,
    /// It cannot be said, and never counts as a pass.
    Inconclusive(Why),
    /// It holds.
    Pass,
    /// It holds, and somebody should look at it.
    Warn,
}

impl Verdict {
    /// Does the condition hold? `None` where that cannot be said.
    #[must_use]
    pub const fn condition(&self) -> Option<bool> {
        match self {
            Self::Fail => Some(false),
            Self::Inconclusive(_) => None,
            Self::Pass | Self::Warn => Some(true),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail => f.write_str("fail"),
            Self::Inconclusive(why) => write!(f, "inconclusive: {why}"),
            Self::Pass => f.write_str("pass"),
            Self::Warn => f.write_str("warn"),
        }
    }
}

/// Why nothing can be said.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever decides must have a rule for each reason"
)]
pub enum Why {
    /// The baseline is a range or approximate, and its ends lead to different verdicts.
    #[error("the baseline is only approximate, and its ends disagree")]
    BaselineApproximate,
    /// There is nothing to compare with.
    #[error("the baseline is missing")]
    BaselineMissing,
    /// The criterion does not fit what it measures, or how it is used: its check says what is wrong.
    #[error("the criterion cannot be used so")]
    CriterionUnusable,
    /// Nobody has said yes or no.
    #[error("a person's answer is missing")]
    HumanAnswerMissing,
    /// The source answered something that is no value.
    #[error("the answer is not usable")]
    Invalid,
    /// The source has nothing, or nothing was asked yet.
    #[error("no data")]
    NoData,
    /// The time for it has not come.
    #[error("not yet, {} to go", .remaining.rounded())]
    NotYet {
        /// How long it takes still.
        remaining: Span,
    },
    /// A number that cannot be held exactly or that nothing of its kind can have, or a calculation that has
    /// no result.
    #[error("a number is out of range")]
    OutOfRange,
    /// The source could not be reached, or its breaker is open.
    #[error("the provider is unavailable")]
    ProviderUnavailable,
    /// The source will not answer the question, however often it is asked.
    #[error("the source refuses the question: {detail}")]
    Refused {
        /// Why, in its words.
        detail: String,
    },
    /// The window slides, or holds an increment alone: with confidence, evidence is of all samples since the
    /// start.
    #[error("the window is not of all samples since the start, as confidence needs it")]
    RollingWindow,
    /// The source, or a limit before it, said to come back later.
    #[error("the provider is throttled")]
    Throttled,
    /// Fewer samples than the criterion demands.
    #[error("too few samples: {have} of {need}")]
    TooFewSamples {
        /// How many there are.
        have: u64,
        /// How many are demanded.
        need: u64,
    },
    /// The evidence suffices for neither side, at this confidence or at this precision.
    #[error("undecided")]
    Undecided,
    /// The answer is about another time than what was asked.
    #[error("the window of the answer {fault}")]
    Window {
        /// What is wrong with it.
        fault: WindowFault,
    },
}

/// What is wrong with the window of an answer.
#[derive(
    Clone,
    Copy,
    Debug,
    Deserialize,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd,
    Serialize,
    thiserror::Error,
)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever explains a finding has words for each"
)]
pub enum WindowFault {
    /// Less than half of the longer one is common to the two sides of a comparison, or to the parts of a sum.
    #[error("is of another time than that of the other side")]
    Apart,
    /// It ends before it begins.
    #[error("ends before it begins")]
    Reversed,
    /// It ended more than [`ANSWER_AGE_MAX`](crate::ANSWER_AGE_MAX) and its source's lag ago.
    #[error("ended too long ago")]
    Stale,
    /// It is longer than what was asked for.
    #[error("is longer than asked for")]
    TooLong,
}

impl From<&Absence> for Why {
    fn from(absence: &Absence) -> Self {
        match absence {
            Absence::Invalid { .. } => Self::Invalid,
            Absence::NoData => Self::NoData,
            Absence::Refused { detail } => Self::Refused {
                detail: detail.clone(),
            },
            Absence::Throttled { .. } => Self::Throttled,
            // Whatever else keeps a source from answering is no answer of it.
            Absence::Unavailable { .. } | _ => Self::ProviderUnavailable,
        }
    }
}

/// What an evaluation found, with everything that it rests on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Finding {
    /// The condition, in the criterion language.
    pub rule: String,
    /// What was decided.
    pub verdict: Verdict,
    /// What was measured, or made of what was measured.
    pub observed: Option<Quantity>,
    /// The counts behind it, where it comes from counts: matching and total.
    pub counts: Option<(u64, u64)>,
    /// What it was compared with: control, baseline, budget.
    pub reference: Option<Quantity>,
    /// Between what the truth lies, where `observed` is not exact or a confidence was asked for. Of two arms it is
    /// the canary's place beside the control as that was measured, in the unit of `observed`: of a change the
    /// change, else what the canary would be. Percentiles of two arms have none: their method decides by ranks,
    /// and knows no interval.
    pub interval: Option<Bounds>,
    /// The threshold.
    pub bound: Option<Quantity>,
    /// How many samples stand behind it.
    pub samples: Option<u64>,
    /// Over which time; of two arms, the canary's.
    pub window: Option<Window>,
    /// When it was evaluated.
    pub at: Timestamp,
    /// In which form the source answered.
    pub means: Option<Means>,
    /// By which method it was decided, where a confidence was asked for; none for a literal comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// At which confidence it was decided, where one was asked for: what was asked for, or more where alternatives
    /// (of one criterion, or of several triggers) share the chance of error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Ratio>,
    /// The finding in words.
    pub sentence: String,
    /// The findings of its parts, for conditions joined by and, or, score.
    pub parts: Vec<Finding>,
}

impl Finding {
    /// Does the condition hold? `None` where that cannot be said.
    #[must_use]
    pub const fn condition(&self) -> Option<bool> {
        self.verdict.condition()
    }

    pub(crate) fn new(rule: String, verdict: Verdict, at: Timestamp, sentence: String) -> Self {
        Self {
            rule,
            verdict,
            observed: None,
            counts: None,
            reference: None,
            interval: None,
            bound: None,
            samples: None,
            window: None,
            at,
            means: None,
            method: None,
            confidence: None,
            sentence,
            parts: Vec::new(),
        }
    }
}

/// How a criterion with `confidence` is decided. All of them stay valid however often one looks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever explains a finding has words for each"
)]
pub enum Method {
    /// A mean without an upper end: [`AsymptoticMean`](crate::statistics::mean::AsymptoticMean).
    AsymptoticMean,
    /// A mean of capped values, an Apdex: [`BoundedMeanTest`](crate::statistics::mean::BoundedMeanTest).
    BoundedMean,
    /// A percentile, by the values below the threshold:
    /// [`PercentileTest`](crate::statistics::quantile::PercentileTest).
    Percentile,
    /// A share of events: [`RateTest`](crate::statistics::rate::RateTest).
    Rate,
    /// Means of two arms: [`AsymptoticComparison`](crate::statistics::mean::AsymptoticComparison).
    TwoArmMeans,
    /// Percentiles of two arms:
    /// [`QuantileComparison`](crate::statistics::quantile::QuantileComparison).
    TwoArmPercentiles,
    /// Events of two arms: [`ArmsTest`](crate::statistics::rate::ArmsTest).
    TwoArmRates,
    /// The difference of two arms' shares, each within its own
    /// [`RateTest::interval`](crate::statistics::rate::RateTest::interval).
    TwoArmShares,
}

impl Method {
    /// What must be so for the confidence to be what was asked for.
    #[must_use]
    pub const fn assumes(self) -> &'static str {
        match self {
            Self::AsymptoticMean => {
                "independent values, and many of them: it holds in the limit only"
            }
            Self::BoundedMean => "values between zero and the cap, one after the other",
            Self::Percentile | Self::Rate => "events one after the other, none counted twice",
            Self::TwoArmMeans => {
                "independent values on both arms, and many of them: it holds in the limit only"
            }
            Self::TwoArmPercentiles => "independent values of one distribution on each arm",
            Self::TwoArmRates => "events that come in proportion to each arm's traffic",
            Self::TwoArmShares => "independent events of one probability on each arm",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AsymptoticMean => "asymptotic mean",
            Self::BoundedMean => "bounded mean",
            Self::Percentile => "percentile by counts",
            Self::Rate => "rate",
            Self::TwoArmMeans => "asymptotic means of two arms",
            Self::TwoArmPercentiles => "percentiles of two arms",
            Self::TwoArmRates => "rates of two arms",
            Self::TwoArmShares => "shares of two arms",
        })
    }
}

/// An interval; an end that is `None` is open.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Bounds {
    /// Not less than this.
    pub low: Option<Quantity>,
    /// Not more than this.
    pub high: Option<Quantity>,
}

/// In which form a source answered.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "as many as there are forms of answers"
)]
pub enum Means {
    /// Counted below the threshold: exact.
    CountBelow,
    /// Read from a sketch, to within its error.
    Distribution,
    /// A number the source made.
    Scalar,
    /// Two counts: exact.
    Share,
}
