//! The flag store: reads the file, replaces it, reads it back.

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Exposure, FlagStore, Provider, ProviderError, Receipt, Sent, file,
};
use serde::{Deserialize, Serialize};

use crate::document::{self, Found, Refusal};

/// Which file, and which variants mean on and off.
///
/// ```
/// use phasegate_provider_flagd::FlagdConfig;
/// let config: FlagdConfig = serde_json::from_str(r#"{"path": "/etc/flagd/flags.json", "on": "blue"}"#)?;
/// assert_eq!((config.on.as_str(), config.off.as_str()), ("blue", "off"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FlagdConfig {
    /// The JSON file that flagd watches.
    pub path: PathBuf,
    /// The variant that means on. Default `on`.
    #[serde(default = "on")]
    pub on: String,
    /// The variant that means off. Default `off`.
    #[serde(default = "off")]
    pub off: String,
}

fn on() -> String {
    "on".to_owned()
}

fn off() -> String {
    "off".to_owned()
}

impl FlagdConfig {
    /// A file whose variants are named `on` and `off`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            on: on(),
            off: off(),
        }
    }

    /// The same file with other names of the variants.
    #[must_use]
    pub fn with_variants(mut self, on: impl Into<String>, off: impl Into<String>) -> Self {
        self.on = on.into();
        self.off = off.into();
        self
    }
}

/// Flags in a file that flagd watches.
#[derive(Clone, Debug)]
pub struct FlagdFile {
    config: FlagdConfig,
}

impl FlagdFile {
    /// A store over a file. Nothing is read yet.
    pub fn new(config: FlagdConfig) -> Self {
        Self { config }
    }

    fn find(&self, text: &str, flag: &TargetId, act: &str) -> Result<Found, ProviderError> {
        let FlagdConfig { path, on, off } = &self.config;
        document::find(text, flag.as_str(), on, off).map_err(|refusal| {
            let shown = path.display();
            let (kind, why) = match refusal {
                Refusal::Missing => (ErrorKind::NotFound, "there is no such flag".to_owned()),
                Refusal::Malformed(why) => (ErrorKind::Invalid, why),
                Refusal::Other(why) => (ErrorKind::Invalid, why.to_owned()),
            };
            ProviderError::new(kind, Sent::Nothing, format!("{act}: {shown}: {why}"))
        })
    }
}

impl Provider for FlagdFile {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FlagStore for FlagdFile {
    async fn read(&self, flag: &TargetId, _call: &Call) -> Result<Exposure, ProviderError> {
        let act = format!("read flag {flag}");
        let text = file::read(&self.config.path, &act)?;
        let share = self.find(&text, flag, &act)?.share;
        Ok(Exposure {
            share,
            native: format!("{} for {share}", self.config.on),
        })
    }

    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        _call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = format!("set flag {flag} to {share}");
        let FlagdConfig { path, on, off } = &self.config;
        let done = file::settle(path, &act, |text| {
            let found = self.find(text, flag, &act)?;
            let differs = found.share != share;
            Ok(differs.then(|| document::with_share(text, &found, share, on, off)))
        })?;
        Ok(Receipt::new(format!("{}: {done}", path.display())))
    }
}
