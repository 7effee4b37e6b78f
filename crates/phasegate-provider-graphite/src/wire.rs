//! Answers of `/render` with `format=json`, as graphite-web 1.1 gives them. Decoding is pure.
//!
//! The render API has no word for an error but the status, and tells a target that it cannot parse and one that
//! names nothing in the same way: no series.

use phasegate_provider::{HttpResponse, ProviderError};
use serde::Deserialize;

/// A value or none, and the moment in seconds at which its interval begins.
pub(crate) type Point = (Option<f64>, i64);

#[derive(Debug, Deserialize)]
struct Series {
    datapoints: Vec<Point>,
}

/// The points of the one series of an answer.
pub(crate) fn decode(answer: HttpResponse, act: &str) -> Result<Vec<Point>, ProviderError> {
    let answer = answer.or_error(act)?;
    answer.json_type(act)?;
    // Infinity is written as 1e9999, which is no number of JSON: the answer is refused.
    let series: Vec<Series> = serde_json::from_slice(&answer.body).map_err(|error| {
        let told = format!("no answer of the render API: {error}");
        invalid(&told, act).with_source(error)
    })?;
    let count = series.len();
    let mut all = series.into_iter();
    match (all.next(), all.next()) {
        (None, _) => Err(ProviderError::no_data(format!(
            "{act}: no series, or a target that cannot be read"
        ))),
        (Some(one), None) => Ok(one.datapoints),
        (Some(_), Some(_)) => {
            let why = format!("{count} series where one is wanted: sumSeries makes one of them");
            Err(invalid(&why, act))
        }
    }
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
