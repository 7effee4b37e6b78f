//! The event source over the API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::Capability;
use phasegate_provider::{
    Call, EventId, EventSource, HttpEndpoint, HttpTransport, Method, Occurrence, Provider,
    ProviderError,
};
use serde::{Deserialize, Serialize};

use crate::decode::{Alert, occurrences};

/// Which alerts are which scenario.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rule {
    /// The scenario, in the plan's words.
    pub scenario: String,
    /// Labels that an alert must have, each with exactly this value.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

impl Rule {
    /// A rule that every alert fits.
    pub fn new(scenario: impl Into<String>) -> Self {
        Self {
            scenario: scenario.into(),
            labels: BTreeMap::new(),
        }
    }

    /// The same for alerts that have this label.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(name.into(), value.into());
        self
    }
}

/// Where Alertmanager is, and which alerts matter.
///
/// ```
/// use phasegate_provider_alertmanager::AlertmanagerConfig;
/// let config: AlertmanagerConfig = serde_json::from_str(r#"{
///     "endpoint": {"url": "http://alertmanager:9093"},
///     "rules": [{"scenario": "data-loss", "labels": {"alertname": "RowsMissing"}}]
/// }"#)?;
/// assert_eq!(config.rules.len(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AlertmanagerConfig {
    /// The server, without `/api`.
    pub endpoint: HttpEndpoint,
    /// In order: the first that fits counts.
    pub rules: Vec<Rule>,
}

impl AlertmanagerConfig {
    /// A server, and no rules yet.
    pub fn new(endpoint: HttpEndpoint) -> Self {
        Self {
            endpoint,
            rules: Vec::new(),
        }
    }

    /// The same with one more rule, after the others.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// Alerts of Alertmanager as occurrences.
#[derive(Debug)]
pub struct Alertmanager {
    transport: Arc<dyn HttpTransport>,
    config: AlertmanagerConfig,
    /// What was acknowledged and still fires.
    acknowledged: Mutex<BTreeSet<EventId>>,
}

impl Alertmanager {
    /// A source over a server. Nothing is asked yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: AlertmanagerConfig) -> Self {
        Self {
            transport,
            config,
            acknowledged: Mutex::default(),
        }
    }

    fn acknowledged(&self) -> MutexGuard<'_, BTreeSet<EventId>> {
        self.acknowledged
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for Alertmanager {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl EventSource for Alertmanager {
    async fn poll(&self, call: &Call) -> Result<Vec<Occurrence>, ProviderError> {
        let act = "ask Alertmanager for alerts";
        let path = "/api/v2/alerts?active=true&silenced=false&inhibited=false&unprocessed=false";
        let request = self.config.endpoint.request(Method::Get, path, act)?;
        let request = request.without_redirects();
        let answer = self.transport.send(request, call).await?.or_error(act)?;
        let alerts: Vec<Alert> = answer.json(act)?;
        let mut found = occurrences(&alerts, &self.config.rules);
        let firing: BTreeSet<EventId> = found.iter().map(|one| one.id.clone()).collect();
        let mut acknowledged = self.acknowledged();
        acknowledged.retain(|id| firing.contains(id));
        found.retain(|one| !acknowledged.contains(&one.id));
        Ok(found)
    }

    async fn acknowledge(&self, ids: &[EventId], _call: &Call) -> Result<(), ProviderError> {
        self.acknowledged().extend(ids.iter().cloned());
        Ok(())
    }
}
