//! Encryption by rustls with a real Redis: a trusted authority's certificate for this name is good, and nothing else is.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use phasegate_core::{Arm, Observed, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_provider::{
    Call, ErrorKind, MetricSource as _, ProviderError, Retry, SecretSource, Sent,
};
use phasegate_provider_redis::{RedisConfig, RedisEndpoint, RedisSource, TlsConfig};
use phasegate_testkit::servers::{Authority, Redis, skipped};

fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig {
        roots_pem: vec![authority.root_pem().to_owned()],
        trust_public_roots: false,
    }
}

/// What the server says at this port, and how many keys it has.
async fn asked(
    server: &Redis,
    port: u16,
    tls: Option<TlsConfig>,
) -> Result<Observed, ProviderError> {
    let password = SecretSource::File(server.password_file());
    let endpoint = RedisEndpoint::new("localhost", port).with_password(Some(password));
    let source = RedisSource::new(RedisConfig::new(endpoint.with_tls(tls)));
    let at: Timestamp = "2026-09-07T12:00:00Z".parse().expect("a moment");
    let query = Query {
        to: "redis".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: "DBSIZE".to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: at.before(Span::from_secs(60)),
            end: at,
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants: Wants::Scalar,
    };
    let found = source
        .measure(&query, &Call::new(at, Span::from_secs(5)))
        .await;
    found.map(|found| found.observed)
}

#[tokio::test]
async fn only_a_valid_certificate_of_a_trusted_authority_for_this_name_is_good() {
    let [ours, theirs] = ["ours", "theirs"].map(|name| Authority::new(name).expect("an authority"));
    for (name, until, trusted, why) in [
        ("localhost", 2100, &ours, None),
        ("localhost", 2100, &theirs, Some("UnknownIssuer")),
        ("other.example", 2100, &ours, Some("not valid for name")),
        ("localhost", 2021, &ours, Some("expired")),
    ] {
        let (certificate, key) = ours.certificate(name, until).expect("made");
        let started = Redis::start_encrypted("marked-secret", (&certificate, &key));
        let Some((port, server)) = started.expect("Redis starts") else {
            skipped("redis-server is not installed");
            return;
        };
        let found = asked(&server, port, Some(trusting(trusted))).await;
        let Some(why) = why else {
            let none = Observed::Scalar { value: 0u64.into() };
            assert_eq!(found.expect("an answer"), none);
            // No silent plain text, on either side.
            let plain = asked(&server, server.port(), Some(trusting(trusted))).await;
            plain.expect_err("no TLS there");
            asked(&server, port, None)
                .await
                .expect_err("only TLS there");
            continue;
        };
        let error = found.expect_err(why);
        assert_eq!(
            (error.kind(), error.sent(), error.retry()),
            (ErrorKind::Unavailable, Sent::Nothing, Retry::Never),
            "{error}"
        );
        let told = error.to_string();
        assert!(told.contains(why), "{why}: {told}");
        assert!(!told.contains("marked-secret"), "{told}");
    }
}

#[tokio::test]
async fn where_nobody_is_trusted_nobody_is_asked() {
    let nobody = TlsConfig {
        roots_pem: Vec::new(),
        trust_public_roots: false,
    };
    let endpoint = RedisEndpoint::new("localhost", 1).with_tls(Some(nobody));
    let trust = endpoint.tls.expect("given").trust("localhost", "ask");
    assert_eq!(trust.expect_err("nobody").kind(), ErrorKind::Misuse);
}
