//! What the adapter is told, with defaults that are safe.

use std::sync::Arc;
use std::time::Duration;

use phasegate_provider::{HttpEndpoint, Pace, SecretSource};
use phasegate_resilience::{Bulkhead, BulkheadConfig, Misuse, Policy};
use serde::{Deserialize, Serialize};

/// Which account, and how to get in.
///
/// ```
/// use phasegate_provider::{HttpEndpoint, SecretSource};
/// use phasegate_provider_newrelic::NewRelicConfig;
/// let key = SecretSource::Env("NEW_RELIC_USER_KEY".to_owned());
/// let config = NewRelicConfig::new(HttpEndpoint::new("https://api.eu.newrelic.com"), 1234567, key);
/// let read = r#"{"endpoint": {"url": "https://api.eu.newrelic.com"}, "account": 1234567,
///     "user-key": {"env": "NEW_RELIC_USER_KEY"}}"#;
/// assert_eq!(serde_json::from_str::<NewRelicConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct NewRelicConfig {
    /// The API of the account's region, without `/graphql`: `https://api.newrelic.com`,
    /// `https://api.eu.newrelic.com`.
    pub endpoint: HttpEndpoint,
    /// The account's number.
    pub account: u32,
    /// A user key. It may do what its user may: give it one who may only read.
    pub user_key: SecretSource,
}

impl NewRelicConfig {
    /// An account.
    pub fn new(endpoint: HttpEndpoint, account: u32, user_key: SecretSource) -> Self {
        Self {
            endpoint,
            account,
            user_key,
        }
    }
}

/// A policy for what New Relic publishes (3,000 queries an account and minute, 25 at once a user, and the advice to
/// have no more than five at once): three attempts within twenty seconds, 10 s for each, a breaker that opens after
/// five failures in a row, five questions at once, 600 a minute.
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    let bulkhead = Bulkhead::new(BulkheadConfig::new(5).queue(32));
    Ok(Pace::HOSTED
        .limited(600, Duration::from_secs(60), Duration::from_secs(1))?
        .bulkhead(Arc::new(bulkhead), Duration::from_secs(5)))
}
