//! What the adapter is told, with defaults that are safe.

use std::time::Duration;

pub use phasegate_provider::points::Gaps;
use phasegate_provider::{HttpEndpoint, Pace, SecretSource};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// Which Datadog, and how to get in.
///
/// ```
/// use phasegate_provider::{HttpEndpoint, SecretSource};
/// use phasegate_provider_datadog::{DatadogConfig, Gaps};
/// let [api, application] = ["DD_API_KEY", "DD_APP_KEY"].map(|name| SecretSource::Env(name.to_owned()));
/// let config = DatadogConfig::new(HttpEndpoint::new("https://api.datadoghq.eu"), api, application)
///     .with_gaps(Gaps::Zero);
/// let read = r#"{"endpoint": {"url": "https://api.datadoghq.eu"}, "api-key": {"env": "DD_API_KEY"},
///     "application-key": {"env": "DD_APP_KEY"}, "gaps": "zero"}"#;
/// assert_eq!(serde_json::from_str::<DatadogConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DatadogConfig {
    /// The API of the organization's site: `https://api.datadoghq.com`, `https://api.datadoghq.eu`.
    pub endpoint: HttpEndpoint,
    /// The organization's API key.
    pub api_key: SecretSource,
    /// An application key that may do no more than query: scope `timeseries_query`.
    pub application_key: SecretSource,
    /// What it means that nothing was counted where the total is there. Default: no data.
    #[serde(default)]
    pub gaps: Gaps,
}

impl DatadogConfig {
    /// A site, read with the defaults.
    pub fn new(
        endpoint: HttpEndpoint,
        api_key: SecretSource,
        application_key: SecretSource,
    ) -> Self {
        Self {
            endpoint,
            api_key,
            application_key,
            gaps: Gaps::NoData,
        }
    }

    /// The same with another reading of what was not counted.
    #[must_use]
    pub fn with_gaps(mut self, gaps: Gaps) -> Self {
        self.gaps = gaps;
        self
    }
}

/// A policy for the limits of Datadog, which are those of the whole organization: three attempts within twenty
/// seconds, 10 s for each, a breaker that opens after five failures in a row, and 1,600 questions an hour, which is
/// what Datadog published for queries of series before it went over to telling limits in headers. Its page of limits
/// (read in 2026-12) has no number for queries any more: they vary by endpoint and contract, and each answer tells them.
/// `X-RateLimit-Reset` is waited for where it fits into the call's deadline.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::HOSTED.limited(1600, Duration::from_secs(3600), Duration::from_secs(1))
}
