//! Answers of Prometheus' `query_range`: <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;
use serde::Deserialize;

use super::ReadError;
use super::openmetrics::name_of;
use crate::series::Series;

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

/// The series of an answer, by name: `http_requests_total{code="500"}`, labels in order. Of an expression without a
/// name it is the labels alone.
///
/// # Errors
/// [`ReadError`] where it is none, or where Prometheus says that it failed.
///
/// ```
/// let json = r#"{"status": "success", "data": {"resultType": "matrix", "result": [
///     {"metric": {"__name__": "up", "job": "shop"}, "values": [[1757408400, "1"], [1757408415, "NaN"]]}]}}"#;
/// let series = phasegate_backtest::read_prometheus_range(json.as_bytes())?;
/// // What is no number was never recorded.
/// assert_eq!(series["up{job=\"shop\"}"].len(), 1);
/// # Ok::<(), phasegate_backtest::ReadError>(())
/// ```
pub fn read_prometheus_range(json: &[u8]) -> Result<BTreeMap<String, Series>, ReadError> {
    let answer: Answer = serde_json::from_slice(json)?;
    let data = match answer.data {
        Some(data) if answer.status == "success" => data,
        _ => return Err(ReadError::Refused(answer.error)),
    };
    let one = |mut one: One| {
        let name = one.metric.remove("__name__").unwrap_or_default();
        let labels: Vec<(String, String)> = one.metric.into_iter().collect();
        let points = one.values.iter().filter_map(|(at, value)| {
            let value: f64 = value.parse().ok()?;
            Some((moment(*at)?, value))
        });
        (name_of(&name, &labels), Series::new(points.collect()))
    };
    Ok(data.result.into_iter().map(one).collect())
}

/// Seconds since 1970, with milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "checked to lie far within")]
pub(super) fn moment(seconds: f64) -> Option<Timestamp> {
    /// The year 9999.
    const LAST: f64 = 253_402_300_799.0;
    let fits = (0.0..=LAST).contains(&seconds);
    fits.then(|| Timestamp::from_unix_millis((seconds * 1000.0).round() as i64))
}
