//! Against servers that do what they should not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use phasegate_core::{Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource as _, ProviderError, Retry};
use phasegate_testkit::servers::{Hostile, Received, Receiver, mislabelled, withstand};

use support::{BEGIN, COUNTED, END, KEY, SCALAR, SHARE, call, json, query, results, row, source};

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let ask = async |url: String| {
        let call = call().with_deadline(Span::from_secs(2));
        let source = source(url, Span::from_millis(500));
        source.measure(&query(SCALAR, Wants::Scalar), &call).await
    };
    assert_eq!(withstand(&[], &ask).await.expect("ports"), []);
    let found = mislabelled(&row(r#""value":1"#), ask).await;
    assert_eq!(found.expect("ports"), []);
}

async fn refused(text: &str, wants: Wants, status: u16, body: &str) -> ProviderError {
    let answer = body.to_owned();
    let server = Receiver::start(move |_: &Received| json(status, &answer)).await;
    let url = server.as_ref().expect("a port").url("");
    let source = source(url, Span::from_secs(3));
    let found = source.measure(&query(text, wants), &call()).await;
    found.expect_err(body)
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_number() {
    use ErrorKind as K;
    let (scalar, share) = (Wants::Scalar, Wants::Share);
    for (text, wants, body, kind) in [
        (SCALAR, scalar, row(r#""value":null"#), K::NoData),
        (SCALAR, scalar, row(r#""value":{"95":null}"#), K::NoData),
        (
            SCALAR,
            scalar,
            row(r#""value":{"50":1,"95":2}"#),
            K::Invalid,
        ),
        (SCALAR, scalar, row(r#""value":{"95":"1"}"#), K::Invalid),
        (SCALAR, scalar, row(r#""value":{}"#), K::Invalid),
        (SCALAR, scalar, row(r#""value":"1""#), K::Invalid),
        (SCALAR, scalar, row(r#""value":[1]"#), K::Invalid),
        (SCALAR, scalar, row(r#""value":1e300"#), K::Invalid),
        (SCALAR, scalar, row(r#""average.duration":1"#), K::Invalid),
        (SCALAR, scalar, row(r#""value":1,"facet":"a""#), K::Invalid),
        (SCALAR, scalar, row(""), K::Invalid),
        (COUNTED, scalar, row(r#""value":1,"samples":0"#), K::NoData),
        (
            COUNTED,
            scalar,
            row(r#""value":1,"samples":null"#),
            K::NoData,
        ),
        (
            COUNTED,
            scalar,
            row(r#""value":1,"samples":0.5"#),
            K::Invalid,
        ),
        (SHARE, share, row(r#""matching":0,"total":0"#), K::NoData),
        (SHARE, share, row(r#""matching":null,"total":4"#), K::NoData),
        (SHARE, share, row(r#""matching":5,"total":4"#), K::Invalid),
        (SHARE, share, row(r#""matching":-1,"total":4"#), K::Invalid),
        (
            SHARE,
            share,
            row(r#""matching":1,"total":9007199254740994"#),
            K::Invalid,
        ),
        (SHARE, share, row(r#""matching":1"#), K::Invalid),
        (SCALAR, scalar, results("[]", [BEGIN, END]), K::Invalid),
        (
            SCALAR,
            scalar,
            results(r#"[{"value":1},{"value":2}]"#, [BEGIN, END]),
            K::Invalid,
        ),
        (SCALAR, scalar, "{}".to_owned(), K::Invalid),
        (SCALAR, scalar, r#"{"data":null}"#.to_owned(), K::Invalid),
        (
            SCALAR,
            scalar,
            r#"{"data":{"actor":{"account":null}}}"#.to_owned(),
            K::Invalid,
        ),
        (
            SCALAR,
            scalar,
            r#"{"data":{"actor":{"account":{"nrql":{"results":[{"value":1}]}}}}}"#.to_owned(),
            K::Invalid,
        ),
    ] {
        let error = refused(text, wants, 200, &body).await;
        assert_eq!(error.kind(), kind, "{body}: {error}");
    }
}

#[tokio::test]
async fn an_error_is_one_whatever_the_status_and_beside_data_too() {
    use ErrorKind as K;
    let failed = |extensions: &str| {
        let error =
            format!(r#"{{"message":"told","path":["actor",0],"extensions":{{{extensions}}}}}"#);
        row(r#""value":1"#).replacen('{', &format!(r#"{{"errors":[{error}],"#), 1)
    };
    for (status, extensions, kind) in [
        (200, r#""errorClass":"TIMEOUT""#, K::Timeout),
        (
            200,
            r#""errorClass":"INTERNAL_SERVER_ERROR""#,
            K::Unavailable,
        ),
        (
            200,
            r#""errorClass":"SERVER_ERROR","code":"x""#,
            K::Unavailable,
        ),
        (200, r#""error_code":"BAD_API_KEY""#, K::Denied),
        (200, "", K::Unavailable),
        (401, r#""error_code":"BAD_API_KEY""#, K::Denied),
        (403, "", K::Denied),
        (400, "", K::Misuse),
        (429, "", K::Throttled),
        (500, r#""errorClass":"TIMEOUT""#, K::Unavailable),
    ] {
        let body = failed(extensions);
        let error = refused(SCALAR, Wants::Scalar, status, &body).await;
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert!(error.to_string().contains("told"), "{error}");
    }
    // A warning about a field is none, where there is an answer.
    let warned = row(r#""value":1"#).replacen(
        '{',
        r#"{"errors":[{"message":"This field is deprecated! Please use another."}],"#,
        1,
    );
    let server = Receiver::start(move |_: &Received| json(200, &warned)).await;
    let server = server.expect("a port");
    let source = source(server.url(""), Span::from_secs(3));
    let found = source.measure(&query(SCALAR, Wants::Scalar), &call()).await;
    let value = "1".parse().expect("a decimal");
    assert_eq!(
        found.expect("a number").observed,
        Observed::Scalar { value }
    );
}

#[tokio::test]
async fn a_wait_is_passed_on() {
    let wait = Retry::After(Span::from_secs(7));
    for (status, kind, retry) in [
        (429, ErrorKind::Throttled, wait),
        (503, ErrorKind::Unavailable, wait),
        (401, ErrorKind::Denied, Retry::Never),
    ] {
        let server = Hostile::always(&format!("/status?{status}")).await;
        let server = server.expect("a port");
        let source = source(server.url(""), Span::from_secs(3));
        let found = source.measure(&query(SCALAR, Wants::Scalar), &call()).await;
        let error = found.expect_err("refused");
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{status}");
    }
}

#[tokio::test]
async fn the_key_is_on_the_wire_and_nowhere_else() {
    let server = Hostile::always("/status?401").await.expect("a port");
    let source = source(server.url(""), Span::from_secs(3));
    let error = source.measure(&query(SCALAR, Wants::Scalar), &call()).await;
    let error = error.expect_err("denied");
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .any(|head| head.contains(&format!("api-key: {KEY}")))
    );
    assert!(!format!("{error:?} {error} {source:?}").contains(KEY));
}
