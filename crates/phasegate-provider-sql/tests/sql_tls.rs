//! Encryption by rustls with a real PostgreSQL: a trusted authority's certificate for this name is good, and nothing
//! else is.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::sync::Arc;

use phasegate_core::{Decimal, Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource as _, ProviderError, Retry, Sent};
use phasegate_provider_sql::{PostgresConfig, PostgresSource};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use support::{Database, at, call, query};

/// Whether the connection that asks is encrypted, by the server's own account.
const ENCRYPTED: &str = "SELECT ssl::int AS value FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    tls: MakeRustlsConnect,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            issuer: Issuer::new(params, key),
            tls: MakeRustlsConnect::new(config),
        }
    }

    /// A certificate for this name that ends in this year, and its key, in PEM.
    fn certificate(&self, name: &str, until: i32) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer);
        (made.expect("a certificate").pem(), key.serialize_pem())
    }
}

async fn asked(database: &Database, trusted: &Authority) -> Result<Observed, ProviderError> {
    let config = PostgresConfig::new("localhost", "postgres", "reader").with_port(database.port());
    let source = PostgresSource::with_tls(config, trusted.tls.clone());
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
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    // No silent plain text.
    assert_refused(asked(&database, &ours).await, "does not support TLS");
    let (certificate, key) = ours.certificate("localhost", 2100);
    database.encrypt("good", &certificate, &key).await;
    let value: Decimal = "1".parse().expect("a decimal");
    let found = asked(&database, &ours).await.expect("an answer");
    assert_eq!(found, Observed::Scalar { value });
    assert_refused(asked(&database, &theirs).await, "UnknownIssuer");
    let (certificate, key) = ours.certificate("other.example", 2100);
    database.encrypt("elsewhere", &certificate, &key).await;
    assert_refused(asked(&database, &ours).await, "not valid for name");
    let (certificate, key) = ours.certificate("localhost", 2021);
    database.encrypt("old", &certificate, &key).await;
    assert_refused(asked(&database, &ours).await, "expired");
}
