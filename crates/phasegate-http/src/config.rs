//! What the transport is told, with defaults that are safe.

use phasegate_core::Span;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Why a transport cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpConfigError {
    /// A root certificate is not PEM, or not a certificate.
    #[error("root certificate {at} of the configuration cannot be read")]
    Root {
        /// Which one, counted from 1.
        at: usize,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No root certificate at all.
    #[error("no root certificate is trusted: give some, or trust the public ones")]
    NoRoots,
    /// The client could not be built.
    #[error("the HTTP client cannot be built")]
    Client {
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A time that must not be zero.
    #[error("{field} must be more than zero")]
    Zero {
        /// The field of [`HttpConfig`].
        field: &'static str,
    },
}

/// Limits and trust of an HTTP transport.
///
/// ```
/// use phasegate_http::HttpConfig;
/// let config = HttpConfig::default();
/// assert!(config.trust_public_roots);
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HttpConfig {
    /// How long connecting may take, TLS included. Default 5 s.
    pub connect_within: Span,
    /// How long the other side may be silent. Default 10 s.
    pub read_within: Span,
    /// How long a whole exchange may take, redirects included; a call's own deadline may be shorter.
    /// Default 30 s.
    pub total_within: Span,
    /// How many redirects are followed, for `GET` only. Default 3.
    pub redirects_max: u8,
    /// Root certificates to trust, as PEM text (a private authority).
    pub roots_pem: Vec<String>,
    /// Trust the roots that Mozilla publishes? Default yes.
    pub trust_public_roots: bool,
    /// Says who asks. Default `phasegate`.
    pub user_agent: String,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            connect_within: Span::from_secs(5),
            read_within: Span::from_secs(10),
            total_within: Span::from_secs(30),
            redirects_max: 3,
            roots_pem: Vec::new(),
            trust_public_roots: true,
            user_agent: "phasegate".to_owned(),
        }
    }
}

impl HttpConfig {
    pub(crate) fn check(&self) -> Result<(), HttpConfigError> {
        for (field, span) in [
            ("connect_within", self.connect_within),
            ("read_within", self.read_within),
            ("total_within", self.total_within),
        ] {
            if span.is_zero() {
                return Err(HttpConfigError::Zero { field });
            }
        }
        Ok(())
    }

    /// TLS with ring, passed explicitly: no process-wide default is set or needed.
    pub(crate) fn tls(&self) -> Result<ClientConfig, HttpConfigError> {
        let mut roots = RootCertStore::empty();
        if self.trust_public_roots {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for (at, pem) in self.roots_pem.iter().enumerate() {
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| HttpConfigError::Root {
                at: at + 1,
                source,
            };
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| failed(error.to_string().into()))?;
                roots
                    .add(certificate)
                    .map_err(|error| failed(error.into()))?;
            }
        }
        if roots.is_empty() {
            return Err(HttpConfigError::NoRoots);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = |source: rustls::Error| HttpConfigError::Client {
            source: source.into(),
        };
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(client)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(tls)
    }
}
