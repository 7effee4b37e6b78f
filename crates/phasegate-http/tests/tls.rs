//! Certificates: a private authority is trusted when it is given, and nothing else is.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::sync::{Arc, Mutex};

use phasegate_core::{Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig, HttpConfigError};
use phasegate_provider::{Call, ErrorKind, HttpRequest, HttpTransport as _, Method, Retry, Sent};
use phasegate_testkit::servers::answer;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server for this name whose certificate ends in this year; its port and certificate.
async fn server(name: &str, until: i32) -> (u16, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let der = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, der)
        .expect("a certificate with its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer(stream, &Mutex::default(), None).await;
                }
            });
        }
    });
    (port, certificate.pem())
}

#[tokio::test]
async fn only_a_valid_certificate_of_a_trusted_authority_for_this_name_is_good() {
    let call = Call::new(Timestamp::EPOCH, Span::from_secs(10));
    for (name, until, trusted, good) in [
        ("localhost", 2100, true, true),
        ("localhost", 2021, true, false),
        ("localhost", 2100, false, false),
        ("other.example", 2100, true, false),
    ] {
        let (port, pem) = server(name, until).await;
        let mut config = HttpConfig::default();
        if trusted {
            config.roots_pem.push(pem);
        }
        let client = HttpClient::new(config).expect("a client");
        let request = HttpRequest::new(Method::Get, format!("https://localhost:{port}/fine"));
        match client.send(request, &call).await {
            Ok(answer) => assert!(good && answer.body == b"fine", "{name} {until} {trusted}"),
            Err(error) => {
                assert!(!good, "{name} {until} {trusted}: {error}");
                assert_eq!(
                    (error.kind(), error.sent()),
                    (ErrorKind::Unavailable, Sent::Nothing)
                );
                assert_eq!(error.retry(), Retry::Never, "{error:?}");
            }
        }
    }
}

#[test]
fn a_configuration_that_trusts_nobody_or_cannot_be_read_is_refused() {
    let mut config = HttpConfig::default();
    config.trust_public_roots = false;
    let nobody = HttpClient::new(config.clone());
    assert!(matches!(nobody, Err(HttpConfigError::NoRoots)));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    config.roots_pem.push(broken.to_owned());
    assert!(matches!(
        HttpClient::new(config.clone()),
        Err(HttpConfigError::Root { at: 1, .. })
    ));
    config.read_within = Span::ZERO;
    assert!(matches!(
        HttpClient::new(config),
        Err(HttpConfigError::Zero { .. })
    ));
}
