//! Encryption by rustls, with ring as its cryptography.

use std::io;
use std::sync::Arc;

use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::BoundedStream;

/// Whose certificates are good. The default trusts Mozilla's authorities, the same on every machine.
///
/// ```
/// use phasegate_tcp::tls::TlsConfig;
/// let public: TlsConfig = serde_json::from_str("{}")?;
/// assert!(public.trust_public_roots && public.roots_pem.is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct TlsConfig {
    /// Authorities that are trusted besides, as PEM.
    #[serde(default)]
    pub roots_pem: Vec<String>,
    /// Are Mozilla's authorities trusted? Default yes.
    #[serde(default = "yes")]
    pub trust_public_roots: bool,
}

fn yes() -> bool {
    true
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            roots_pem: Vec::new(),
            trust_public_roots: true,
        }
    }
}

impl TlsConfig {
    /// What recognises the server of this name; `act` says what for.
    ///
    /// # Errors
    /// [`Misuse`](ErrorKind::Misuse) when an authority cannot be read, nobody is trusted, or the host is no name.
    pub fn trust(&self, host: &str, act: &str) -> Result<Trust, ProviderError> {
        let misuse = |why: &str| ProviderError::misuse(format!("{act} at {host}: {why}"));
        let mut roots = RootCertStore::empty();
        if self.trust_public_roots {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for pem in &self.roots_pem {
            let added = CertificateDer::from_pem_slice(pem.as_bytes())
                .ok()
                .and_then(|der| roots.add(der).ok());
            added.ok_or_else(|| misuse("an authority's certificate cannot be read"))?;
        }
        if roots.is_empty() {
            return Err(misuse("no authority is trusted"));
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client = client.ok().ok_or_else(|| misuse("TLS cannot be used"))?;
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).ok();
        Ok(Trust {
            connector: TlsConnector::from(Arc::new(client)),
            name: name.ok_or_else(|| misuse("the host is no name"))?,
        })
    }
}

/// How one server is recognised.
#[derive(Clone)]
pub struct Trust {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Trust {
    /// Encrypts a connection. There is no time limit but the caller's.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) when the server does not speak TLS or its certificate is not good,
    /// else the connection's own.
    pub async fn connect(&self, stream: BoundedStream) -> io::Result<TlsStream<BoundedStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What it means that a connection could not be made or encrypted: nothing was sent, and a certificate that is not good
/// now will not be another time either.
pub fn unconnected(act: &str, error: io::Error) -> ProviderError {
    let is_refused = error.kind() == io::ErrorKind::InvalidData;
    let failed = ProviderError::new(
        ErrorKind::Unavailable,
        Sent::Nothing,
        format!("{act}: {error}"),
    );
    let failed = failed.with_source(error);
    if is_refused {
        failed.with_retry(Retry::Never)
    } else {
        failed
    }
}
