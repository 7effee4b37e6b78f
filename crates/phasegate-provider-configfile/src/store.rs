//! The flag store: finds the value, replaces it, reads it back.

use std::collections::BTreeSet;

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Exposure, FlagStore, Provider, ProviderError, Receipt, Sent, file,
};

use crate::config::{ConfigFileConfig, FlagPlace};
use crate::edit::{self, Missing, Value};

/// Flags as values of a configuration file.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    config: ConfigFileConfig,
}

impl ConfigFile {
    /// A store over a file. Nothing is read yet.
    pub fn new(config: ConfigFileConfig) -> Self {
        Self { config }
    }

    fn place(&self, flag: &TargetId, act: &str) -> Result<&FlagPlace, ProviderError> {
        self.config.flags.get(flag).ok_or_else(|| {
            let told = format!("{act}: the configuration names no such flag");
            ProviderError::new(ErrorKind::NotFound, Sent::Nothing, told)
        })
    }

    fn value(&self, text: &str, place: &FlagPlace, act: &str) -> Result<Value, ProviderError> {
        edit::find(self.config.format, text, &place.at).map_err(|missing| {
            let (kind, why) = match missing {
                Missing::Malformed(why) => (ErrorKind::Invalid, why),
                Missing::Nothing => (ErrorKind::NotFound, "there is nothing".to_owned()),
                Missing::NoValue(why) => (ErrorKind::Invalid, why.to_owned()),
            };
            let (shown, at) = (self.config.path.display(), place.at.join("/"));
            ProviderError::new(
                kind,
                Sent::Nothing,
                format!("{act}: {shown} at {at}: {why}"),
            )
        })
    }
}

impl Provider for ConfigFile {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FlagStore for ConfigFile {
    async fn read(&self, flag: &TargetId, _call: &Call) -> Result<Exposure, ProviderError> {
        let act = format!("read flag {flag}");
        let place = self.place(flag, &act)?;
        let text = file::read(&self.config.path, &act)?;
        let value = self.value(&text, place, &act)?;
        let share = place.written.share(&value.text).ok_or_else(|| {
            let at = place.at.join("/");
            ProviderError::invalid(format!("{act}: what stands at {at} is no share"))
        })?;
        let native = format!("{} = {}", place.at.join("/"), value.text);
        Ok(Exposure { share, native })
    }

    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        _call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = format!("set flag {flag} to {share}");
        let place = self.place(flag, &act)?;
        let Some(wanted) = place.written.text(share) else {
            let why = "the value is a switch: only 0% and 100% can be said";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        };
        let done = file::settle(&self.config.path, &act, |text| {
            let value = self.value(text, place, &act)?;
            let differs = place.written.share(&value.text) != Some(share);
            Ok(differs.then(|| edit::with(text, &value.place, &wanted)))
        })?;
        Ok(Receipt::new(format!(
            "{} {} {done}",
            self.config.path.display(),
            place.at.join("/")
        )))
    }
}
