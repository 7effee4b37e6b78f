//! Whatever listens there: a typed error in bounded time and memory, never a value.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::time::{Duration, Instant};

use phasegate_core::{Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource as _, ProviderError, Sent};
use phasegate_provider_sql::{PostgresConfig, PostgresSource};
use phasegate_testkit::servers::{Then, babble, free_port};

use support::{at, call, query};

async fn asked(port: u16) -> ProviderError {
    let config = PostgresConfig::new("127.0.0.1", "postgres", "reader").with_port(port);
    let question = query(
        "SELECT 1 AS value",
        at(30),
        Span::from_secs(30),
        Wants::Scalar,
    );
    let call = call(at(30)).with_deadline(Span::from_secs(1));
    let found = PostgresSource::new(config).measure(&question, &call).await;
    found.expect_err("no server")
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    // An authentication that is accepted, and then readiness for queries.
    const LET_IN: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
    // A notice of 2 GiB; notices without end.
    const LONG: &[u8] = b"N\x7f\xff\xff\xffSNOTICE\0CNOTICE\0CNOTICE\0CNOTICE\0CNOTICE\0CNOTICE\0C";
    const NOTICE: &[u8] = b"N\0\0\0\x17SNOTICE\0C00000\0Mhm\0\0";
    for (says, then, kinds) in [
        (&b""[..], Then::Silence, [ErrorKind::Timeout; 2]),
        (b"", Then::Close, [ErrorKind::Unavailable; 2]),
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            Then::Close,
            [ErrorKind::Unavailable; 2],
        ),
        (b"R\0\0\0\x01", Then::Silence, [ErrorKind::Unavailable; 2]),
        (
            b"R\0\0\0\x08\0\0\0\x63",
            Then::Silence,
            [ErrorKind::Unavailable; 2],
        ),
        (LET_IN, Then::Silence, [ErrorKind::Timeout; 2]),
        (LET_IN, Then::Close, [ErrorKind::Unavailable; 2]),
        (
            LET_IN,
            Then::Repeat,
            [ErrorKind::Unavailable, ErrorKind::Timeout],
        ),
        (LONG, Then::Repeat, [ErrorKind::Unavailable; 2]),
        (NOTICE, Then::Repeat, [ErrorKind::Unavailable; 2]),
    ] {
        let started = Instant::now();
        let error = asked(babble(says, then).expect("a port")).await;
        let took = started.elapsed();
        assert!(kinds.contains(&error.kind()), "{says:?} {then:?}: {error}");
        assert!(took < Duration::from_secs(3), "{says:?} {then:?}: {took:?}");
        assert!(
            (1..=401).contains(&error.detail().chars().count()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_says_too_much_is_left() {
    const LONG: &[u8] = b"N\x7f\xff\xff\xffSNOTICE\0CNOTICE\0CNOTICE\0CNOTICE\0CNOTICE\0CNOTICE\0C";
    let error = asked(babble(LONG, Then::Repeat).expect("a port")).await;
    assert!(error.to_string().contains("more than it may"), "{error}");
}

#[tokio::test]
async fn nobody_there_means_that_nothing_was_sent() {
    let error = asked(free_port().expect("a port")).await;
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Unavailable, Sent::Nothing)
    );
}
