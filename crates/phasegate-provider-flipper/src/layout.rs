//! Flipper's flags where its Redis adapter keeps them: a set of names, and a hash for each flag.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use phasegate_core::{Capability, Ratio, TargetId};
use phasegate_provider::{
    Call, ErrorKind, Exposure, FlagStore, Provider, ProviderError, Receipt, SecretSource, Sent,
};
use phasegate_tcp::moved;
use phasegate_tcp::redis::{RedisEndpoint, RedisLink, failure, transaction};
use phasegate_tcp::tls::TlsConfig;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value, from_redis_value};
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
    /// Encryption, and whose certificates for the host are good. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
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
            tls: None,
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

    /// The same with encryption.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
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

    fn endpoint(&self) -> RedisEndpoint {
        RedisEndpoint::new(&self.host, self.port)
            .with_database(self.database)
            .with_user(self.user.clone())
            .with_password(self.password.clone())
            .with_tls(self.tls.clone())
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

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.config.key_prefix)
    }

    async fn gates(
        &self,
        connection: &mut MultiplexedConnection,
        flag: &TargetId,
        act: &str,
    ) -> Result<Gates, ProviderError> {
        let is_member = Cmd::sismember(self.key("flipper_features"), flag.as_str());
        let all = Cmd::hgetall(self.key(flag.as_str()));
        let said = transaction(connection, &[is_member, all]).await;
        let (known, fields): (bool, BTreeMap<String, String>) = said
            .and_then(|said| Ok(from_redis_value(Value::Array(said))?))
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
        connection: &mut MultiplexedConnection,
        flag: &TargetId,
        share: Ratio,
        act: &str,
        sent: &mut Sent,
    ) -> Result<Receipt, ProviderError> {
        let gates = self.gates(connection, flag, act).await?;
        gates.check(self.config.beside, act)?;
        if gates.boolean && share == Ratio::ONE {
            return Ok(Receipt::new("boolean true stood there already"));
        }
        let (key, percentage) = (self.key(flag.as_str()), percentage(share));
        let mut change = vec![Cmd::hset(&key, "percentage_of_actors", &percentage)];
        if gates.boolean {
            change.push(Cmd::hdel(&key, "boolean"));
        }
        *sent = Sent::Maybe;
        transaction(connection, &change)
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
            let RedisLink {
                mut connection,
                traffic,
            } = self.config.endpoint().link(&act).await?;
            moved(self.gates(&mut connection, flag, &act), traffic).await
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
        let write = async {
            let RedisLink {
                mut connection,
                traffic,
            } = self.config.endpoint().link(&act).await?;
            let write = self.write(&mut connection, flag, share, &act, &mut sent);
            moved(write, traffic).await
        };
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
