//! `OpenMetrics` text whose samples have timestamps, as `promtool tsdb dump-openmetrics` writes it:
//! <https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md>.

use std::collections::BTreeMap;

use phasegate_table::{moment, shown};

use super::ReadError;
use crate::series::Series;

/// The series of a text, by name: `http_requests_total{code="500"}`, labels in order. Metadata are passed over, and
/// what follows a sample's timestamp (exemplars) too.
///
/// # Errors
/// [`ReadError::Line`] for the first line that is no sample or has no timestamp.
///
/// ```
/// let text = "# TYPE up gauge\nup{job=\"shop\"} 1 1757408400\nup{job=\"shop\"} 0 1757408415.5\n# EOF\n";
/// let series = phasegate_backtest::read_openmetrics(text)?;
/// assert_eq!(series["up{job=\"shop\"}"].len(), 2);
/// assert!(phasegate_backtest::read_openmetrics("up 1\n").is_err());
/// # Ok::<(), phasegate_backtest::ReadError>(())
/// ```
pub fn read_openmetrics(text: &str) -> Result<BTreeMap<String, Series>, ReadError> {
    let mut points: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let fault = |what: String, help: &'static str| ReadError::Line {
            line: number,
            what,
            help,
        };
        if line == "# EOF" {
            break;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, rest) = sample_name(line).ok_or_else(|| {
            let help = "a sample is a name, labels in braces, a value and a timestamp";
            fault(format!("{} is no sample", shown(line)), help)
        })?;
        let mut fields = rest.split_ascii_whitespace();
        let mut field = || fields.next().unwrap_or_default();
        let value = field();
        let value: f64 = value.parse().map_err(|_no: std::num::ParseFloatError| {
            let help = "behind the name and its labels stands the value";
            fault(format!("{} is no number", shown(value)), help)
        })?;
        let at = field();
        let moment = at.parse().ok().and_then(moment);
        let at = moment.ok_or_else(|| {
            let help = "behind each value stands when it was so, in seconds since 1970: a scrape has none, a dump has";
            fault(format!("{} is no timestamp", shown(at)), help)
        })?;
        points.entry(name).or_default().push((at, value));
    }
    let series = |(name, points)| (name, Series::new(points));
    Ok(points.into_iter().map(series).collect())
}

/// A sample's name with its labels in order, and what follows.
fn sample_name(line: &str) -> Option<(String, &str)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at_checked(end)?;
    let mut name = name.to_owned();
    let Some(mut rest) = rest.strip_prefix('{') else {
        return (!name.is_empty()).then_some((name, rest));
    };
    // A name of other characters stands in quotation marks before the labels.
    if name.is_empty() {
        (name, rest) = quoted(rest.strip_prefix('"')?)?;
    }
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(rest) = rest.strip_prefix('}') {
            labels.sort();
            return Some((name_of(&name, &labels), rest));
        }
        let (key, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.push((key.to_owned(), value));
        rest = after;
    }
}

/// The text up to the closing quotation mark, with escapes resolved, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// A name with labels, as questions write it.
pub(super) fn name_of(name: &str, labels: &[(String, String)]) -> String {
    if labels.is_empty() {
        return name.to_owned();
    }
    let escaped = |text: &str| {
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    };
    let labels: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}=\"{}\"", escaped(value)))
        .collect();
    format!("{name}{{{}}}", labels.join(","))
}
