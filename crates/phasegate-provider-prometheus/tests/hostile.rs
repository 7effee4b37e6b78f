//! Whatever the other side does: a typed error in bounded time, never a value. And what it says with a
//! status or in its own words becomes the right kind.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::time::{Duration, Instant};

use phasegate_core::{Decimal, Observed, Span, Timestamp, Wants};
use phasegate_provider::{
    Credential, ErrorKind, HttpEndpoint, MetricSource as _, ProviderError, Retry, SecretSource,
};
use phasegate_provider_prometheus::{PrometheusConfig, PrometheusSource, Warnings};
use phasegate_testkit::servers::{Hostile, MISBEHAVIOURS};

use support::{call, client, query};

fn source(server: &Hostile, warnings: Warnings) -> PrometheusSource {
    let endpoint = HttpEndpoint::new(server.url("")).with_response_bytes_max(1 << 20);
    let config = PrometheusConfig::new(endpoint).with_warnings(warnings);
    PrometheusSource::new(config, client(Duration::from_millis(300))).expect("a source")
}

fn window() -> (Timestamp, Timestamp) {
    (Timestamp::EPOCH, Timestamp::EPOCH + Span::from_secs(60))
}

fn forms() -> [Wants; 4] {
    let threshold = Decimal::ONE;
    let inclusive = true;
    [
        Wants::Below {
            threshold,
            inclusive,
        },
        Wants::Distribution,
        Wants::Scalar,
        Wants::Share,
    ]
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    for way in MISBEHAVIOURS {
        let server = Hostile::always(way).await.expect("a port");
        let source = source(&server, Warnings::Accept);
        for wants in forms() {
            let started = Instant::now();
            let found = source
                .measure(&query("up", "s", window(), wants), &call())
                .await;
            let error = found.expect_err(way);
            assert!(started.elapsed() < Duration::from_secs(3), "{way}: {error}");
            assert!(!error.detail().is_empty() && error.detail().chars().count() <= 401);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_anywhere() {
    let (other, way) = (Hostile::start().await.expect("a port"), "/to?");
    let server = Hostile::always(&format!("{way}{}", other.url("/fine"))).await;
    let server = server.expect("a port");
    let found = source(&server, Warnings::Refuse);
    let found = found
        .measure(&query("up", "", window(), Wants::Scalar), &call())
        .await;
    assert_eq!(found.expect_err("elsewhere").kind(), ErrorKind::Invalid);
    assert!(other.asked().is_empty());
}

async fn answered(json: &str, wants: Wants, warnings: Warnings) -> Result<Observed, ProviderError> {
    let server = Hostile::always(&format!("/json?{json}"))
        .await
        .expect("a port");
    let source = source(&server, warnings);
    let found = source
        .measure(&query("up", "s", window(), wants), &call())
        .await;
    found.map(|found| found.observed)
}

/// Answers in the API's form, some of which no honest server gives.
#[tokio::test]
async fn what_an_answer_says_is_taken_at_its_word_or_not_at_all() {
    use ErrorKind as K;
    let vector = |more: &str, result: &str| {
        format!(
            r#"{{"status":"success"{more},"data":{{"resultType":"vector","result":[{result}]}}}}"#
        )
    };
    let one = r#"{"metric":{},"value":[1,"2.5"]}"#;
    let partial = r#","isPartial":true"#;
    let warned = r#","warnings":["a store did not answer"]"#;
    for (json, kind) in [
        (vector(partial, one), K::Unavailable),
        (vector(warned, one), K::Unavailable),
        (vector("", r#"{"metric":{},"value":[1,2.5]}"#), K::Invalid),
        (
            vector("", r#"{"metric":{},"value":[1,"1e400"]}"#),
            K::Invalid,
        ),
        (vector("", r#"{"metric":{}}"#), K::Invalid),
        (
            vector(
                "",
                r#"{"metric":{},"histogram":[1,{"count":"1","sum":"1"}]}"#,
            ),
            K::Invalid,
        ),
        (vector("", &format!("{one},{one}")), K::Invalid),
        (vector("", ""), K::NoData),
        (r#"{"status":"success"}"#.to_owned(), K::Invalid),
        (
            r#"{"status":"error","errorType":"timeout","error":"x"}"#.to_owned(),
            K::Timeout,
        ),
        (
            r#"{"status":"error","errorType":"internal","error":"x"}"#.to_owned(),
            K::Unavailable,
        ),
        (
            r#"{"status":"error","errorType":"bad_data","error":"x"}"#.to_owned(),
            K::Misuse,
        ),
        (
            r#"{"status":"error","errorType":"","error":"x"}"#.to_owned(),
            K::Invalid,
        ),
    ] {
        let error = answered(&json, Wants::Scalar, Warnings::Refuse).await;
        assert_eq!(
            error.as_ref().expect_err(&json).kind(),
            kind,
            "{json}: {error:?}"
        );
    }
    let value = "2.5".parse().expect("a decimal");
    let taken = answered(&vector(warned, one), Wants::Scalar, Warnings::Accept).await;
    assert_eq!(taken.expect("accepted"), Observed::Scalar { value });
}

#[tokio::test]
async fn histograms_that_do_not_add_up_are_refused() {
    let matrix = |result: &str| {
        format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#)
    };
    let bucket = |le: &str, from: u32, to: u32| {
        format!(r#"{{"metric":{{"le":"{le}"}},"values":[[1,"{from}"],[2,"{to}"]]}}"#)
    };
    let native = |count: u32, held: &str| {
        format!(
            r#"{{"metric":{{}},"histograms":[[1,{{"count":"0","sum":"0"}}],[2,{{"count":"{count}","sum":"1","buckets":{held}}}]]}}"#
        )
    };
    let threshold = Decimal::ONE;
    let wants = Wants::Below {
        threshold,
        inclusive: true,
    };
    for (result, says) in [
        (bucket("1", 0, 5), "+Inf"),
        (
            format!("{},{}", bucket("1", 0, 9), bucket("+Inf", 0, 5)),
            "add up",
        ),
        (
            format!("{},{}", bucket("x", 0, 9), bucket("+Inf", 0, 9)),
            "no bound",
        ),
        (
            format!("{},{}", bucket("1", 0, 1), bucket("1", 0, 1)),
            "two series",
        ),
        (native(7, r#"[[0,"0.5","1","5"]]"#), "add up"),
        (native(5, r#"[[0,"0.5","2","5"]]"#), "no bucket ends"),
        (native(5, r#"[[0,"NaN","2","5"]]"#), "no bound"),
    ] {
        let found = answered(&matrix(&result), wants, Warnings::Refuse).await;
        let error = found.expect_err(&result);
        assert!(error.to_string().contains(says), "{result}: {error}");
    }
    let whole = format!("{},{}", bucket("1", 0, 4), bucket("+Inf", 0, 5));
    let found = answered(&matrix(&whole), wants, Warnings::Refuse).await;
    assert_eq!(
        found.expect("whole"),
        Observed::Below {
            threshold,
            below: 4,
            total: 5
        }
    );
}

#[tokio::test]
async fn a_request_to_come_back_later_is_passed_on() {
    for (status, kind) in [(429, ErrorKind::Throttled), (503, ErrorKind::Unavailable)] {
        let server = Hostile::always(&format!("/status?{status}"))
            .await
            .expect("a port");
        let source = source(&server, Warnings::Refuse);
        let found = source
            .measure(&query("up", "", window(), Wants::Scalar), &call())
            .await;
        let error = found.expect_err("refused");
        assert_eq!(
            (error.kind(), error.retry()),
            (kind, Retry::After(Span::from_secs(7)))
        );
    }
}

#[tokio::test]
async fn a_secret_is_on_the_wire_and_nowhere_else() {
    let server = Hostile::always("/status?401").await.expect("a port");
    // Cargo sets this variable for every test.
    let secret = SecretSource::Env("CARGO_PKG_DESCRIPTION".to_owned());
    let endpoint = HttpEndpoint::new(server.url("")).with_credential(Credential::Bearer(secret));
    let config = PrometheusConfig::new(endpoint);
    let source = PrometheusSource::new(config, client(Duration::from_secs(3))).expect("a source");
    let found = source
        .measure(&query("up", "", window(), Wants::Scalar), &call())
        .await;
    let error = found.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied);
    let marked = env!("CARGO_PKG_DESCRIPTION");
    assert!(server.asked()[0].contains(marked));
    assert!(!format!("{error:?} {error} {source:?}").contains(marked));
}
