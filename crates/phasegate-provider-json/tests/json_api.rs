//! Against an API of the tests' own that counts in windows, and against servers that do what they should not.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

mod support;

use std::sync::Arc;

use phasegate_core::{Decimal, Observed, Query, Span, Timestamp, Wants};
use phasegate_provider::{
    Credential, ErrorKind, HttpEndpoint, MetricSource, ProviderError, Retry, SecretSource,
};
use phasegate_provider_json::{JsonConfig, JsonSource, Missing, TimeForm};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Hostile, Reaction, Received, Receiver, withstand};
use serde_json::{Value, json};

use support::{call, client, query};

const SCALAR: &str = r#"{"get": "/stats", "parameters": {"track": "canary", "from": ":start", "to": ":end"},
    "value": "$.latency.mean", "samples": "$.requests"}"#;
const SHARE: &str = r#"{"get": "/stats", "parameters": {"track": "canary", "from": ":start", "to": ":end"},
    "matching": "$.failures", "total": "$.requests"}"#;
const POSTED: &str = r#"{"post": "/search", "body": {"range": {"from": ":start", "to": ":end"}},
    "matching": "$.failures", "total": "$.requests"}"#;
const UNIT: &str = r#"{"get": "/stats?track=canary", "parameters": {"from": ":start", "to": ":end"},
    "value": "$.latency.mean", "unit": "ms"}"#;

/// One request each second of the first minute of 1970, each twentieth of them failed; the n-th took n ms.
fn counted(from: i64, to: i64) -> Value {
    let moments = (0..60).filter(|second| (from..to).contains(&(second * 1000)));
    let (mut requests, mut failures, mut millis) = (0u64, 0u64, 0);
    for second in moments {
        requests += 1;
        failures += u64::from(second % 20 == 19);
        millis += second;
    }
    let mean = (requests > 0).then(|| millis as f64 / requests as f64);
    json!({"requests": requests, "failures": failures, "latency": {"mean": mean}})
}

/// `GET /stats?track=&from=&to=` and `POST /search`, moments in milliseconds.
fn stats(request: &Received) -> Reaction {
    let (path, parameters) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let parameter = |name: &str| {
        let mut pairs = parameters
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value.to_owned())
    };
    let moment = |name: &str| parameter(name)?.parse::<i64>().ok();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let window = match (request.method.as_str(), path) {
        ("GET", "/stats") if parameter("track").as_deref() == Some("canary") => {
            moment("from").zip(moment("to"))
        }
        ("POST", "/search") => {
            let range = &body["range"];
            range["from"].as_i64().zip(range["to"].as_i64())
        }
        _ => return (404, vec![], String::new()),
    };
    let Some((from, to)) = window else {
        return (400, vec![], String::new());
    };
    let json = ("content-type".to_owned(), "application/json".to_owned());
    (200, vec![json], counted(from, to).to_string())
}

fn source(url: String) -> JsonSource {
    let endpoint = HttpEndpoint::new(url).with_response_bytes_max(1 << 20);
    let config = JsonConfig::new(endpoint).with_time(TimeForm::UnixMillis);
    JsonSource::new(config, client(Span::from_millis(500)))
}

fn at(secs: u64) -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(secs)
}

/// The first half minute.
fn half(text: &str, unit: &str, wants: Wants) -> Query {
    query(text, unit, at(30), Span::from_secs(30), wants)
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let server = Receiver::start(stats).await.expect("a port");
    let source: Arc<dyn MetricSource> = Arc::new(source(server.url("")));
    let answered = [
        half(SCALAR, "ms", Wants::Scalar),
        half(SHARE, "%", Wants::Share),
        half(POSTED, "%", Wants::Share),
    ];
    let violations =
        conformance::metric_source(&source, &answered, "nonsense", &call(at(30))).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn what_was_counted_in_the_window_is_what_is_measured() {
    let server = Receiver::start(stats).await.expect("a port");
    let source = source(server.url(""));
    let ask = async |question: Query| {
        let found = source.measure(&question, &call(at(30))).await;
        found.map(|found| (found.observed, found.samples))
    };
    let share = Observed::Share {
        matching: 1,
        total: 30,
    };
    for text in [SHARE, POSTED] {
        let found = ask(half(text, "%", Wants::Share)).await.expect(text);
        assert_eq!(found, (share.clone(), 30), "{text}");
    }
    // 0 to 29 ms.
    for (text, unit, value, samples) in [
        (SCALAR, "ms", "14.5", 30),
        (UNIT, "s", "0.0145", 1),
        (UNIT, "ms", "14.5", 1),
    ] {
        let found = ask(half(text, unit, Wants::Scalar)).await.expect(text);
        let value: Decimal = value.parse().expect("a decimal");
        assert_eq!(found, (Observed::Scalar { value }, samples), "{unit}");
    }
    let asked = &server.received()[0].target;
    assert_eq!(asked, "/stats?from=0&to=30000&track=canary");
    let error = ask(half(UNIT, "B", Wants::Scalar)).await;
    assert_eq!(error.expect_err("no bytes").kind(), ErrorKind::Misuse);
    let error = ask(half(SHARE, "%", Wants::Scalar)).await;
    assert_eq!(error.expect_err("another form").kind(), ErrorKind::Misuse);
    // Nothing happened in the second minute.
    for (text, wants) in [(SCALAR, Wants::Scalar), (SHARE, Wants::Share)] {
        let question = query(text, "", at(120), Span::from_secs(60), wants);
        let error = source.measure(&question, &call(at(120))).await;
        assert_eq!(error.expect_err("nothing").kind(), ErrorKind::NoData);
    }
}

async fn answered(
    json: &str,
    text: &str,
    missing: Missing,
    asked_at: Timestamp,
) -> Result<Observed, ProviderError> {
    let server = Hostile::always(&format!("/json?{json}"))
        .await
        .expect("a port");
    let config = JsonConfig::new(HttpEndpoint::new(server.url(""))).with_missing(missing);
    let source = JsonSource::new(config, client(Span::from_secs(3)));
    let question = half(text, "ms", Wants::Scalar);
    let found = source.measure(&question, &call(asked_at)).await;
    found.map(|found| found.observed)
}

#[tokio::test]
async fn an_answer_that_is_no_number_is_no_number() {
    use ErrorKind as K;
    let text = r#"{"get": "/", "value": "$.v", "samples": "$.n"}"#;
    for (json, missing, kind) in [
        (r#"{"v":1,"n":null}"#, Missing::Refuse, K::NoData),
        (r#"{"v":null,"n":5}"#, Missing::Refuse, K::NoData),
        (r#"{"v":1,"n":0}"#, Missing::Refuse, K::NoData),
        (r#"{"v":1}"#, Missing::Refuse, K::Invalid),
        (r#"{"n":1}"#, Missing::Refuse, K::Invalid),
        (r#"{"n":1}"#, Missing::NoData, K::NoData),
        (r#"{"v":"1","n":1}"#, Missing::NoData, K::Invalid),
        (r#"{"v":[1],"n":1}"#, Missing::NoData, K::Invalid),
        (r#"{"v":1,"n":1.5}"#, Missing::NoData, K::Invalid),
        (r#"{"v":1,"n":-1}"#, Missing::NoData, K::Invalid),
    ] {
        let error = answered(json, text, missing, at(30)).await.expect_err(json);
        assert_eq!(error.kind(), kind, "{json}: {error}");
    }
    let value = "2.5".parse().expect("a decimal");
    let found = answered(r#"{"v":2.5,"n":4}"#, text, Missing::Refuse, at(30)).await;
    assert_eq!(found.expect("a number"), Observed::Scalar { value });
}

#[tokio::test]
async fn an_answer_about_now_is_none_about_another_time() {
    let text = r#"{"get": "/", "value": "$.v"}"#;
    let ask = async |secs| answered(r#"{"v":1}"#, text, Missing::Refuse, at(secs)).await;
    assert!(ask(30).await.is_ok() && ask(90).await.is_ok());
    for secs in [29, 91] {
        let error = ask(secs).await.expect_err("another time");
        assert_eq!(error.kind(), ErrorKind::NoData, "{secs}");
    }
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    for text in [SCALAR, POSTED] {
        let wants = if text == SCALAR {
            Wants::Scalar
        } else {
            Wants::Share
        };
        let ask = async |url: String| {
            let call = call(at(30)).with_deadline(Span::from_secs(2));
            source(url).measure(&half(text, "", wants), &call).await
        };
        assert_eq!(withstand(&[], ask).await.expect("ports"), []);
    }
}

#[tokio::test]
async fn a_status_is_an_error_of_its_kind_and_a_wait_is_passed_on() {
    for (status, kind, retry) in [
        (400, ErrorKind::Misuse, Retry::Never),
        (401, ErrorKind::Denied, Retry::Never),
        (404, ErrorKind::NotFound, Retry::Never),
        (429, ErrorKind::Throttled, Retry::After(Span::from_secs(7))),
        (
            503,
            ErrorKind::Unavailable,
            Retry::After(Span::from_secs(7)),
        ),
    ] {
        let server = Hostile::always(&format!("/status?{status}"))
            .await
            .expect("a port");
        let found = source(server.url(""));
        let found = found
            .measure(&half(SCALAR, "", Wants::Scalar), &call(at(30)))
            .await;
        let error = found.expect_err("refused");
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{status}");
    }
}

#[tokio::test]
async fn a_secret_is_on_the_wire_and_nowhere_else() {
    let server = Hostile::always("/status?401").await.expect("a port");
    // Cargo sets this variable for every test.
    let secret = SecretSource::Env("CARGO_PKG_DESCRIPTION".to_owned());
    let endpoint = HttpEndpoint::new(server.url("")).with_credential(Credential::Bearer(secret));
    let source = JsonSource::new(JsonConfig::new(endpoint), client(Span::from_secs(3)));
    let found = source
        .measure(&half(SCALAR, "", Wants::Scalar), &call(at(30)))
        .await;
    let error = found.expect_err("denied");
    let marked = env!("CARGO_PKG_DESCRIPTION");
    assert!(server.asked()[0].contains(marked));
    assert!(!format!("{error:?} {error} {source:?}").contains(marked));
}
