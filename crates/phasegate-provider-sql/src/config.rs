//! What the adapter is told, with defaults that are safe.

use std::sync::Arc;
use std::time::Duration;

use phasegate_core::Span;
use phasegate_provider::{Pace, SecretSource};
use phasegate_resilience::{Bulkhead, BulkheadConfig, Misuse, Policy};
use serde::{Deserialize, Serialize};

/// Which database, and who asks.
///
/// ```
/// use phasegate_provider::SecretSource;
/// use phasegate_provider_sql::PostgresConfig;
/// let config = PostgresConfig::new("127.0.0.1", "shop", "rollouts")
///     .with_password(SecretSource::File("/run/secrets/rollouts".into()));
/// let read = r#"{"host": "127.0.0.1", "database": "shop", "user": "rollouts",
///     "password": {"file": "/run/secrets/rollouts"}}"#;
/// assert_eq!(serde_json::from_str::<PostgresConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct PostgresConfig {
    /// The server's name or address.
    pub host: String,
    /// Its port. Default 5432.
    #[serde(default = "port")]
    pub port: u16,
    /// The database.
    pub database: String,
    /// Who asks: a role that may read what the texts read, and nothing else.
    pub user: String,
    /// The password, where the server asks for one. Read for each call.
    #[serde(default)]
    pub password: Option<SecretSource>,
    /// The most time for one query, connecting included; less where the call has less. The server gives up at
    /// the same time. Default 10 s.
    #[serde(default = "query_within")]
    pub query_within: Span,
    /// How long after its end a window is still answered by a text without `$2`, which asks what is so now.
    /// Default 1 min.
    #[serde(default = "now_within")]
    pub now_within: Span,
}

fn port() -> u16 {
    5432
}

fn query_within() -> Span {
    Span::from_secs(10)
}

fn now_within() -> Span {
    Span::from_secs(60)
}

impl PostgresConfig {
    /// A database that asks for no password, on the usual port.
    pub fn new(
        host: impl Into<String>,
        database: impl Into<String>,
        user: impl Into<String>,
    ) -> Self {
        Self {
            host: host.into(),
            port: port(),
            database: database.into(),
            user: user.into(),
            password: None,
            query_within: query_within(),
            now_within: now_within(),
        }
    }

    /// The same on another port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(mut self, password: SecretSource) -> Self {
        self.password = Some(password);
        self
    }

    /// The same with more or less time for a query.
    #[must_use]
    pub fn with_query_within(mut self, span: Span) -> Self {
        self.query_within = span;
        self
    }

    /// The same with more or less time between a window's end and the present.
    #[must_use]
    pub fn with_now_within(mut self, span: Span) -> Self {
        self.now_within = span;
        self
    }
}

/// A policy that suits a database which has other work: two attempts within fifteen seconds, 10 s for each, a
/// breaker that opens after three failures in a row, four connections at once out of the hundred that the
/// server allows by default (`max_connections`).
///
/// # Errors
/// None in fact; the parts check their numbers.
pub fn default_policy() -> Result<Policy, Misuse> {
    let pace = Pace {
        attempts: 2,
        total: Duration::from_secs(15),
        pause: Duration::from_millis(500),
        failures: 3,
        ..Pace::OWN
    };
    let bulkhead = Bulkhead::new(BulkheadConfig::new(4).queue(16));
    Ok(pace
        .policy()?
        .bulkhead(Arc::new(bulkhead), Duration::from_secs(5)))
}
