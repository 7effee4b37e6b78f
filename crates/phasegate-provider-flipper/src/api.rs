//! Flipper through its HTTP API.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, TargetId};
use phasegate_provider::{
    Call, Exposure, FlagStore, HttpEndpoint, HttpRequest, HttpTransport, Method, Provider,
    ProviderError, Receipt,
};
use serde::{Deserialize, Serialize};

use crate::gates::{Beside, Gates, percentage};

/// Where the API is, and what to do with other gates.
///
/// ```
/// use phasegate_provider_flipper::{Beside, FlipperConfig};
/// let config: FlipperConfig = serde_json::from_str(
///     r#"{"endpoint": {"url": "https://flags.example.com/api"}, "beside": "keep"}"#,
/// )?;
/// assert_eq!(config.beside, Beside::Keep);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FlipperConfig {
    /// The API, at the path where the application mounts it.
    pub endpoint: HttpEndpoint,
    /// What to do with a flag that has other gates. Default: refuse it.
    #[serde(default)]
    pub beside: Beside,
}

impl FlipperConfig {
    /// An API; flags with other gates are refused.
    pub fn new(endpoint: HttpEndpoint) -> Self {
        Self {
            endpoint,
            beside: Beside::Refuse,
        }
    }

    /// The same API with another rule for flags that have other gates.
    #[must_use]
    pub fn with_beside(mut self, beside: Beside) -> Self {
        self.beside = beside;
        self
    }
}

/// Flags of Flipper, through its HTTP API.
#[derive(Clone, Debug)]
pub struct Flipper {
    transport: Arc<dyn HttpTransport>,
    config: FlipperConfig,
}

impl Flipper {
    /// A store over an API. Nothing is asked yet.
    pub fn new(transport: Arc<dyn HttpTransport>, config: FlipperConfig) -> Self {
        Self { transport, config }
    }

    fn request(
        &self,
        method: Method,
        flag: &TargetId,
        gate: &str,
        act: &str,
    ) -> Result<HttpRequest, ProviderError> {
        // An id holds no character that a path would read as more than text.
        let path = format!("/features/{flag}{gate}");
        let request = self.config.endpoint.request(method, &path, act)?;
        Ok(request.without_redirects())
    }

    async fn gates(&self, flag: &TargetId, act: &str, call: &Call) -> Result<Gates, ProviderError> {
        let request = self.request(Method::Get, flag, "", act)?;
        let answer = self.transport.send(request, call).await?.or_error(act)?;
        answer.json_type(act)?;
        Gates::from_api(&answer.body).map_err(|error| {
            ProviderError::invalid(format!("{act}: the answer is no feature")).with_source(error)
        })
    }
}

impl Provider for Flipper {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FlagStore for Flipper {
    async fn read(&self, flag: &TargetId, call: &Call) -> Result<Exposure, ProviderError> {
        let gates = self.gates(flag, &format!("read flag {flag}"), call).await?;
        gates.exposure(flag, self.config.beside)
    }

    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = format!("set flag {flag} to {share}");
        let gates = self.gates(flag, &act, call).await?;
        gates.check(self.config.beside, &act)?;
        if gates.boolean {
            if share == Ratio::ONE {
                return Ok(Receipt::new("boolean true stood there already"));
            }
            if gates.others {
                let why = "taking its boolean gate away takes its other gates along";
                return Err(ProviderError::misuse(format!("{act}: {why}")));
            }
            let request = self.request(Method::Delete, flag, "/boolean", &act)?;
            self.transport.send(request, call).await?.or_error(&act)?;
        }
        let percentage = percentage(share);
        let form = format!("percentage={percentage}");
        let request = self
            .request(Method::Post, flag, "/percentage_of_actors", &act)?
            .with_body("application/x-www-form-urlencoded", form);
        let answer = self.transport.send(request, call).await?.or_error(&act)?;
        Ok(Receipt::new(format!(
            "HTTP {}, percentage_of_actors {percentage}",
            answer.status
        )))
    }
}
