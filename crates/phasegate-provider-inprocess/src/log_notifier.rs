//! Messages as lines of a file: for a rollout that nobody has to be told about elsewhere, and beside one
//! that tells people.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use phasegate_core::Capability;
use phasegate_provider::{
    Call, ErrorKind, Message, Notifier, Provider, ProviderError, Receipt, Sent,
};
use serde::{Deserialize, Serialize};

/// One line of the log, as JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the format of a line; a new one is a new type"
)]
pub struct LoggedMessage {
    /// When it was handed over, by the caller's clock.
    pub at: phasegate_core::Timestamp,
    /// The idempotency key: two lines with the same one are one message.
    pub key: Option<String>,
    /// The message.
    pub message: Message,
}

/// Appends each message as one line of JSON to a writer, flushed before it answers.
///
/// Every writer's text is escaped by JSON, so a message cannot forge a line. The file is written from the
/// calling task: a line is short and a slow disk delays only the caller.
///
/// ```
/// use phasegate_provider_inprocess::LogNotifier;
/// let notifier = LogNotifier::new(Vec::new());
/// assert!(format!("{notifier:?}").contains("LogNotifier"));
/// ```
pub struct LogNotifier {
    writer: Mutex<Box<dyn Write + Send>>,
}

impl LogNotifier {
    /// Appends to a writer.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        Self {
            writer: Mutex::new(Box::new(writer)),
        }
    }

    /// Appends to a file, which is made if it is missing.
    ///
    /// # Errors
    /// The system's, when the file cannot be opened.
    pub fn append(path: &Path) -> io::Result<Self> {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?;
        Ok(Self::new(file))
    }
}

impl fmt::Debug for LogNotifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogNotifier").finish_non_exhaustive()
    }
}

impl Provider for LogNotifier {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl Notifier for LogNotifier {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let logged = LoggedMessage {
            at: call.at,
            key: call.key.as_ref().map(ToString::to_string),
            message: message.clone(),
        };
        let failed = |sent, error: io::Error| {
            let told = format!("log a message to {}: {error}", message.channel);
            ProviderError::new(ErrorKind::Unavailable, sent, told).with_source(error)
        };
        let mut line = serde_json::to_vec(&logged)
            .map_err(|error| failed(Sent::Nothing, io::Error::from(error)))?;
        line.push(b'\n');
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // A line may have been written in part: nobody knows what a reader has seen.
        writer
            .write_all(&line)
            .and_then(|()| writer.flush())
            .map_err(|error| failed(Sent::Maybe, error))?;
        Ok(Receipt::new(format!("logged {} bytes", line.len())))
    }
}
