//! Against servers that do what they should not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use phasegate_core::{Observed, Query, Span, Timestamp, Wants};
use phasegate_provider::{ErrorKind, HttpEndpoint, MetricSource as _, ProviderError, Retry};
use phasegate_provider_graphite::{GraphiteConfig, GraphiteSource};
use phasegate_testkit::servers::{Hostile, mislabelled, withstand};

use support::{call, client, query};

const TEXT: &str = r#"{"value": "a.b", "reduce": "sum"}"#;
const SHARE: &str = r#"{"matching": "a.b", "total": "a.c"}"#;

fn source(url: String) -> GraphiteSource {
    let endpoint = HttpEndpoint::new(url).with_response_bytes_max(1 << 20);
    GraphiteSource::new(
        GraphiteConfig::new(endpoint),
        client(Span::from_millis(500)),
    )
}

fn at() -> Timestamp {
    Timestamp::EPOCH + Span::from_secs(60)
}

/// The first minute of 1970.
fn question(text: &str, wants: Wants) -> Query {
    query(text, "", at(), Span::from_secs(60), wants)
}

async fn answered(json: &str) -> Result<(Observed, u64), ProviderError> {
    let server = Hostile::always(&format!("/json?{json}"))
        .await
        .expect("a port");
    let question = question(TEXT, Wants::Scalar);
    let found = source(server.url("")).measure(&question, &call(at())).await;
    found.map(|found| (found.observed, found.samples))
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    for (text, wants) in [(TEXT, Wants::Scalar), (SHARE, Wants::Share)] {
        let ask = async |url: String| {
            let call = call(at()).with_deadline(Span::from_secs(2));
            source(url).measure(&question(text, wants), &call).await
        };
        assert_eq!(withstand(&[], ask).await.expect("ports"), []);
    }
    let ask = async |url: String| {
        let call = call(at()).with_deadline(Span::from_secs(2));
        source(url)
            .measure(&question(TEXT, Wants::Scalar), &call)
            .await
    };
    let points = r#"[{"target":"a.b","datapoints":[[1,0],[3.5,30]]}]"#;
    assert_eq!(mislabelled(points, ask).await.expect("ports"), []);
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_number() {
    use ErrorKind as K;
    let points = |points: &str| format!(r#"[{{"target":"a.b","datapoints":[{points}]}}]"#);
    let value = "4.5".parse().expect("a decimal");
    let found = answered(&points("[1,0],[3.5,30]")).await.expect("a sum");
    assert_eq!(found, (Observed::Scalar { value }, 2));
    for (json, kind) in [
        ("[]".to_owned(), K::NoData),
        ("{}".to_owned(), K::Invalid),
        (r#"[{"target":"a.b"}]"#.to_owned(), K::Invalid),
        (points(""), K::NoData),
        (points("[1,0]"), K::NoData),
        (points("[null,0],[null,30]"), K::NoData),
        (points("[1,0],[null,30]"), K::NoData),
        // Intervals that begin in the window and end behind it.
        (points("[1,10],[1,70]"), K::Invalid),
        (points("[1,50],[null,110]"), K::NoData),
        (points("[1,-30],[1,0]"), K::Invalid),
        (points("[1,0],[1,30],[1,31]"), K::Invalid),
        (points("[1,30],[1,0]"), K::Invalid),
        (points("[1,0],[1,0]"), K::Invalid),
        (
            points("[1,-9223372036854775808],[1,9223372036854775807]"),
            K::Invalid,
        ),
        (
            points("[1,9223372036854775806],[1,9223372036854775807]"),
            K::Invalid,
        ),
        (points("[1e9999,0],[1,30]"), K::Invalid),
        (points("[1e300,0],[1,30]"), K::Invalid),
        (points("[\"1\",0],[1,30]"), K::Invalid),
        (points("[1,0.5],[1,30]"), K::Invalid),
        (points("[1],[1,30]"), K::Invalid),
    ] {
        let error = answered(&json).await.expect_err(&json);
        assert_eq!(error.kind(), kind, "{json}: {error}");
    }
}

#[tokio::test]
async fn a_share_that_cannot_be_is_refused() {
    // Both targets get the same answer: all matched.
    let ask = async |points: &str| {
        let path = format!(r#"/json?[{{"datapoints":[{points}]}}]"#);
        let server = Hostile::always(&path).await.expect("a port");
        let question = question(SHARE, Wants::Share);
        let found = source(server.url("")).measure(&question, &call(at())).await;
        found.map(|found| found.observed)
    };
    let (matching, total) = (5, 5);
    let found = ask("[2,0],[3,20],[null,40]").await.expect("all");
    assert_eq!(found, Observed::Share { matching, total });
    for (points, kind) in [
        ("[0,0],[0,20]", ErrorKind::NoData),
        ("[null,0],[null,20]", ErrorKind::NoData),
        ("[1.5,0],[1.5,20]", ErrorKind::Invalid),
        ("[-1,0],[2,20]", ErrorKind::Invalid),
        ("[1e25,0],[2,20]", ErrorKind::Invalid),
    ] {
        let error = ask(points).await.expect_err(points);
        assert_eq!(error.kind(), kind, "{points}: {error}");
    }
}

#[tokio::test]
async fn a_status_is_an_error_of_its_kind_and_a_wait_is_passed_on() {
    let wait = Retry::After(Span::from_secs(7));
    for (status, kind, retry) in [
        (400, ErrorKind::Misuse, Retry::Never),
        (403, ErrorKind::Denied, Retry::Never),
        (429, ErrorKind::Throttled, wait),
        (503, ErrorKind::Unavailable, wait),
    ] {
        let server = Hostile::always(&format!("/status?{status}"))
            .await
            .expect("a port");
        let question = question(TEXT, Wants::Scalar);
        let found = source(server.url("")).measure(&question, &call(at())).await;
        let error = found.expect_err("refused");
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{status}");
    }
}
