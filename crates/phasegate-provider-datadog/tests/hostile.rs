//! Against servers that do what they should not.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use phasegate_core::{Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource as _, ProviderError, Retry};
use phasegate_testkit::servers::{Hostile, Received, Receiver, mislabelled, withstand};

use support::{
    API_KEY, APPLICATION_KEY, COUNTED, SCALAR, SHARE, call, columns, json, query, source,
};

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let ask = async |url: String| {
        let call = call().with_deadline(Span::from_secs(2));
        source(url, Span::from_millis(500))
            .measure(&query(SCALAR, Wants::Scalar), &call)
            .await
    };
    assert_eq!(withstand(&[], &ask).await.expect("ports"), []);
    let found = mislabelled(&columns(&["2.5"]), ask).await;
    assert_eq!(found.expect("ports"), []);
}

async fn answered(text: &str, wants: Wants, body: &str) -> Result<(Observed, u64), ProviderError> {
    let server = Hostile::always(&format!("/json?{body}")).await;
    let url = server.as_ref().expect("a port").url("");
    let found = source(url, Span::from_secs(3))
        .measure(&query(text, wants), &call())
        .await;
    found.map(|found| (found.observed, found.samples))
}

#[tokio::test]
async fn an_answer_that_is_none_is_no_number() {
    use ErrorKind as K;
    let value = "2.5".parse().expect("a decimal");
    let found = answered(COUNTED, Wants::Scalar, &columns(&["2.5", "4"])).await;
    assert_eq!(found.expect("a number"), (Observed::Scalar { value }, 4));
    let one = columns(&["1"]);
    for (text, wants, body, kind) in [
        (COUNTED, Wants::Scalar, columns(&["null", "4"]), K::NoData),
        (COUNTED, Wants::Scalar, columns(&["2.5", "null"]), K::NoData),
        (COUNTED, Wants::Scalar, columns(&["2.5", "0"]), K::NoData),
        (COUNTED, Wants::Scalar, columns(&["2.5", "0.5"]), K::Invalid),
        (COUNTED, Wants::Scalar, one.clone(), K::Invalid),
        (SCALAR, Wants::Scalar, columns(&["1", "2"]), K::Invalid),
        (SCALAR, Wants::Scalar, columns(&["1,2"]), K::Invalid),
        (SCALAR, Wants::Scalar, columns(&["\"1\""]), K::Invalid),
        (SCALAR, Wants::Scalar, columns(&["true"]), K::Invalid),
        (SCALAR, Wants::Scalar, columns(&["[1]"]), K::Invalid),
        (SCALAR, Wants::Scalar, columns(&["1e300"]), K::Invalid),
        (
            SCALAR,
            Wants::Scalar,
            one.replace("\"a\"", "\"c\""),
            K::Invalid,
        ),
        (
            SCALAR,
            Wants::Scalar,
            one.replace("\"number\"", "\"group\""),
            K::Invalid,
        ),
        (SHARE, Wants::Share, columns(&["1", "null"]), K::NoData),
        (SHARE, Wants::Share, columns(&["null", "5"]), K::NoData),
        (SHARE, Wants::Share, columns(&["0", "0"]), K::NoData),
        (SHARE, Wants::Share, columns(&["6", "5"]), K::Invalid),
        (SHARE, Wants::Share, columns(&["-1", "5"]), K::Invalid),
        (SHARE, Wants::Share, columns(&["1.5", "5"]), K::Invalid),
        (
            SHARE,
            Wants::Share,
            columns(&["1", "9007199254740994"]),
            K::Invalid,
        ),
        (SCALAR, Wants::Scalar, "{}".to_owned(), K::Invalid),
        (
            SCALAR,
            Wants::Scalar,
            r#"{"data":{}}"#.to_owned(),
            K::Invalid,
        ),
        (
            SCALAR,
            Wants::Scalar,
            r#"{"errors":"it-broke"}"#.to_owned(),
            K::Unavailable,
        ),
        (
            SCALAR,
            Wants::Scalar,
            one.replacen('{', r#"{"errors":["half-of-it"],"#, 1),
            K::Unavailable,
        ),
    ] {
        let error = answered(text, wants, &body).await.expect_err(&body);
        assert_eq!(error.kind(), kind, "{body}: {error}");
    }
}

#[tokio::test]
async fn a_status_is_an_error_of_its_kind_and_a_wait_is_passed_on() {
    let after = |secs| Retry::After(Span::from_secs(secs));
    let reset = ("x-ratelimit-reset", "17");
    for (status, headers, kind, retry) in [
        (400, vec![], ErrorKind::Misuse, Retry::Never),
        (403, vec![], ErrorKind::Denied, Retry::Never),
        (429, vec![], ErrorKind::Throttled, Retry::Maybe),
        (429, vec![reset], ErrorKind::Throttled, after(17)),
        (
            429,
            vec![("retry-after", "5"), reset],
            ErrorKind::Throttled,
            after(17),
        ),
        (
            429,
            vec![("retry-after", "5")],
            ErrorKind::Throttled,
            after(5),
        ),
        (
            429,
            vec![("x-ratelimit-reset", "soon")],
            ErrorKind::Throttled,
            Retry::Maybe,
        ),
        (500, vec![reset], ErrorKind::Unavailable, Retry::Maybe),
        (
            503,
            vec![("retry-after", "5")],
            ErrorKind::Unavailable,
            after(5),
        ),
    ] {
        let more: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let server = Receiver::start(move |_: &Received| {
            let (status, mut headers, body) = json(status, r#"{"errors":["told"]}"#);
            headers.extend(more.clone());
            (status, headers, body)
        });
        let url = server.await.expect("a port");
        let source = source(url.url(""), Span::from_secs(3));
        let found = source.measure(&query(SCALAR, Wants::Scalar), &call()).await;
        let error = found.expect_err("refused");
        assert_eq!(
            (error.kind(), error.retry()),
            (kind, retry),
            "{status} {headers:?}"
        );
        assert!(error.to_string().contains("told"), "{error}");
    }
}

#[tokio::test]
async fn keys_are_on_the_wire_and_nowhere_else() {
    let server = Hostile::always("/status?403").await.expect("a port");
    let source = source(server.url(""), Span::from_secs(3));
    let error = source.measure(&query(SCALAR, Wants::Scalar), &call()).await;
    let error = error.expect_err("denied");
    for (name, key) in [
        ("dd-api-key", API_KEY),
        ("dd-application-key", APPLICATION_KEY),
    ] {
        let wanted = format!("{name}: {key}");
        assert!(server.asked()[0].contains(&wanted), "{:?}", server.asked());
        assert!(!format!("{error:?} {error} {source:?}").contains(key));
    }
}
