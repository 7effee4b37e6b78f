//! The notifier: one POST for each message, signed, with an id that a repeated message keeps.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Timestamp};
use phasegate_provider::signed::sign;
use phasegate_provider::{
    Call, HttpRequest, HttpTransport, Message, Method, Notifier, Provider, ProviderError, Receipt,
};
use serde::{Deserialize, Serialize};

use crate::config::{WebhookConfig, keys};

/// What is sent: the body of the POST, as JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "receivers read it; a new form is a new type"
)]
pub struct Delivery {
    /// Always `phasegate.message`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was sent, by the sender's clock.
    pub timestamp: Timestamp,
    /// The message.
    pub data: Message,
}

/// Sends messages as signed webhooks, each channel to its own URL.
///
/// The header `webhook-id` is the same for every attempt of one message: receivers see a repetition by it.
/// The body is JSON; the receiver escapes its text for whatever it shows it in.
#[derive(Clone, Debug)]
pub struct WebhookNotifier {
    transport: Arc<dyn HttpTransport>,
    config: WebhookConfig,
}

impl WebhookNotifier {
    /// A notifier. Nothing is read or sent yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: WebhookConfig) -> Self {
        Self { transport, config }
    }
}

impl Provider for WebhookNotifier {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::IdempotencyKey])
    }
}

#[async_trait]
impl Notifier for WebhookNotifier {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let act = format!("send a webhook to {}", message.channel);
        let Some(url) = self.config.channels.get(&message.channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        let url = url.resolve_for(&act)?;
        let keys = keys(&self.config.keys, &act)?;
        if keys.is_empty() {
            return Err(ProviderError::misuse(format!("{act}: there is no key")));
        }
        let delivery = Delivery {
            kind: "phasegate.message".to_owned(),
            timestamp: call.at,
            data: message.clone(),
        };
        let body = serde_json::to_vec(&delivery)
            .map_err(|error| ProviderError::misuse(act.clone()).with_source(error))?;
        let id = id(message, call);
        let secs = call.at.as_unix_millis().div_euclid(1000);
        let request = HttpRequest::new(Method::Post, url.expose())
            .with_header("webhook-id", id.as_str())
            .with_header("webhook-timestamp", secs.to_string())
            .with_header("webhook-signature", sign(&keys, &id, call.at, &body))
            .with_body("application/json", body);
        let sent = self.transport.send(request, call).await;
        let answer = sent.map_err(|error| error.concealed(&act))?;
        let answer = answer.or_error(&act)?;
        Ok(Receipt::new(format!("HTTP {}, id {id}", answer.status)))
    }
}

/// The effect's key where there is one, else a digest of the message: the same for the same message.
fn id(message: &Message, call: &Call) -> String {
    match &call.key {
        Some(key) => format!("msg_{}", key.as_str().replace('/', "_")),
        None => format!("msg_{}", message.digest()),
    }
}
