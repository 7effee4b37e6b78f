//! Encryption by rustls with a real PostgreSQL: a trusted authority's certificate for this name is good, and nothing
//! else is.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use phasegate_core::{Decimal, Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource as _, ProviderError, Retry, Sent};
use phasegate_provider_sql::{PostgresConfig, PostgresSource};
use phasegate_testkit::servers::Authority;
use tokio_postgres_rustls::MakeRustlsConnect;

use support::{Database, at, call, query};

/// Whether the connection that asks is encrypted, by the server's own account.
const ENCRYPTED: &str = "SELECT ssl::int AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

/// Who trusts this authority and nobody else.
fn trusting(authority: &Authority) -> MakeRustlsConnect {
    MakeRustlsConnect::new(authority.trusted().expect("a certificate"))
}

async fn asked(database: &Database, trusted: &Authority) -> Result<Observed, ProviderError> {
    let config = PostgresConfig::new("localhost", "postgres", "reader").with_port(database.port());
    let source = PostgresSource::with_tls(config, trusting(trusted));
    let question = query(ENCRYPTED, at(30), Span::from_secs(30), Wants::Scalar);
    let found = source.measure(&question, &call(at(30))).await;
    found.map(|found| found.observed)
}

fn assert_refused(found: Result<Observed, ProviderError>, why: &str) {
    let error = found.expect_err(why);
    assert_eq!(
        (error.kind(), error.sent(), error.retry()),
        (ErrorKind::Unavailable, Sent::Nothing, Retry::Never),
        "{error}"
    );
    assert!(error.to_string().contains(why), "{why}: {error}");
}

#[tokio::test]
async fn only_a_valid_certificate_of_a_trusted_authority_for_this_name_is_good() {
    let Some(database) = Database::start().await else {
        return;
    };
    let [ours, theirs] = ["ours", "theirs"].map(|name| Authority::new(name).expect("an authority"));
    // No silent plain text.
    assert_refused(asked(&database, &ours).await, "does not support TLS");
    let (certificate, key) = ours.certificate("localhost", 2100).expect("made");
    database.encrypt("good", &certificate, &key).await;
    let value: Decimal = "1".parse().expect("a decimal");
    let found = asked(&database, &ours).await.expect("an answer");
    assert_eq!(found, Observed::Scalar { value });
    assert_refused(asked(&database, &theirs).await, "UnknownIssuer");
    let (certificate, key) = ours.certificate("other.example", 2100).expect("made");
    database.encrypt("elsewhere", &certificate, &key).await;
    assert_refused(asked(&database, &ours).await, "not valid for name");
    let (certificate, key) = ours.certificate("localhost", 2021).expect("made");
    database.encrypt("old", &certificate, &key).await;
    assert_refused(asked(&database, &ours).await, "expired");
}
