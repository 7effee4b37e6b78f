//! The role that carries messages to people.

use async_trait::async_trait;
use phasegate_core::ChannelId;
use serde::{Deserialize, Serialize};

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

/// Carries messages to people. A message may arrive twice, never with another text.
///
/// Dropping the future leaves it unknown whether the message was handed over.
#[async_trait]
pub trait Notifier: Provider {
    /// Hands a message over. Success says that the other side took it, not that anybody read it.
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError>;
}
