//! Whatever listens there: a typed error in bounded time and memory, never a value.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::time::{Duration, Instant};

use phasegate_core::{Arm, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_provider::{Call, ErrorKind, MetricSource as _, ProviderError};
use phasegate_provider_redis::{RedisConfig, RedisEndpoint, RedisSource};
use phasegate_testkit::servers::{Then, babble};

async fn asked(port: u16) -> Result<(), ProviderError> {
    let end = Timestamp::EPOCH + Span::from_secs(60);
    let question = Query {
        to: "redis".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: "INFO memory used_memory".to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: Timestamp::EPOCH,
            end,
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants: Wants::Scalar,
    };
    let source = RedisSource::new(RedisConfig::new(RedisEndpoint::new("127.0.0.1", port)));
    let call = Call::new(end, Span::from_secs(1));
    source.measure(&question, &call).await.map(drop)
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    use ErrorKind::{Invalid, Timeout, Unavailable};
    // The client greets twice, and pings.
    for (says, then) in [
        (&b""[..], Then::Silence),
        (b"", Then::Close),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Then::Close),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Then::Silence),
        (b"+OK\r\n+OK\r\n+PONG\r\n", Then::Close),
        (b"+OK\r\n+OK\r\n+PONG\r\n", Then::Silence),
        (b"+OK\r\n", Then::Repeat),
        (b"$2147483647\r\n", Then::Silence),
        (
            b"+OK\r\n+OK\r\n+PONG\r\n$400000000\r\nused_memory:1\r\n",
            Then::Repeat,
        ),
        (b"*1\r\n", Then::Repeat),
        (b"-LOADING Redis is loading\r\n", Then::Repeat),
        (b"*-7\r\n", Then::Repeat),
    ] {
        let started = Instant::now();
        let error = asked(babble(says, then).expect("a port"))
            .await
            .expect_err("no Redis");
        let took = started.elapsed();
        let kinds = [Invalid, Timeout, Unavailable];
        assert!(kinds.contains(&error.kind()), "{says:?} {then:?}: {error}");
        assert!(took < Duration::from_secs(3), "{says:?} {then:?}: {took:?}");
        assert!(
            (1..=401).contains(&error.detail().chars().count()),
            "{error}"
        );
    }
}
