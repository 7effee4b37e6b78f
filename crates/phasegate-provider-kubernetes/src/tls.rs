//! TLS with ring, passed explicitly: no process-wide default is set or needed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::AuthInfo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use secrecy::ExposeSecret as _;

use crate::access::KubernetesError;

/// The cluster's authority alone where one is named, else those that Mozilla publishes.
pub(crate) fn config(config: &Config) -> Result<ClientConfig, KubernetesError> {
    let mut roots = RootCertStore::empty();
    match &config.root_cert {
        Some(certificates) => {
            for certificate in certificates {
                let certificate = CertificateDer::from(certificate.clone());
                roots.add(certificate).map_err(|error| {
                    KubernetesError::access(format!("its certificate authority: {error}"))
                })?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    if roots.is_empty() {
        return Err(KubernetesError::access(
            "its certificate authority has no certificate",
        ));
    }
    let unusable = |error: rustls::Error| KubernetesError::access(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(roots);
    match identity(&config.auth_info)? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(unusable),
        None => Ok(builder.with_no_client_auth()),
    }
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The certificate by which this client says who it is, where a kubeconfig has one.
fn identity(auth: &AuthInfo) -> Result<Option<Identity>, KubernetesError> {
    let AuthInfo {
        client_certificate,
        client_certificate_data,
        client_key,
        client_key_data,
        ..
    } = auth;
    let certificate = bytes(
        client_certificate_data.as_deref(),
        client_certificate.as_ref(),
    );
    let key = client_key_data.as_ref().map(|data| data.expose_secret());
    let key = bytes(key, client_key.as_ref());
    let bad = |what: &str| KubernetesError::access(format!("the client's {what} cannot be read"));
    let certificate = certificate.map_err(|()| bad("certificate"))?;
    let key = key.map_err(|()| bad("key"))?;
    let (Some(certificate), Some(key)) = (certificate, key) else {
        return Ok(None);
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate).collect();
    let chain = chain.map_err(|_error| bad("certificate"))?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_error| bad("key"))?;
    Ok(Some((chain, key)))
}

/// What stands in a kubeconfig in base64, else in the file that it names. Why it cannot be read is not told: it may be a key.
fn bytes(data: Option<&str>, file: Option<&String>) -> Result<Option<Vec<u8>>, ()> {
    if let Some(data) = data {
        return STANDARD.decode(data).map(Some).map_err(|_error| ());
    }
    let read = file.map(std::fs::read).transpose();
    read.map_err(|_error| ())
}
