//! The notifier: one alert event for each message.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, ChannelId};
use phasegate_provider::{
    Call, HttpEndpoint, HttpTransport, Message, Method, Notifier, Provider, ProviderError, Receipt,
    SecretSource,
};
use serde::{Deserialize, Serialize};

use crate::encode;

/// How much it matters, in the service's words.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the API has these")]
pub enum Severity {
    /// Somebody is called at night.
    Critical,
    /// Something is broken.
    Error,
    /// To be known.
    Info,
    /// To be watched.
    Warning,
}

/// A service that is told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Service {
    /// The integration key of its Events API version 2 integration.
    pub routing_key: SecretSource,
    /// How much its messages matter.
    pub severity: Severity,
}

/// The services, by the names that plans use for channels.
///
/// ```
/// use phasegate_provider_pagerduty::PagerDutyConfig;
/// let config: PagerDutyConfig = serde_json::from_str(
///     r#"{"channels": {"on-call": {"routing_key": {"env": "PAGERDUTY_KEY"}, "severity": "critical"}}}"#,
/// )?;
/// assert_eq!(config.source, "phasegate");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PagerDutyConfig {
    /// The services.
    pub channels: BTreeMap<ChannelId, Service>,
    /// The API. Default `https://events.pagerduty.com`; `https://events.eu.pagerduty.com` is the other one.
    pub api: String,
    /// What alerts name as their source. Default `phasegate`.
    pub source: String,
}

impl Default for PagerDutyConfig {
    fn default() -> Self {
        Self {
            channels: BTreeMap::new(),
            api: "https://events.pagerduty.com".to_owned(),
            source: "phasegate".to_owned(),
        }
    }
}

impl PagerDutyConfig {
    /// The same with another channel.
    #[must_use]
    pub fn with_channel(mut self, name: ChannelId, service: Service) -> Self {
        self.channels.insert(name, service);
        self
    }

    /// The same with another API.
    #[must_use]
    pub fn with_api(mut self, url: impl Into<String>) -> Self {
        self.api = url.into();
        self
    }
}

/// Sends messages as PagerDuty alerts.
#[derive(Clone, Debug)]
pub struct PagerDuty {
    transport: Arc<dyn HttpTransport>,
    config: PagerDutyConfig,
}

impl PagerDuty {
    /// A notifier. Nothing is sent yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: PagerDutyConfig) -> Self {
        Self { transport, config }
    }
}

impl Provider for PagerDuty {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::IdempotencyKey])
    }
}

#[async_trait]
impl Notifier for PagerDuty {
    async fn send(&self, message: &Message, call: &Call) -> Result<Receipt, ProviderError> {
        let act = format!("send to PagerDuty channel {}", message.channel);
        let Some(service) = self.config.channels.get(&message.channel) else {
            return Err(ProviderError::misuse(format!("{act}: no such channel")));
        };
        let key = service.routing_key.resolve_for(&act)?;
        let mut event = encode::event(message, service.severity, &self.config.source, call);
        if let Some(members) = event.as_object_mut() {
            members.insert("routing_key".to_owned(), key.expose().into());
        }
        let request = HttpEndpoint::new(&self.config.api)
            .request(Method::Post, "/v2/enqueue", &act)?
            .with_body("application/json", event.to_string());
        let answer = self.transport.send(request, call).await?;
        let evidence = encode::answered(answer, &act)?;
        Ok(Receipt::new(evidence))
    }
}
