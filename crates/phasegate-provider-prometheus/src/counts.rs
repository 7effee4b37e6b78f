//! How much counters have grown over a window, with resets, and the share of two of them.

use phasegate_provider::ProviderError;

use crate::Absent;
use crate::scalar::{ROLE, named, whole};
use crate::wire::{Found, Point, Series};

/// The series of a range query.
pub(crate) fn matrix(found: Found, act: &str) -> Result<Vec<Series>, ProviderError> {
    match found {
        Found::Matrix(series) if series.is_empty() => Err(ProviderError::no_data(act)),
        Found::Matrix(series) => Ok(series),
        Found::Scalar(_) | Found::String(_) | Found::Vector(_) => Err(ProviderError::invalid(
            format!("{act}: a range query was answered with something else"),
        )),
    }
}

/// By how much a counter grew from its first point to its last. A counter that went down was started
/// anew at zero. What it had counted before its first point is not in the window.
pub(crate) fn increase(points: &[Point], act: &str) -> Result<u64, ProviderError> {
    let mut sum = 0u64;
    let mut before: Option<u64> = None;
    for (_, text) in points {
        let now = whole(text, act)?;
        if let Some(before) = before {
            sum = sum.saturating_add(now.checked_sub(before).unwrap_or(now));
        }
        before = Some(now);
    }
    Ok(sum)
}

/// How many events matched, of how many: the series with `phasegate="matching"` and `phasegate="total"`.
pub(crate) fn share(
    series: &[Series],
    absent: Absent,
    act: &str,
) -> Result<(u64, u64), ProviderError> {
    let (mut matching, mut total) = (None, None);
    for one in series {
        let sum = match one.metric.get(ROLE).map(String::as_str) {
            Some("matching") => &mut matching,
            Some("total") => &mut total,
            _ => {
                return Err(ProviderError::invalid(format!(
                    "{act}: {} is labelled neither {ROLE}=\"matching\" nor {ROLE}=\"total\"",
                    named(&one.metric)
                )));
            }
        };
        if !one.histograms.is_empty() {
            let told = format!("{act}: {} is a histogram", named(&one.metric));
            return Err(ProviderError::invalid(told));
        }
        let grown = increase(&one.values, act)?;
        *sum = Some(sum.unwrap_or(0u64).saturating_add(grown));
    }
    let total = total
        .ok_or_else(|| ProviderError::invalid(format!("{act}: no series with {ROLE}=\"total\"")))?;
    let matching = match (matching, absent) {
        (Some(matching), _) => matching,
        (None, Absent::Zero) => 0,
        (None, Absent::Unknown) => {
            return Err(ProviderError::invalid(format!(
                "{act}: no series with {ROLE}=\"matching\": start the counter at zero, or set \
                 absent-matching to zero"
            )));
        }
    };
    match total {
        0 => Err(ProviderError::no_data(act)),
        total if matching > total => Err(ProviderError::invalid(format!(
            "{act}: {matching} matching of {total}"
        ))),
        total => Ok((matching, total)),
    }
}
