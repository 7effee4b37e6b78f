//! The notifier: one POST for each message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, ChannelId};
use phasegate_provider::{
    Call, HttpRequest, HttpTransport, Message, Method, Notifier, Provider, ProviderError, Receipt,
    SecretSource,
};
use serde::{Deserialize, Serialize};

use crate::encode;

/// The channels, by the names that plans use, with the URLs of their workflows. URLs are secrets.
///
/// ```
/// use phasegate_provider_teams::TeamsConfig;
/// let config: TeamsConfig = serde_json::from_str(r#"{"channels": {"ops": {"env": "TEAMS_OPS_URL"}}}"#)?;
/// assert_eq!(config.channels.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TeamsConfig {
    /// The channels.
    pub channels: BTreeMap<ChannelId, SecretSource>,
}

impl TeamsConfig {
    /// The same with another channel.
    #[must_use]
    pub fn with_channel(mut self, name: ChannelId, url: SecretSource) -> Self {
        self.channels.insert(name, url);
        self
    }
}

/// Sends messages to Microsoft Teams.
#[derive(Clone, Debug)]
pub struct Teams {
    transport: Arc<dyn HttpTransport>,
    config: TeamsConfig,
}

impl Teams {
    /// A notifier. Nothing is sent yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: TeamsConfig) -> Self {
        Self { transport, config }
    }
}

impl Provider for Teams {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl Notifier for Teams {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let act = format!("send to Teams channel {}", message.channel);
        let Some(url) = self.config.channels.get(&message.channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        let url = url.resolve_for(&act)?;
        let request = HttpRequest::new(Method::Post, url.expose())
            .with_body("application/json", encode::body(message).to_string());
        let sent = self.transport.send(request, call).await;
        let answer = sent
            .map_err(|error| error.concealed(&act))?
            .or_error(&act)?;
        Ok(Receipt::new(format!("HTTP {}", answer.status)))
    }
}
