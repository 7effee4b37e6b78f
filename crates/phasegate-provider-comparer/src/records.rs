//! Records of both sides, read and compared.

use std::sync::Arc;

use phasegate_core::Ratio;
use phasegate_provider::text::one_line;
use phasegate_provider::{Call, CommandRunner, ErrorKind, Exit, ProviderError, Sent, file};
use phasegate_shadow::{Difference, Records, compare_records};

use crate::config::{RecordsConfig, RecordsFrom};
use crate::words::Words;

/// How many of the records are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HowMany {
    Share(Ratio),
    Sample(u64),
}

/// One comparison of all keys that were chosen.
#[derive(Debug)]
pub(crate) struct Round {
    /// By key.
    pub(crate) cases: Vec<(String, Vec<Difference>)>,
    /// How many fewer there are than were wanted.
    pub(crate) missing: u64,
}

/// Two sources of records.
#[derive(Clone, Debug)]
pub(crate) struct RecordPair {
    pub(crate) config: Arc<RecordsConfig>,
    pub(crate) commands: Option<Arc<dyn CommandRunner>>,
}

impl RecordPair {
    /// Reads both sides and compares them. Nothing is changed anywhere, so every error says that nothing happened.
    pub(crate) async fn round(
        &self,
        words: &Words,
        how_many: HowMany,
        call: &Call,
        act: &str,
    ) -> Result<Round, ProviderError> {
        let call = &call.clone().without_effect();
        let both = tokio::try_join!(
            self.read(&self.config.old, call, act),
            self.read(&self.config.new, call, act),
        );
        let compared = both.and_then(|(old, new)| self.compare(&old, &new, words, how_many, act));
        compared.map_err(|error| error.with_sent(Sent::Nothing))
    }

    fn compare(
        &self,
        old: &Records,
        new: &Records,
        words: &Words,
        how_many: HowMany,
        act: &str,
    ) -> Result<Round, ProviderError> {
        for place in words.places() {
            if !old.have(&place) && !new.have(&place) {
                let told = format!("{act}: no record has anything at {place}");
                return Err(ProviderError::invalid(told));
            }
        }
        let all = compare_records(old, new, &self.config.rules);
        let there = u64::try_from(all.len()).unwrap_or(u64::MAX);
        if there == 0 {
            return Err(ProviderError::no_data(format!(
                "{act}: there are no records"
            )));
        }
        let (chosen, missing): (Box<dyn Fn(u64) -> bool>, u64) = match how_many {
            HowMany::Share(share) => (Box::new(move |number| share.picks(number)), 0),
            HowMany::Sample(wanted) => {
                let most = u128::from(wanted.min(there));
                let before = move |number: u64| u128::from(number) * most / u128::from(there);
                let chosen = move |number: u64| before(number + 1) > before(number);
                (Box::new(chosen), wanted.saturating_sub(there))
            }
        };
        let cases = (0..).zip(all).filter(|(number, _)| chosen(*number));
        let cases = cases.map(|(_, (key, found))| (key, words.covered(found)));
        Ok(Round {
            cases: cases.collect(),
            missing,
        })
    }

    async fn read(
        &self,
        from: &RecordsFrom,
        call: &Call,
        act: &str,
    ) -> Result<Records, ProviderError> {
        let (text, name) = match from {
            RecordsFrom::File(path) => {
                let (path, most, told) = (path.clone(), self.config.bytes_max, act.to_owned());
                let name = path.display().to_string();
                let reading = move || file::read_within(&path, most, &told);
                let read = tokio::task::spawn_blocking(reading).await;
                let read = read.map_err(|error| {
                    let told = format!("{act}: the reading of {name} broke");
                    let kind = ErrorKind::Unavailable;
                    ProviderError::new(kind, Sent::Nothing, told).with_source(error)
                })?;
                (read?, name)
            }
            RecordsFrom::Command(name) => {
                let printed = self.printed(name, call, act).await?;
                (printed, format!("command {name}"))
            }
        };
        Records::read(text.as_bytes(), &self.config.key).map_err(|error| {
            ProviderError::invalid(format!("{act}: {name}: {error}")).with_source(error)
        })
    }

    /// All that a command prints.
    async fn printed(&self, name: &str, call: &Call, act: &str) -> Result<String, ProviderError> {
        let Some(commands) = &self.commands else {
            let told = format!("{act}: there is no command runner for {name}");
            return Err(ProviderError::misuse(told));
        };
        let run = commands.run(name, call).await?;
        let failed = |why: String| {
            let told = format!("{act}: command {name} {why}");
            ProviderError::new(ErrorKind::Unavailable, Sent::Answered, told)
        };
        match run.exit {
            Exit::Code(0) if run.truncated => {
                let told = format!("{act}: command {name} printed more than is kept of it");
                Err(ProviderError::invalid(told))
            }
            Exit::Code(0) => Ok(run.stdout),
            Exit::Code(code) => {
                let last = run.stderr.trim().lines().last().unwrap_or_default();
                Err(failed(format!(
                    "ended with {code}: {}",
                    one_line(last, 200)
                )))
            }
            Exit::Signal(signal) => Err(failed(format!("was ended by signal {signal}"))),
        }
    }
}
