//! What the adapter is told, with defaults that are safe.

use std::time::Duration;

use phasegate_provider::points::Gaps;
use phasegate_provider::{HttpEndpoint, Pace};
use phasegate_resilience::{Misuse, Policy};
use serde::{Deserialize, Serialize};

/// Which Graphite, and how its series are read.
///
/// ```
/// use phasegate_provider::HttpEndpoint;
/// use phasegate_provider_graphite::{Gaps, GraphiteConfig};
/// let config = GraphiteConfig::new(HttpEndpoint::new("http://graphite.internal")).with_gaps(Gaps::Zero);
/// let read = r#"{"endpoint": {"url": "http://graphite.internal"}, "gaps": "zero"}"#;
/// assert_eq!(serde_json::from_str::<GraphiteConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GraphiteConfig {
    /// Where the render API is: without `/render`.
    pub endpoint: HttpEndpoint,
    /// What a point without a value means where values are added up. Default: no data.
    #[serde(default)]
    pub gaps: Gaps,
}

impl GraphiteConfig {
    /// A Graphite, read with the defaults.
    pub fn new(endpoint: HttpEndpoint) -> Self {
        Self {
            endpoint,
            gaps: Gaps::NoData,
        }
    }

    /// The same with another reading of gaps.
    #[must_use]
    pub fn with_gaps(mut self, gaps: Gaps) -> Self {
        self.gaps = gaps;
        self
    }
}

/// A policy that suits a server that others use too, which publishes no limits: three attempts within ten seconds,
/// 10 s for each, a breaker that opens after five failures in a row, five questions a second.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    Pace::OWN.limited(5, Duration::from_secs(1), Duration::from_secs(1))
}
