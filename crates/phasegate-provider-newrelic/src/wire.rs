//! Requests to NerdGraph and its answers, as New Relic's own client for Go asks and reads them. Pure.

use std::collections::BTreeMap;

use phasegate_core::{Decimal, Timestamp, Window};
use phasegate_provider::text::one_line;
use phasegate_provider::{ErrorKind, HttpResponse, ProviderError, Sent};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most characters of what New Relic says that are told.
const TOLD_CHARS_MAX: usize = 200;
/// What is asked: the client's own question, of which less is read.
const QUESTION: &str = "query($query: Nrql!, $accountId: Int!) { actor { account(id: $accountId) { nrql(query: $query) \
    { results metadata { timeWindow { begin end } } } } } }";

#[derive(Debug, Deserialize)]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Trouble>,
}

#[derive(Debug, Deserialize)]
struct Trouble {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Debug, Default, Deserialize)]
struct Extensions {
    #[serde(default, rename = "errorClass")]
    class: Option<String>,
    #[serde(default, rename = "error_code")]
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Data {
    actor: Option<Actor>,
}

#[derive(Debug, Deserialize)]
struct Actor {
    account: Option<Account>,
}

#[derive(Debug, Deserialize)]
struct Account {
    nrql: Option<Found>,
}

#[derive(Debug, Deserialize)]
struct Found {
    results: Vec<Row>,
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(rename = "timeWindow")]
    window: TimeWindow,
}

#[derive(Debug, Deserialize)]
struct TimeWindow {
    begin: i64,
    end: i64,
}

/// The attributes of a result by their names.
pub(crate) type Row = BTreeMap<String, Value>;

/// The body that asks an account.
pub(crate) fn body(nrql: &str, account: u32) -> String {
    json!({"query": QUESTION, "variables": {"accountId": account, "query": nrql}}).to_string()
}

/// The one result, and the window that it is of.
pub(crate) fn decode(
    answer: HttpResponse,
    asked: Window,
    act: &str,
) -> Result<(Row, Window), ProviderError> {
    let decoded = answer.json::<Answer>(act);
    checked(answer, decoded.as_ref().ok(), act)?;
    let found = decoded?.data.and_then(|data| data.actor?.account?.nrql);
    let found = found.ok_or_else(|| invalid("the answer has no data of the account", act))?;
    let mut results = found.results.into_iter();
    let (Some(row), None) = (results.next(), results.next()) else {
        return Err(invalid(
            "not exactly one result: aggregate over the window",
            act,
        ));
    };
    let TimeWindow { begin, end } = found.metadata.window;
    let window = Window {
        start: Timestamp::from_unix_millis(begin),
        end: Timestamp::from_unix_millis(end),
        kind: asked.kind,
    };
    if window.start < asked.start || window.end > asked.end || window.end <= window.start {
        let why = "it answers for another window than was asked about: metrics are kept by the minute and longer, \
                   so let windows be whole ones";
        return Err(invalid(why, act));
    }
    Ok((row, window))
}

/// Refuses what has another status than 2xx, and what tells of errors, which may stand in an answer with status 200.
fn checked(answer: HttpResponse, decoded: Option<&Answer>, act: &str) -> Result<(), ProviderError> {
    let has_data = decoded.is_some_and(|decoded| decoded.data.is_some());
    let mut troubles = decoded.map_or(&[][..], |decoded| &decoded.errors).iter();
    // A warning about a field, which is answered all the same.
    let deprecated =
        |one: &Trouble| has_data && one.message.starts_with("This field is deprecated!");
    let first = troubles.find(|one| !deprecated(one));
    let status = answer.status;
    let error = answer.or_error(act).err();
    let Some(first) = first else {
        return error.map_or(Ok(()), Err);
    };
    let told = one_line(&first.message, TOLD_CHARS_MAX);
    if let Some(error) = error {
        let told = format!("{act}: HTTP {status}: {told}");
        let retry = error.retry();
        return Err(ProviderError::new(error.kind(), Sent::Answered, told).with_retry(retry));
    }
    let told = format!("{act}: {told}");
    Err(ProviderError::new(kind_of(first), Sent::Answered, told))
}

/// The kinds that the client tells apart. What a text does wrong has no mark by which it could be known.
fn kind_of(trouble: &Trouble) -> ErrorKind {
    let Extensions { class, code } = &trouble.extensions;
    match (code.as_deref(), class.as_deref()) {
        (Some("BAD_API_KEY"), _) => ErrorKind::Denied,
        (_, Some("TIMEOUT")) => ErrorKind::Timeout,
        _ => ErrorKind::Unavailable,
    }
}

/// The number of an attribute, if it has one. A percentile is told as `{"95": 0.2}`.
pub(crate) fn number(row: &Row, name: &str, act: &str) -> Result<Option<Decimal>, ProviderError> {
    let why = match row.get(name) {
        Some(Value::Object(percentiles)) => {
            let mut values = percentiles.values();
            match (values.next(), values.next()) {
                (Some(Value::Null), None) => return Ok(None),
                (Some(Value::Number(number)), None) => return decimal(number, name, act).map(Some),
                _ => "has not exactly one number",
            }
        }
        Some(Value::Number(number)) => return decimal(number, name, act).map(Some),
        Some(Value::Null) => return Ok(None),
        None => "is missing: name it with AS",
        Some(Value::Array(_) | Value::Bool(_) | Value::String(_)) => "is no number",
    };
    Err(invalid(&format!("{name} {why}"), act))
}

fn decimal(number: &serde_json::Number, name: &str, act: &str) -> Result<Decimal, ProviderError> {
    let whole = number.as_u64().map(Decimal::from);
    let whole = whole.or_else(|| number.as_i64().map(Decimal::from));
    let float = || Decimal::from_f64(number.as_f64()?).ok();
    let why = || invalid(&format!("{name} has more digits than can be judged"), act);
    whole.or_else(float).ok_or_else(why)
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
