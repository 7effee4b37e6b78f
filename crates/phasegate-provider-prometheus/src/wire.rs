//! The query API's answers, as they are defined by its documentation ("HTTP API", expression queries and
//! native histograms) and extended by VictoriaMetrics (`isPartial`). Decoding is pure.

use std::collections::BTreeMap;

use phasegate_provider::{ErrorKind, HttpResponse, ProviderError, Retry, Sent};
use serde::Deserialize;

use crate::Warnings;

/// The labels of a series.
pub(crate) type Labels = BTreeMap<String, String>;
/// A moment in seconds, and a float as text.
pub(crate) type Point = (f64, String);

/// What a query found.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(crate) enum Found {
    Matrix(Vec<Series>),
    Scalar(Point),
    String(Point),
    Vector(Vec<Sample>),
}

/// One series of an instant query.
#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Sample {
    pub(crate) metric: Labels,
    pub(crate) value: Option<Point>,
    pub(crate) histogram: Option<(f64, Native)>,
}

/// One series of a range query.
#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Series {
    pub(crate) metric: Labels,
    #[serde(default)]
    pub(crate) values: Vec<Point>,
    #[serde(default)]
    pub(crate) histograms: Vec<(f64, Native)>,
}

/// A native histogram.
#[derive(Debug, Deserialize, PartialEq)]
pub(crate) struct Native {
    pub(crate) count: String,
    /// Which bounds belong to it, lower bound, upper bound, count.
    #[serde(default)]
    pub(crate) buckets: Vec<(u8, String, String, String)>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: String,
    data: Option<Found>,
    #[serde(rename = "errorType", default)]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(rename = "isPartial", default)]
    is_partial: bool,
}

/// What an answer says, or the error that it is.
pub(crate) fn decode(
    answer: HttpResponse,
    warnings: Warnings,
    act: &str,
) -> Result<Found, ProviderError> {
    let decoded = match answer.json::<Answer>(act) {
        Ok(decoded) => decoded,
        // A status says more than a body that is none of the API's.
        Err(error) => return Err(answer.or_error(act).err().unwrap_or(error)),
    };
    if decoded.status != "success" {
        return Err(failed(answer, &decoded, act));
    }
    let answer = answer.or_error(act)?;
    if warnings == Warnings::Refuse && (decoded.is_partial || !decoded.warnings.is_empty()) {
        let told = decoded
            .warnings
            .first()
            .map_or("a part is missing", String::as_str);
        let told = format!("{act}: the answer is not whole: {told}");
        return Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Answered,
            told,
        ));
    }
    let status = answer.status;
    decoded
        .data
        .ok_or_else(|| ProviderError::invalid(format!("{act}: HTTP {status} without data")))
}

fn failed(answer: HttpResponse, decoded: &Answer, act: &str) -> ProviderError {
    let told = format!("{act}: {}: {}", decoded.error_type, decoded.error);
    let kind = match decoded.error_type.as_str() {
        "bad_data" => ErrorKind::Misuse,
        "canceled" | "timeout" => ErrorKind::Timeout,
        "execution" => ErrorKind::Invalid,
        "not_found" => ErrorKind::NotFound,
        "internal" | "unavailable" => ErrorKind::Unavailable,
        _ => {
            let status = answer.or_error(act);
            return status.err().unwrap_or_else(|| ProviderError::invalid(told));
        }
    };
    let error = ProviderError::new(kind, Sent::Answered, told);
    match (kind.usual_retry(), answer.retry_after()) {
        (Retry::Maybe | Retry::After(_), Some(wait)) => error.with_retry(Retry::After(wait)),
        _ => error,
    }
}
