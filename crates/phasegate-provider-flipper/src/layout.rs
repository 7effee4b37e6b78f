//! Flipper's flags where its Redis adapter keeps them: a set of names, and a hash for each flag.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Exposure, FlagStore, Provider, ProviderError, Receipt, SecretSource, Sent,
};
use redis::aio::MultiplexedConnection;
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo, RedisError};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::gates::{Beside, Gates, percentage};

/// Where Redis is, and where in it Flipper's flags are.
///
/// ```
/// use phasegate_provider_flipper::FlipperRedisConfig;
/// let config: FlipperRedisConfig = serde_json::from_str(r#"{"host": "127.0.0.1", "key_prefix": "shop:"}"#)?;
/// assert_eq!((config.port, config.database), (6379, 0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FlipperRedisConfig {
    /// Its name or address.
    pub host: String,
    /// Its port. Default 6379.
    #[serde(default = "port")]
    pub port: u16,
    /// Which database. Default 0.
    #[serde(default)]
    pub database: i64,
    /// Who asks, where Redis knows users.
    #[serde(default)]
    pub user: Option<String>,
    /// The password, where Redis asks for one.
    #[serde(default)]
    pub password: Option<SecretSource>,
    /// What the adapter puts before its keys. Default: nothing.
    #[serde(default)]
    pub key_prefix: String,
    /// What to do with a flag that has other gates. Default: refuse it.
    #[serde(default)]
    pub beside: Beside,
}

fn port() -> u16 {
    6379
}

impl FlipperRedisConfig {
    /// A Redis that asks for no password, its database 0, without a prefix.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            database: 0,
            user: None,
            password: None,
            key_prefix: String::new(),
            beside: Beside::Refuse,
        }
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(mut self, password: SecretSource) -> Self {
        self.password = Some(password);
        self
    }

    /// The same with a prefix before keys.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// The same with another rule for flags that have other gates.
    #[must_use]
    pub fn with_beside(mut self, beside: Beside) -> Self {
        self.beside = beside;
        self
    }
}

/// Flags of Flipper in Redis.
///
/// A flag exists if its name is in the set `flipper_features`. Changes are one transaction.
#[derive(Clone, Debug)]
pub struct FlipperRedis {
    config: FlipperRedisConfig,
}

impl FlipperRedis {
    /// A store over a Redis. Nothing is connected yet.
    pub fn new(config: FlipperRedisConfig) -> Self {
        Self { config }
    }

    async fn connected(&self, act: &str) -> Result<MultiplexedConnection, ProviderError> {
        let mut login = RedisConnectionInfo::default().set_db(self.config.database);
        if let Some(user) = &self.config.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.config.password {
            login = login.set_password(password.resolve_for(act)?.expose());
        }
        let address = ConnectionAddr::Tcp(self.config.host.clone(), self.config.port);
        let failed = |error: RedisError| failure(act, Sent::Nothing, error);
        let to = address
            .into_connection_info()
            .map_err(failed)?
            .set_redis_settings(login);
        let client = Client::open(to).map_err(failed)?;
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.map_err(failed)?;
        // Whoever may not come in is told so here: of a transaction that is refused as a whole the client
        // cannot make out the answer.
        let greeted = redis::cmd("PING").query_async::<()>(&mut connection).await;
        greeted.map_err(failed)?;
        Ok(connection)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.config.key_prefix)
    }

    async fn gates(
        &self,
        connection: &mut MultiplexedConnection,
        flag: &TargetId,
        act: &str,
    ) -> Result<Gates, ProviderError> {
        let (known, fields): (bool, BTreeMap<String, String>) = redis::pipe()
            .atomic()
            .sismember(self.key("flipper_features"), flag.as_str())
            .hgetall(self.key(flag.as_str()))
            .query_async(connection)
            .await
            .map_err(|error| failure(act, Sent::Answered, error))?;
        if !known {
            let told = format!("{act}: there is no such flag");
            return Err(ProviderError::new(
                ErrorKind::NotFound,
                Sent::Answered,
                told,
            ));
        }
        Ok(Gates::from_fields(&fields))
    }

    async fn write(
        &self,
        flag: &TargetId,
        share: Ratio,
        act: &str,
        sent: &mut Sent,
    ) -> Result<Receipt, ProviderError> {
        let mut connection = self.connected(act).await?;
        let gates = self.gates(&mut connection, flag, act).await?;
        gates.check(self.config.beside, act)?;
        if gates.boolean && share == Ratio::ONE {
            return Ok(Receipt::new("boolean true stood there already"));
        }
        let (key, percentage) = (self.key(flag.as_str()), percentage(share));
        let mut change = redis::pipe();
        change
            .atomic()
            .hset(&key, "percentage_of_actors", &percentage)
            .ignore();
        if gates.boolean {
            change.hdel(&key, "boolean").ignore();
        }
        *sent = Sent::Maybe;
        let () = change
            .query_async(&mut connection)
            .await
            .map_err(|error| failure(act, Sent::Maybe, error))?;
        Ok(Receipt::new(format!(
            "HSET {key} percentage_of_actors {percentage}"
        )))
    }
}

impl Provider for FlipperRedis {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack])
    }
}

#[async_trait]
impl FlagStore for FlipperRedis {
    async fn read(&self, flag: &TargetId, call: &Call) -> Result<Exposure, ProviderError> {
        let act = format!("read flag {flag}");
        let read = async {
            let mut connection = self.connected(&act).await?;
            self.gates(&mut connection, flag, &act).await
        };
        let gates = timeout(call.deadline.to_duration(), read).await;
        gates
            .unwrap_or_else(|_| Err(late(&act, Sent::Nothing)))?
            .exposure(flag, self.config.beside)
    }

    async fn set(
        &self,
        flag: &TargetId,
        share: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        let act = format!("set flag {flag} to {share}");
        let mut sent = Sent::Nothing;
        let write = self.write(flag, share, &act, &mut sent);
        let written = timeout(call.deadline.to_duration(), write).await;
        let receipt = written.unwrap_or_else(|_| Err(late(&act, sent)))?;
        Ok(receipt)
    }
}

fn late(act: &str, sent: Sent) -> ProviderError {
    ProviderError::new(
        ErrorKind::Timeout,
        sent,
        format!("{act}: no answer in time"),
    )
}

/// The client's error as ours. Its text holds no credentials: they never stand in a command of ours.
fn failure(act: &str, sent: Sent, error: RedisError) -> ProviderError {
    // A transaction reports the answers of its commands together.
    let answers = error.clone().into_server_errors();
    let said = |codes: &[&str]| {
        let mut answers = answers.iter().flat_map(|answers| answers.iter());
        answers.any(|(_, answer)| codes.contains(&answer.code()))
    };
    let denied = error.kind() == redis::ErrorKind::AuthenticationFailed;
    let (kind, sent) = if denied || said(&["NOAUTH", "NOPERM", "WRONGPASS"]) {
        (ErrorKind::Denied, Sent::Answered)
    } else if said(&["WRONGTYPE"]) {
        (ErrorKind::Invalid, Sent::Answered)
    } else if answers.is_some() {
        (ErrorKind::Unavailable, Sent::Answered)
    } else if error.kind() == redis::ErrorKind::InvalidClientConfig {
        (ErrorKind::Misuse, Sent::Nothing)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, sent)
    } else {
        (ErrorKind::Unavailable, sent)
    };
    ProviderError::new(kind, sent, format!("{act}: {error}")).with_source(error)
}
