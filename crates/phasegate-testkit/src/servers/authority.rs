//! Certificates for servers of tests.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// An authority that vouches for servers, and that nobody trusts who is not told to.
///
/// ```
/// use phasegate_testkit::servers::Authority;
/// let ours = Authority::new("ours")?;
/// let (certificate, key) = ours.certificate("localhost", 2100)?;
/// assert!(ours.root_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// let _connects_to_it = ours.trusted()?;
/// assert!(certificate != ours.root_pem() && key.contains("PRIVATE KEY"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root_pem: String,
}

impl Authority {
    /// A new one of this name.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> io::Result<Self> {
        let made = || {
            let mut params = CertificateParams::new(Vec::new())?;
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let key = KeyPair::generate()?;
            let root_pem = params.self_signed(&key)?.pem();
            let issuer = Issuer::new(params, key);
            Ok(Self { issuer, root_pem })
        };
        made().map_err(|error: Error| io::Error::other(error))
    }

    /// Its own certificate, for whoever is to trust it.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// For clients that trust it and nobody else.
    ///
    /// # Errors
    /// None in fact: its certificate is one.
    pub fn trusted(&self) -> io::Result<ClientConfig> {
        let root = CertificateDer::from_pem_slice(self.root_pem.as_bytes());
        let mut roots = RootCertStore::empty();
        let added = roots.add(root.map_err(io::Error::other)?);
        added.map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?;
        Ok(config.with_root_certificates(roots).with_no_client_auth())
    }

    /// A certificate for a server of this name that is good until this year begins, and its key, both as PEM.
    ///
    /// # Errors
    /// When the name is none, or no key can be made.
    pub fn certificate(&self, name: &str, until: i32) -> io::Result<(String, String)> {
        let made = || {
            let mut params = CertificateParams::new(vec![name.to_owned()])?;
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &self.issuer)?;
            Ok((certificate.pem(), key.serialize_pem()))
        };
        made().map_err(|error: Error| io::Error::other(error))
    }
}
