//! The notifier: one POST for each message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, ChannelId};
use phasegate_provider::{
    Call, Credential, HttpEndpoint, HttpRequest, HttpTransport, Message, Method, Notifier,
    Provider, ProviderError, Receipt, SecretSource,
};
use serde::{Deserialize, Serialize};

use crate::encode;

/// Where a channel's messages go.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum SlackChannel {
    /// To a channel that a bot may write to.
    Api {
        /// The bot's token (`xoxb-…`), with the scope `chat:write`.
        token: SecretSource,
        /// The channel's id: `C0123456789`.
        channel: String,
    },
    /// To the channel of an incoming webhook.
    Webhook {
        /// Its URL, which is a secret.
        url: SecretSource,
    },
}

/// The channels, by the names that plans use.
///
/// ```
/// use phasegate_provider_slack::SlackConfig;
/// let config: SlackConfig = serde_json::from_str(r#"{"channels": {
///     "ops": {"webhook": {"url": {"env": "SLACK_OPS_URL"}}},
///     "all": {"api": {"token": {"file": "/run/secrets/slack"}, "channel": "C0123456789"}}
/// }}"#)?;
/// assert_eq!(config.channels.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SlackConfig {
    /// The channels.
    pub channels: BTreeMap<ChannelId, SlackChannel>,
    /// The API. Default `https://slack.com/api`; `https://slack-gov.com/api` is the other one.
    pub api: String,
}

impl Default for SlackConfig {
    fn default() -> Self {
        Self {
            channels: BTreeMap::new(),
            api: "https://slack.com/api".to_owned(),
        }
    }
}

impl SlackConfig {
    /// The same with another channel.
    #[must_use]
    pub fn with_channel(mut self, name: ChannelId, channel: SlackChannel) -> Self {
        self.channels.insert(name, channel);
        self
    }

    /// The same with another API.
    #[must_use]
    pub fn with_api(mut self, url: impl Into<String>) -> Self {
        self.api = url.into();
        self
    }
}

/// Sends messages to Slack.
#[derive(Clone, Debug)]
pub struct Slack {
    transport: Arc<dyn HttpTransport>,
    config: SlackConfig,
}

impl Slack {
    /// A notifier. Nothing is sent yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: SlackConfig) -> Self {
        Self { transport, config }
    }
}

impl Provider for Slack {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl Notifier for Slack {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let act = format!("send to Slack channel {}", message.channel);
        let Some(channel) = self.config.channels.get(&message.channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        let json = "application/json; charset=utf-8";
        let evidence = match channel {
            SlackChannel::Api { token, channel } => {
                let endpoint = HttpEndpoint::new(&self.config.api)
                    .with_credential(Credential::Bearer(token.clone()));
                let request = endpoint
                    .request(Method::Post, "/chat.postMessage", &act)?
                    .with_body(json, encode::body(message, Some(channel)).to_string());
                encode::api_answer(self.transport.send(request, call).await?, &act)?
            }
            SlackChannel::Webhook { url } => {
                let url = url.resolve_for(&act)?;
                let request = HttpRequest::new(Method::Post, url.expose())
                    .with_body(json, encode::body(message, None).to_string());
                let sent = self.transport.send(request, call).await;
                encode::webhook_answer(sent.map_err(|error| error.concealed(&act))?, &act)?
            }
        };
        Ok(Receipt::new(evidence))
    }
}
