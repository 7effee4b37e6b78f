//! The JSON report: the view as data, under a version.

use serde::Serialize;

use crate::view::View;

/// The version of the JSON report. A new one is written when a field changes its meaning or goes away;
/// fields may be added to one version.
pub const JSON_FORMAT: &str = "phasegate-report/1";

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report<'v> {
    format: &'static str,
    report: &'v View,
}

/// Writes a view as JSON, indented, with a newline at the end. The same view gives the same bytes.
///
/// Moments are RFC 3339 in UTC, lengths are as `1m30s`, numbers with units are as `120ms`, shares as
/// `25%`. Text of others stands in it as it came: whoever shows it must escape it.
///
/// # Errors
/// If the view cannot be written as JSON, which no view of ours is.
pub fn json(view: &View) -> Result<String, serde_json::Error> {
    let report = Report {
        format: JSON_FORMAT,
        report: view,
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
