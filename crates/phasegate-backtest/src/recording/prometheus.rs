//! Answers of Prometheus' `query_range`: <https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries>.

use std::collections::BTreeMap;

use phasegate_table::{moment, shown};
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
        None if answer.status == "success" => {
            return Err(ReadError::Json(serde::de::Error::custom("it has no data")));
        }
        _ => return Err(ReadError::Refused(answer.error)),
    };
    data.result.into_iter().map(series).collect()
}

fn series(mut one: One) -> Result<(String, Series), ReadError> {
    let name = one.metric.remove("__name__").unwrap_or_default();
    let labels: Vec<(String, String)> = one.metric.into_iter().collect();
    let name = name_of(&name, &labels);
    let fault = |what: String, help: &'static str| ReadError::Point {
        series: shown(&name),
        what,
        help,
    };
    let point = |(at, value): &(f64, String)| {
        let number: f64 = value.parse().map_err(|_no: std::num::ParseFloatError| {
            let help = "a point is a moment and a number in quotation marks";
            fault(format!("{} is no number", shown(value)), help)
        })?;
        let moment = moment(*at).ok_or_else(|| {
            let help = "moments are seconds since 1970";
            fault(format!("{at} is no moment"), help)
        })?;
        Ok((moment, number))
    };
    let points: Result<Vec<_>, ReadError> = one.values.iter().map(point).collect();
    Ok((name.clone(), Series::new(points?)))
}
