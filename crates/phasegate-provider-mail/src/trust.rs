//! Whom to trust: the same authorities for TLS from the first byte on and for STARTTLS.

use lettre::transport::smtp::client::{
    Certificate, CertificateStore, TlsParameters, TlsParametersBuilder,
};
use phasegate_provider::ProviderError;
use phasegate_tcp::tls::{self, TlsConfig};

use crate::config::MailConfig;

/// How one server is recognised.
#[derive(Clone)]
pub(crate) struct Trust {
    pub(crate) tls: tls::Trust,
    pub(crate) starttls: TlsParameters,
}

impl Trust {
    /// Reads the authorities.
    pub(crate) fn new(config: &MailConfig) -> Result<Self, ProviderError> {
        let misuse =
            |why: &str| ProviderError::misuse(format!("send mail at {}: {why}", config.host));
        let roots = TlsConfig {
            roots_pem: config.roots_pem.clone(),
            trust_public_roots: config.trust_public_roots,
        };
        let tls = roots.trust(&config.host, "send mail")?;
        let store = match config.trust_public_roots {
            true => CertificateStore::WebpkiRoots,
            false => CertificateStore::None,
        };
        let mut starttls = TlsParametersBuilder::new(config.host.clone()).certificate_store(store);
        for pem in &config.roots_pem {
            let certificate = Certificate::from_pem(pem.as_bytes()).ok();
            let unread = || misuse("an authority's certificate cannot be read");
            starttls = starttls.add_root_certificate(certificate.ok_or_else(unread)?);
        }
        let starttls = starttls.build_rustls().ok();
        Ok(Self {
            tls,
            starttls: starttls.ok_or_else(|| misuse("TLS cannot be used"))?,
        })
    }
}
