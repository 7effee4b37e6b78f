//! Requests to `/api/v2/query/scalar` and its answers, as Datadog's own client describes and has recorded them. Pure.

use phasegate_core::{Decimal, Span, Window};
use phasegate_provider::text::one_line;
use phasegate_provider::{ErrorKind, HttpResponse, ProviderError, Retry, Sent};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::text::{Part, Text};

/// The most characters of what Datadog says that are told.
const TOLD_CHARS_MAX: usize = 200;
/// What the queries are called, and so the columns of the answer.
const NAMES: [&str; 2] = ["a", "b"];

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Data>,
    /// A text by the description, a list of texts in what was recorded.
    #[serde(default)]
    errors: Value,
}

#[derive(Debug, Deserialize)]
struct Data {
    attributes: Attributes,
}

#[derive(Debug, Deserialize)]
struct Attributes {
    columns: Vec<Column>,
}

#[derive(Debug, Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    values: Vec<Value>,
}

/// The body that asks about a window: its start is taken in, its end is not.
pub(crate) fn body(text: &Text, window: Window) -> String {
    let (first, second) = text.parts();
    let parts: Vec<(&str, &Part)> = NAMES
        .into_iter()
        .zip([first].into_iter().chain(second))
        .collect();
    let query = |(name, part): &(&str, &Part)| {
        json!({
            "aggregator": part.aggregator, "data_source": "metrics", "name": name, "query": part.query,
        })
    };
    let queries: Vec<Value> = parts.iter().map(query).collect();
    let formulas: Vec<Value> = parts
        .iter()
        .map(|(name, _)| json!({ "formula": name }))
        .collect();
    let attributes = json!({
        "formulas": formulas,
        "from": window.start.as_unix_millis(),
        "queries": queries,
        "to": window.end.as_unix_millis(),
    });
    json!({"data": {"attributes": attributes, "type": "scalar_request"}}).to_string()
}

/// The numbers of the one or two queries, where they have one.
pub(crate) fn decode(
    answer: HttpResponse,
    text: &Text,
    act: &str,
) -> Result<[Option<Decimal>; 2], ProviderError> {
    let decoded = answer.json::<Answer>(act);
    let told = decoded
        .as_ref()
        .map_or(String::new(), |answer| told(&answer.errors));
    checked(answer, &told, act)?;
    let data = match decoded {
        Ok(Answer {
            data: Some(data), ..
        }) => data,
        Ok(Answer { data: None, .. }) => return Err(invalid("the answer has no data", act)),
        Err(error) => return Err(error),
    };
    let columns = data.attributes.columns;
    if columns.iter().any(|column| column.kind != "number") {
        return Err(invalid("the answer is in groups: group by nothing", act));
    }
    let wanted = 1 + usize::from(text.parts().1.is_some());
    if columns.len() != wanted {
        let why = format!("{} columns of {wanted} queries", columns.len());
        return Err(invalid(&why, act));
    }
    let [first, second] = NAMES;
    let one = number(&columns, first, act)?;
    let other = match wanted {
        1 => None,
        _ => number(&columns, second, act)?,
    };
    Ok([one, other])
}

/// What is told of errors, on one line.
fn told(errors: &Value) -> String {
    let all = match errors {
        Value::Null => String::new(),
        Value::String(one) => one.clone(),
        Value::Array(all) => {
            let texts = all
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join("; ")
        }
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => errors.to_string(),
    };
    one_line(&all, TOLD_CHARS_MAX)
}

/// Refuses what has another status than 2xx, and what tells of errors.
fn checked(answer: HttpResponse, told: &str, act: &str) -> Result<(), ProviderError> {
    let status = answer.status;
    // Datadog's own client waits for this header before all others.
    let reset = answer.header("x-ratelimit-reset");
    let reset = reset.and_then(|secs| secs.trim().parse::<u64>().ok());
    let Err(error) = answer.or_error(act) else {
        if told.is_empty() {
            return Ok(());
        }
        let told = format!("{act}: {told}");
        return Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Answered,
            told,
        ));
    };
    let retry = match (status, reset) {
        (429, Some(secs)) => Retry::After(Span::from_secs(secs)),
        _ => error.retry(),
    };
    if told.is_empty() {
        return Err(error.with_retry(retry));
    }
    let told = format!("{act}: HTTP {status}: {told}");
    Err(ProviderError::new(error.kind(), Sent::Answered, told).with_retry(retry))
}

/// The number of a column. Without points there is none, or null.
fn number(columns: &[Column], name: &str, act: &str) -> Result<Option<Decimal>, ProviderError> {
    let mut named = columns.iter().filter(|column| column.name == name);
    let (Some(column), None) = (named.next(), named.next()) else {
        return Err(invalid(&format!("not exactly one column '{name}'"), act));
    };
    let mut values = column.values.iter();
    let (value, None) = (values.next(), values.next()) else {
        return Err(invalid(
            "several values where one is wanted: group by nothing",
            act,
        ));
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let whole = number.as_u64().map(Decimal::from);
            let whole = whole.or_else(|| number.as_i64().map(Decimal::from));
            let float = || Decimal::from_f64(number.as_f64()?).ok();
            let number = whole.or_else(float);
            let why = "a number has more digits than can be judged";
            number.map(Some).ok_or_else(|| invalid(why, act))
        }
        Some(Value::Array(_) | Value::Bool(_) | Value::Object(_) | Value::String(_)) => {
            Err(invalid("a value is no number", act))
        }
    }
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
