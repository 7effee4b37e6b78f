//! Whom to trust: the same authorities for TLS from the first byte on and for STARTTLS.

use std::sync::Arc;

use lettre::transport::smtp::client::{
    Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use phasegate_provider::ProviderError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::config::MailConfig;

/// How one server is recognised.
#[derive(Clone)]
pub(crate) struct Trust {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
    pub(crate) starttls: TlsParameters,
}

impl Trust {
    /// Reads the authorities.
    pub(crate) fn new(config: &MailConfig) -> Result<Self, ProviderError> {
        let misuse = |why: &str| ProviderError::misuse(format!("mail by {}: {why}", config.host));
        let mut roots = RootCertStore::empty();
        let store = if config.trust_public_roots {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            CertificateStore::WebpkiRoots
        } else {
            CertificateStore::None
        };
        let mut starttls = TlsParametersBuilder::new(config.host.clone()).certificate_store(store);
        for pem in &config.roots_pem {
            let unread = || misuse("an authority's certificate cannot be read");
            let der = CertificateDer::from_pem_slice(pem.as_bytes())
                .ok()
                .ok_or_else(unread)?;
            roots.add(der).ok().ok_or_else(unread)?;
            let certificate = Certificate::from_pem(pem.as_bytes())
                .ok()
                .ok_or_else(unread)?;
            starttls = starttls.add_root_certificate(certificate);
        }
        if roots.is_empty() {
            return Err(misuse("no authority is trusted"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client = client.ok().ok_or_else(|| misuse("TLS cannot be used"))?;
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(config.host.clone()).ok();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(client)),
            name: name.ok_or_else(|| misuse("the host is no name"))?,
            starttls: starttls
                .build_rustls()
                .ok()
                .ok_or_else(|| misuse("TLS cannot be used"))?,
        })
    }
}
