//! What the proxy is told: where it stands, and what each fault's name means.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;

use phasegate_core::{Ratio, Span};
use serde::{Deserialize, Serialize};

/// What is done to what passes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the proxy must have a rule for each fault"
)]
pub enum Fault {
    /// Nothing passes either way, as where every packet is dropped: connections are taken and stay silent. What waits
    /// passes once it is mended.
    Drop,
    /// What the other side answers comes so much later. What is under way comes at once when it is mended.
    Latency(Span),
    /// Requests arrive and have their effect, and no answer comes. A connection that has missed something is reset when
    /// it is mended, since that cannot be given back.
    LoseResponse,
    /// So many bytes in a second, each way of each connection.
    RateLimit(NonZeroU32),
    /// Connections are reset, those that are open and those that are made.
    Reset,
}

/// For people: `latency of 200ms`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("nothing passes"),
            Self::Latency(by) => write!(f, "latency of {by}"),
            Self::LoseResponse => f.write_str("no answer comes back"),
            Self::RateLimit(bytes) => write!(f, "{bytes} bytes in a second"),
            Self::Reset => f.write_str("connections are reset"),
        }
    }
}

/// One fault, as its name in plans means it.
///
/// ```
/// use phasegate_core::{Ratio, Span};
/// use phasegate_provider_faultproxy::{Fault, FaultConfig};
/// let read = r#"{"fault": {"latency": "200ms"}, "share": "50%"}"#;
/// let slow = FaultConfig::new(Fault::Latency(Span::from_millis(200)))
///     .with_share(Ratio::from_percent(50)?);
/// assert_eq!(serde_json::from_str::<FaultConfig>(read)?, slow);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct FaultConfig {
    /// What is done.
    pub fault: Fault,
    /// On which share of the connections, evenly among those that are made. Default: all.
    #[serde(default = "all")]
    pub share: Ratio,
    /// When it ends if nobody stops it. Default 10 min.
    #[serde(default = "at_most")]
    pub at_most: Span,
}

fn all() -> Ratio {
    Ratio::ONE
}

fn at_most() -> Span {
    Span::from_secs(600)
}

impl FaultConfig {
    /// This, on all connections, for ten minutes at most.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            share: all(),
            at_most: at_most(),
        }
    }

    /// The same on a share of the connections.
    #[must_use]
    pub fn with_share(mut self, share: Ratio) -> Self {
        self.share = share;
        self
    }

    /// The same with another end.
    #[must_use]
    pub fn with_at_most(mut self, span: Span) -> Self {
        self.at_most = span;
        self
    }
}

/// Between whom the proxy stands.
///
/// ```
/// use phasegate_provider_faultproxy::{Fault, FaultConfig, ProxyConfig};
/// let read = r#"{"listen": "127.0.0.1:6380", "upstream": "redis.internal:6379",
///     "faults": {"The cache is gone": {"fault": "reset"}}}"#;
/// let config = ProxyConfig::new("127.0.0.1:6380".parse()?, "redis.internal:6379")
///     .with_fault("The cache is gone", FaultConfig::new(Fault::Reset));
/// assert_eq!(serde_json::from_str::<ProxyConfig>(read)?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ProxyConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where connections go: host and port. The name is looked up for each.
    pub upstream: String,
    /// What can be broken, by the words that plans use.
    #[serde(default)]
    pub faults: BTreeMap<String, FaultConfig>,
    /// How long a connection to the other side may take to come about. Default 5 s.
    #[serde(default = "connect_within")]
    pub connect_within: Span,
}

fn connect_within() -> Span {
    Span::from_secs(5)
}

impl ProxyConfig {
    /// A proxy that can break nothing yet.
    pub fn new(listen: SocketAddr, upstream: impl Into<String>) -> Self {
        Self {
            listen,
            upstream: upstream.into(),
            faults: BTreeMap::new(),
            connect_within: connect_within(),
        }
    }

    /// The same, which can break this too.
    #[must_use]
    pub fn with_fault(mut self, name: impl Into<String>, fault: FaultConfig) -> Self {
        self.faults.insert(name.into(), fault);
        self
    }

    /// The same with more or less time for connecting.
    #[must_use]
    pub fn with_connect_within(mut self, span: Span) -> Self {
        self.connect_within = span;
        self
    }
}
