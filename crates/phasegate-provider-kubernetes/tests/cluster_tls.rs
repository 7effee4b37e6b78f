//! Encryption: the certificate of the cluster's own authority for this name is good, and nothing else is. A client's
//! certificate says who it is.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::sync::Arc;

use phasegate_core::Span;
use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent, TrafficRouter as _};
use phasegate_provider_kubernetes::{KubernetesConfig, KubernetesRouter};
use phasegate_testkit::servers::Folder;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use support::{call, config, folder, id, kubeconfig, percent, route};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        let issuer = Issuer::new(params, key);
        Self {
            issuer,
            certificate,
        }
    }

    fn certify(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("signed");
        (made, key)
    }
}

/// A server with a certificate for a name, which wants to see one of its clients; its port.
async fn server(authority: &Authority, name: &str) -> u16 {
    let (certificate, key) = authority.certify(name);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(authority.certificate.der().clone())
        .expect("an authority");
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients.build().expect("a verifier"))
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(tls));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let (mut head, mut next) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut next).await.is_ok() {
                head.extend(next);
            }
            let body = route(5, 95).to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()).await);
            drop(stream.shutdown().await);
        }
    });
    port
}

/// A kubeconfig with a client's certificate, all of it in files.
fn with_files(
    folder: &Folder,
    port: u16,
    trusted: &Authority,
    own: &Authority,
    more: Value,
) -> KubernetesConfig {
    let (certificate, key) = own.certify("somebody");
    let write = |name: &str, text: &str| {
        folder.write(name, text).expect("written");
        folder.path().join(name).display().to_string()
    };
    let mut cluster = json!({"certificate-authority": write("ca", &trusted.certificate.pem())});
    let members = cluster.as_object_mut().expect("an object");
    members.extend(more.as_object().cloned().unwrap_or_default());
    let path = kubeconfig(folder, &format!("https://localhost:{port}"), &cluster);
    let text = std::fs::read_to_string(&path).expect("there");
    let mut read: Value = serde_json::from_str(&text).expect("JSON");
    let user = json!({"client-certificate": write("crt", &certificate.pem()),
        "client-key": write("key", &key.serialize_pem())});
    *read.pointer_mut("/users/0/user").expect("a user") = user;
    folder
        .write("kubeconfig", &read.to_string())
        .expect("written");
    config(path).without_waiting()
}

async fn asked(config: KubernetesConfig) -> Result<phasegate_provider::Traffic, ProviderError> {
    let router = KubernetesRouter::new(config).await.expect("a router");
    let brief = call().with_deadline(Span::from_secs(5));
    router.read(&id("checkout"), &brief).await
}

#[tokio::test]
async fn only_a_certificate_of_the_clusters_authority_for_this_name_is_good() {
    let (ours, theirs, folder) = (Authority::new("ours"), Authority::new("theirs"), folder());
    let good = server(&ours, "localhost").await;
    let config = with_files(&folder, good, &ours, &ours, json!({}));
    assert_eq!(asked(config).await.expect("an answer").canary, percent(5));
    let elsewhere = server(&ours, "other.example").await;
    for (port, trusted, why) in [
        (good, &theirs, "UnknownIssuer"),
        (elsewhere, &ours, "not valid for name"),
    ] {
        let config = with_files(&folder, port, trusted, &ours, json!({}));
        let error = asked(config).await.expect_err(why);
        assert_eq!(
            (error.kind(), error.sent(), error.retry()),
            (ErrorKind::Unavailable, Sent::Nothing, Retry::Never),
            "{error}"
        );
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
    let named = json!({"tls-server-name": "other.example"});
    let config = with_files(&folder, elsewhere, &ours, &ours, named);
    assert!(asked(config).await.is_ok());
    // The server knows no such client.
    let config = with_files(&folder, good, &ours, &theirs, json!({}));
    let error = asked(config).await.expect_err("a stranger");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn what_would_be_unsafe_is_refused_before_anything_is_sent() {
    let folder = folder();
    for (url, more, why) in [
        (
            "https://localhost:9",
            json!({"insecure-skip-tls-verify": true}),
            "insecure-skip-tls-verify",
        ),
        ("http://cluster.example", json!({}), "must begin with https"),
        (
            "https://localhost:9",
            json!({"proxy-url": "http://proxy.example"}),
            "proxy-url",
        ),
        (
            "https://localhost:9",
            json!({"certificate-authority-data": "bm8="}),
            "cluster",
        ),
    ] {
        let config = config(kubeconfig(&folder, url, &more));
        let made = KubernetesRouter::new(config).await;
        let told = made.expect_err(why).to_string();
        assert!(told.contains(why), "{why}: {told}");
    }
}
