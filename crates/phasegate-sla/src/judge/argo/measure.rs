//! A metric's result and its two conditions give a measurement's phase.

use serde::{Deserialize, Serialize};

use super::condition::{Condition, ConditionError};
use super::item::{Item, Of};
use super::kind::Kind;
use super::value::Value;

/// The phase of a measurement, a metric or a run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the phases of the format")]
pub enum Phase {
    /// No answer could be had or judged.
    Error,
    /// The metric is bad.
    Failed,
    /// Neither success nor failure condition holds.
    Inconclusive,
    /// Not measured yet.
    Pending,
    /// Measuring goes on.
    Running,
    /// The metric is good.
    Successful,
}

impl Phase {
    /// Whether nothing more will happen.
    #[must_use]
    pub const fn is_completed(self) -> bool {
        match self {
            Self::Error | Self::Failed | Self::Inconclusive | Self::Successful => true,
            Self::Pending | Self::Running => false,
        }
    }

    /// Successful < running < pending < inconclusive < error < failed.
    pub(super) const fn badness(self) -> u8 {
        match self {
            Self::Successful => 0,
            Self::Running => 1,
            Self::Pending => 2,
            Self::Inconclusive => 3,
            Self::Error => 4,
            Self::Failed => 5,
        }
    }
}

/// What a metric provider answered.
///
/// The distinction matters: conditions are checked against the kind of the answer first. Prometheus
/// vectors are [`Numbers`](Self::Numbers), Datadog and `CloudWatch` single values
/// [`Number`](Self::Number), web answers [`Json`](Self::Json).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MetricResult {
    /// A JSON document; its numbers are fractions.
    Json(Value),
    /// Nothing.
    Missing,
    /// One number.
    Number(f64),
    /// A list of numbers, which may be empty.
    Numbers(Vec<f64>),
}

impl MetricResult {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Missing => Kind::Nil,
            Self::Number(_) => Kind::Float,
            Self::Numbers(_) => Kind::Floats,
            Self::Json(value) => match value {
                Value::Array(_) => Kind::list(),
                Value::Bool(_) => Kind::Bool,
                Value::Float(_) => Kind::Float,
                Value::Integer(_) => Kind::Integer,
                Value::Map(_) => Kind::Map,
                Value::Nil => Kind::Nil,
                Value::Text(_) => Kind::Text,
            },
        }
    }

    pub(super) fn item(&self) -> Result<Item, ConditionError> {
        match self {
            Self::Json(value) => Item::of(value),
            Self::Missing => Ok(Item::Nil),
            Self::Number(number) => Ok(Item::Float(*number)),
            Self::Numbers(numbers) => Item::list(
                Of::Float,
                numbers.iter().copied().map(Item::Float).collect(),
            ),
        }
    }
}

/// The phase of a measurement, and why it is an error if it is one.
///
/// Failure has precedence; without a failure condition whatever is no success is a failure, and the
/// other way round; without any condition every answer is a success.
///
/// ```
/// use phasegate_sla::judge::argo::{Condition, MetricResult, Phase, measure};
/// let success = Condition::parse("result[0] >= 0.95")?;
/// let failure = Condition::parse("result[0] < 0.9")?;
/// let phase = |x| measure(&MetricResult::Numbers(vec![x]), Some(&success), Some(&failure)).0;
/// assert_eq!(phase(0.97), Phase::Successful);
/// assert_eq!(phase(0.92), Phase::Inconclusive);
/// assert_eq!(phase(0.80), Phase::Failed);
/// # Ok::<(), phasegate_sla::judge::argo::ConditionError>(())
/// ```
#[must_use]
pub fn measure(
    result: &MetricResult,
    success: Option<&Condition>,
    failure: Option<&Condition>,
) -> (Phase, Option<ConditionError>) {
    let holds = |condition: Option<&Condition>| {
        condition
            .map(|condition| condition.holds(result))
            .transpose()
    };
    let (succeeded, failed) = match holds(success).and_then(|s| Ok((s, holds(failure)?))) {
        Ok(truths) => truths,
        Err(error) => return (Phase::Error, Some(error)),
    };
    let phase = match (succeeded, failed) {
        (_, Some(true)) | (Some(false), None) => Phase::Failed,
        (Some(false), Some(false)) => Phase::Inconclusive,
        (None, None | Some(false)) | (Some(true), None | Some(false)) => Phase::Successful,
    };
    (phase, None)
}
