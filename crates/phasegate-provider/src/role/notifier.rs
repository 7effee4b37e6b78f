//! The role that carries messages to people.

use async_trait::async_trait;
use phasegate_core::ChannelId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Provider, Receipt};
use crate::{Call, ProviderError};

/// A message to people. Its text may hold anything; the adapter escapes it for its system.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Message {
    /// Where to; what the name means stands in the bindings.
    pub channel: ChannelId,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

impl Message {
    /// What it says, as 32 hexadecimal digits: the same for the same message, so that a system which knows it
    /// can see a repetition where there is no effect's key. The first half of a SHA-256.
    ///
    /// ```
    /// use phasegate_provider::Message;
    /// let message = |body: &str| Message {
    ///     channel: "ops".parse().expect("an id"),
    ///     subject: "Held".to_owned(),
    ///     body: body.to_owned(),
    /// };
    /// assert_eq!(message("at 25 %").digest(), message("at 25 %").digest());
    /// assert_ne!(message("at 25 %").digest(), message("at 50 %").digest());
    /// ```
    pub fn digest(&self) -> String {
        let mut digest = Sha256::new();
        for part in [self.channel.as_str(), &self.subject, &self.body] {
            digest.update(part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        let digest = digest.finalize();
        let half = digest.iter().take(16);
        half.map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Carries messages to people. A message may arrive twice, never with another text.
///
/// Dropping the future leaves it unknown whether the message was handed over.
#[async_trait]
pub trait Notifier: Provider {
    /// Hands a message over. Success says that the other side took it, not that anybody read it.
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError>;
}
