//! Against servers that do what they should not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use phasegate_core::{Observed, Query, Span, Timestamp, Wants};
use phasegate_provider::{
    Credential, ErrorKind, HttpEndpoint, MetricSource as _, ProviderError, Retry, SecretSource,
};
use phasegate_provider_influxdb::{InfluxdbConfig, InfluxdbSource};
use phasegate_testkit::servers::{Hostile, mislabelled, withstand};

use support::{call, client, query};

const TEXT: &str =
    "SELECT mean(ms) AS value, count(ms) AS samples FROM req WHERE time >= $start AND time < $end";

fn source(url: String) -> InfluxdbSource {
    let endpoint = HttpEndpoint::new(url).with_response_bytes_max(1 << 20);
    InfluxdbSource::new(
        InfluxdbConfig::new(endpoint, "m"),
        client(Span::from_millis(500)),
    )
}

fn at() -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(60)
}

fn question() -> Query {
    query(TEXT, "ms", at(), Span::from_secs(60), Wants::Scalar)
}

async fn answered(json: &str) -> Result<(Observed, u64), ProviderError> {
    let server = Hostile::always(&format!("/json?{json}"))
        .await
        .expect("a port");
    let found = source(server.url(""))
        .measure(&question(), &call(at()))
        .await;
    found.map(|found| (found.observed, found.samples))
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let ask = async |url: String| {
        let call = call(at()).with_deadline(Span::from_secs(2));
        source(url).measure(&question(), &call).await
    };
    assert_eq!(withstand(&[], &ask).await.expect("ports"), []);
    let row =
        r#"{"results":[{"series":[{"columns":["time","value","samples"],"values":[[0,2.5,4]]}]}]}"#;
    assert_eq!(mislabelled(row, ask).await.expect("ports"), []);
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_number() {
    use ErrorKind as K;
    let row = |columns: &str, cells: &str| {
        format!(r#"{{"results":[{{"series":[{{"columns":[{columns}],"values":[[{cells}]]}}]}}]}}"#)
    };
    let both = r#""time","value","samples""#;
    let value = "2.5".parse().expect("a decimal");
    let found = answered(&row(both, "0,2.5,4")).await.expect("a number");
    assert_eq!(found, (Observed::Scalar { value }, 4));
    for (json, kind) in [
        (row(both, "0,null,4"), K::NoData),
        (row(both, "0,2.5,0"), K::NoData),
        (row(both, "0,2.5,null"), K::NoData),
        (row(both, "0,\"2.5\",4"), K::Invalid),
        (row(both, "0,true,4"), K::Invalid),
        (row(both, "0,[2.5],4"), K::Invalid),
        (row(both, "0,1e300,4"), K::Invalid),
        (row(both, "0,2.5,1.5"), K::Invalid),
        (row(both, "0,2.5,-1"), K::Invalid),
        (row(both, "0,2.5,9007199254740993"), K::Invalid),
        (row(both, "0,2.5"), K::Invalid),
        (row(r#""time","value","value""#, "0,1,2"), K::Invalid),
        (row(r#""time","p95""#, "0,1"), K::Invalid),
        ("{}".to_owned(), K::Invalid),
        (r#"{"results":[]}"#.to_owned(), K::Invalid),
        (r#"{"results":[{},{}]}"#.to_owned(), K::Invalid),
        (r#"{"results":[{"statement_id":0}]}"#.to_owned(), K::NoData),
        (
            r#"{"results":[{"series":[{"columns":["time"],"partial":true}]}]}"#.to_owned(),
            K::Unavailable,
        ),
        (
            r#"{"results":[{"error":"query-timeout limit exceeded"}]}"#.to_owned(),
            K::Timeout,
        ),
        (
            r#"{"results":[{"error":"max-concurrent-queries limit exceeded(1, 1)"}]}"#.to_owned(),
            K::Throttled,
        ),
        (
            r#"{"results":[{"error":"engine is closed"}]}"#.to_owned(),
            K::Unavailable,
        ),
        (r#"{"error":"timeout"}"#.to_owned(), K::Invalid),
    ] {
        let error = answered(&json).await.expect_err(&json);
        assert_eq!(error.kind(), kind, "{json}: {error}");
    }
}

#[tokio::test]
async fn a_status_is_an_error_of_its_kind_and_a_wait_is_passed_on() {
    let wait = Retry::After(Span::from_secs(7));
    for (status, kind, retry) in [
        (400, ErrorKind::Misuse, Retry::Never),
        (401, ErrorKind::Denied, Retry::Never),
        (429, ErrorKind::Throttled, wait),
        (503, ErrorKind::Unavailable, wait),
    ] {
        let server = Hostile::always(&format!("/status?{status}"))
            .await
            .expect("a port");
        let found = source(server.url(""))
            .measure(&question(), &call(at()))
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
    let source = InfluxdbSource::new(
        InfluxdbConfig::new(endpoint, "m"),
        client(Span::from_secs(3)),
    );
    let error = source
        .measure(&question(), &call(at()))
        .await
        .expect_err("denied");
    let marked = env!("CARGO_PKG_DESCRIPTION");
    assert!(server.asked()[0].contains(marked));
    assert!(!format!("{error:?} {error} {source:?}").contains(marked));
}
