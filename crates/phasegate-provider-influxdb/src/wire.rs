//! Answers of `/query`, as version 1.6 gives them: what they say, or why they say nothing. Decoding is pure.
//! An error of a statement stands in an answer with status 200.

use std::collections::BTreeMap;

use phasegate_provider::text::one_line;
use phasegate_provider::{ErrorKind, HttpResponse, ProviderError, Sent};
use serde::Deserialize;
use serde_json::Value;

/// The most characters of what the server says that are told.
const TOLD_CHARS_MAX: usize = 200;
/// The column that stands in every row.
const TIME: &str = "time";

/// The cells of all rows by their columns; `Null` where a column has none.
pub(crate) type Cells = BTreeMap<String, Value>;

#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    results: Vec<Outcome>,
}

/// What became of a statement.
#[derive(Debug, Deserialize)]
struct Outcome {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    series: Vec<Series>,
}

#[derive(Debug, Deserialize)]
struct Series {
    columns: Vec<String>,
    #[serde(default)]
    partial: bool,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

/// The one row of each statement. A statement that found nothing has none.
pub(crate) fn decode(
    answer: HttpResponse,
    statements: usize,
    act: &str,
) -> Result<Cells, ProviderError> {
    let decoded = match answer.json::<Answer>(act) {
        Ok(decoded) => decoded,
        // A status says more than a body that is none of the API's.
        Err(error) => return Err(answer.or_error(act).err().unwrap_or(error)),
    };
    if let Some(told) = decoded.error {
        let error = answer.or_error(act).err();
        let kind = error
            .as_ref()
            .map_or(ErrorKind::Invalid, ProviderError::kind);
        let retry = error.map_or(kind.usual_retry(), |error| error.retry());
        return Err(said(kind, &told, act).with_retry(retry));
    }
    answer.or_error(act)?;
    if decoded.results.len() != statements {
        let found = decoded.results.len();
        return Err(invalid(
            &format!("{found} results of {statements} statements"),
            act,
        ));
    }
    let mut cells = Cells::new();
    for outcome in decoded.results {
        row(outcome, &mut cells, act)?;
    }
    Ok(cells)
}

/// Adds a statement's one row.
fn row(outcome: Outcome, cells: &mut Cells, act: &str) -> Result<(), ProviderError> {
    if let Some(told) = outcome.error {
        return Err(said(kind_of(&told), &told, act));
    }
    let mut all = outcome.series.into_iter();
    let Some(series) = all.next() else {
        return Ok(());
    };
    if outcome.partial || series.partial {
        return Err(said(ErrorKind::Unavailable, "the answer is not whole", act));
    }
    if all.next().is_some() {
        return Err(invalid("several series: group by nothing", act));
    }
    let mut rows = series.values.into_iter();
    let (Some(row), None) = (rows.next(), rows.next()) else {
        return Err(invalid(
            "not exactly one row: aggregate over the window",
            act,
        ));
    };
    if row.len() != series.columns.len() {
        return Err(invalid("a row has another length than its columns", act));
    }
    for (column, cell) in series.columns.into_iter().zip(row) {
        if column == TIME {
            continue;
        }
        let shown = one_line(&column, 40);
        if cells.insert(column, cell).is_some() {
            return Err(invalid(&format!("column {shown} comes twice"), act));
        }
    }
    Ok(())
}

/// What kind of error a statement's text tells; the server has no other word for it.
fn kind_of(told: &str) -> ErrorKind {
    const KINDS: [(&str, ErrorKind); 12] = [
        ("database not found", ErrorKind::NotFound),
        ("retention policy not found", ErrorKind::NotFound),
        ("query-timeout limit exceeded", ErrorKind::Timeout),
        (
            "max-concurrent-queries limit exceeded",
            ErrorKind::Throttled,
        ),
        ("max-select-", ErrorKind::Misuse),
        ("database name required", ErrorKind::Misuse),
        ("mixing aggregate", ErrorKind::Misuse),
        ("unsupported ", ErrorKind::Misuse),
        ("undefined ", ErrorKind::Misuse),
        ("invalid ", ErrorKind::Misuse),
        ("error authorizing query", ErrorKind::Denied),
        ("unauthorized", ErrorKind::Denied),
    ];
    let found = KINDS.iter().find(|(start, _)| told.starts_with(start));
    found.map_or(ErrorKind::Unavailable, |(_, kind)| *kind)
}

fn said(kind: ErrorKind, told: &str, act: &str) -> ProviderError {
    let told = one_line(told, TOLD_CHARS_MAX);
    ProviderError::new(kind, Sent::Answered, format!("{act}: {told}"))
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
