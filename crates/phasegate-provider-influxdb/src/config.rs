//! What the adapter is told, with defaults that are safe.

use std::time::Duration;

use phasegate_core::Span;
use phasegate_provider::{HttpEndpoint, Pace};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// What it means that nothing was counted where the total is there. InfluxDB answers a count of no points, and a
/// sum of a field that has no points, with nothing or null, never with 0.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AbsentCount {
    /// Perhaps a typing error in a name: there is no data.
    #[default]
    NoData,
    /// None of the events matched.
    Zero,
}

/// Which database, and how its answers are read.
///
/// ```
/// use phasegate_provider::HttpEndpoint;
/// use phasegate_provider_influxdb::{AbsentCount, InfluxdbConfig};
/// let config = InfluxdbConfig::new(HttpEndpoint::new("http://metrics.internal:8086"), "shop")
///     .with_absent_count(AbsentCount::Zero);
/// let read = r#"{"endpoint": {"url": "http://metrics.internal:8086"}, "database": "shop",
///     "absent-count": "zero"}"#;
/// assert_eq!(serde_json::from_str::<InfluxdbConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct InfluxdbConfig {
    /// The server. Give it a user who may only read.
    pub endpoint: HttpEndpoint,
    /// The database.
    pub database: String,
    /// The retention policy, where it is not the database's own default.
    #[serde(default)]
    pub retention_policy: Option<String>,
    /// What it means that nothing was counted where the total is there. Default: no data.
    #[serde(default)]
    pub absent_count: AbsentCount,
    /// How long after its end a window is still answered by a text without bounds, which asks what is so
    /// now. Default 1 min.
    #[serde(default = "now_within")]
    pub now_within: Span,
}

fn now_within() -> Span {
    Span::from_secs(60)
}

impl InfluxdbConfig {
    /// A database, read with the defaults.
    pub fn new(endpoint: HttpEndpoint, database: impl Into<String>) -> Self {
        Self {
            endpoint,
            database: database.into(),
            retention_policy: None,
            absent_count: AbsentCount::NoData,
            now_within: now_within(),
        }
    }

    /// The same in another retention policy.
    #[must_use]
    pub fn with_retention_policy(mut self, policy: impl Into<String>) -> Self {
        self.retention_policy = Some(policy.into());
        self
    }

    /// The same with another reading of absent counts.
    #[must_use]
    pub fn with_absent_count(mut self, absent: AbsentCount) -> Self {
        self.absent_count = absent;
        self
    }

    /// The same with more or less time between a window's end and the present.
    #[must_use]
    pub fn with_now_within(mut self, span: Span) -> Self {
        self.now_within = span;
        self
    }
}

/// A policy that suits a server that others use too, which publishes no limits: three attempts within ten seconds,
/// 10 s for each, a breaker that opens after five failures in a row, ten requests a second.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::OWN.limited(10, Duration::from_secs(1), Duration::from_secs(1))
}
