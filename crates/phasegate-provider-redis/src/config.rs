//! What the adapter is told, with defaults that are safe.

use std::time::Duration;

use phasegate_core::Span;
use phasegate_provider::Pace;
use phasegate_resilience::{Misuse, Policy};
use phasegate_tcp::redis::RedisEndpoint;
use serde::{Deserialize, Serialize};

/// What it means that a key does not exist.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Absent {
    /// Perhaps a typing error: there is no measurement.
    #[default]
    Refuse,
    /// That nothing is in it: Redis has no empty lists, sets and hashes.
    Zero,
}

/// Which Redis, and how its numbers are read.
///
/// ```
/// use phasegate_provider_redis::{Absent, RedisConfig, RedisEndpoint};
/// let config = RedisConfig::new(RedisEndpoint::new("127.0.0.1", 6379)).with_absent(Absent::Zero);
/// let read = r#"{"endpoint": {"host": "127.0.0.1"}, "absent": "zero"}"#;
/// assert_eq!(serde_json::from_str::<RedisConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RedisConfig {
    /// The server.
    pub endpoint: RedisEndpoint,
    /// What it means that a key does not exist. Default: nobody knows.
    #[serde(default)]
    pub absent: Absent,
    /// How long after its end a window is still answered: Redis tells what is so now. Default 1 min.
    #[serde(default = "now_within")]
    pub now_within: Span,
}

fn now_within() -> Span {
    Span::from_secs(60)
}

impl RedisConfig {
    /// A server, read with the defaults.
    pub fn new(endpoint: RedisEndpoint) -> Self {
        Self {
            endpoint,
            absent: Absent::Refuse,
            now_within: now_within(),
        }
    }

    /// The same with another reading of keys that do not exist.
    #[must_use]
    pub fn with_absent(mut self, absent: Absent) -> Self {
        self.absent = absent;
        self
    }

    /// The same with more or less time between a window's end and the present.
    #[must_use]
    pub fn with_now_within(mut self, span: Span) -> Self {
        self.now_within = span;
        self
    }
}

/// A policy that suits a server of one's own, which publishes no limits: three attempts within ten seconds, 5 s for
/// each, a breaker that opens after five failures in a row, twenty connections a second.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    let pace = Pace {
        each: Duration::from_secs(5),
        pause: Duration::from_millis(100),
        ..Pace::OWN
    };
    pace.limited(20, Duration::from_secs(1), Duration::from_secs(1))
}
