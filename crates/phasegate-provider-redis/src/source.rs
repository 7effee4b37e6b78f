//! The role: one command, and what its answer means.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use phasegate_core::{Capability, Decimal, Measurement, Observed, Query, Wants};
use phasegate_provider::{
    Call, ErrorKind, MetricSource, Provider, ProviderError, Sent, answers_now,
};
use phasegate_tcp::moved;
use phasegate_tcp::redis::{RedisLink, failure};
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, RedisError, Value};
use tokio::time::timeout;

use crate::answer::{group, info, invalid, number};
use crate::config::{Absent, RedisConfig};
use crate::text::Asked;

/// A Redis. Its futures must be polled inside a tokio runtime with time and network.
#[derive(Clone, Debug)]
pub struct RedisSource {
    config: RedisConfig,
}

impl RedisSource {
    /// A source that asks this Redis. Nothing is connected yet.
    pub fn new(config: RedisConfig) -> Self {
        Self { config }
    }

    async fn found(
        &self,
        asked: Asked<'_>,
        unit: &str,
        act: &str,
    ) -> Result<Decimal, ProviderError> {
        let RedisLink {
            mut connection,
            traffic,
        } = self.config.endpoint.link(act).await?;
        moved(self.ask(asked, unit, &mut connection, act), traffic).await
    }

    async fn ask(
        &self,
        asked: Asked<'_>,
        unit: &str,
        connection: &mut MultiplexedConnection,
        act: &str,
    ) -> Result<Decimal, ProviderError> {
        match asked {
            Asked::Group {
                stream,
                group: name,
                field,
            } => {
                let mut command = redis::cmd("XINFO");
                command.arg("GROUPS").arg(stream);
                let groups: Vec<BTreeMap<String, Value>> =
                    answer(command.query_async(connection).await, act)?;
                group(&groups, name, field, act)
            }
            Asked::Info {
                section,
                field,
                part,
            } => {
                let mut command = redis::cmd("INFO");
                command.arg(section);
                let said: String = answer(command.query_async(connection).await, act)?;
                info(&said, field, part, unit, act)
            }
            Asked::Keys => {
                let keys: u64 = answer(redis::cmd("DBSIZE").query_async(connection).await, act)?;
                Ok(Decimal::from(keys))
            }
            Asked::Length { command, key } => {
                // Two commands and no transaction: of one that is refused the client cannot make out the answer.
                let mut measure = redis::cmd(command);
                measure.arg(key);
                let length: u64 = answer(measure.query_async(connection).await, act)?;
                let mut look = redis::cmd("EXISTS");
                look.arg(key);
                if length > 0 || answer(look.query_async(connection).await, act)? {
                    Ok(Decimal::from(length))
                } else {
                    self.absent(key, act)
                }
            }
            Asked::Number { key } => {
                let mut command = redis::cmd("GET");
                command.arg(key);
                let said: Option<String> = answer(command.query_async(connection).await, act)?;
                match said {
                    Some(said) => number(&said, key, unit, act),
                    None => self.absent(key, act),
                }
            }
        }
    }

    fn absent(&self, key: &str, act: &str) -> Result<Decimal, ProviderError> {
        match self.config.absent {
            Absent::Zero => Ok(Decimal::ZERO),
            Absent::Refuse => {
                let key: String = key.chars().take(80).collect();
                let why = format!("there is no key '{key}': set absent to zero if it may be gone");
                Err(invalid(&why, act))
            }
        }
    }
}

/// The client's answer as ours. What is refused is the text's fault, what is of another type is no number.
fn answer<T: FromRedisValue>(said: Result<T, RedisError>, act: &str) -> Result<T, ProviderError> {
    said.map_err(|error| {
        use redis::{ErrorKind as Kind, ServerErrorKind};
        let kind = error.kind();
        if matches!(kind, Kind::Parse | Kind::UnexpectedReturnType) {
            invalid("the answer is of another form", act)
        } else if kind == Kind::Server(ServerErrorKind::ResponseError) {
            invalid(&error.to_string(), act)
        } else {
            failure(act, Sent::Maybe, error)
        }
    })
}

impl Provider for RedisSource {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::MeasureScalar])
    }
}

#[async_trait]
impl MetricSource for RedisSource {
    async fn measure(&self, query: &Query, call: &Call) -> Result<Measurement, ProviderError> {
        let act = &format!("query redis for {}", query.kpi);
        if query.wants != Wants::Scalar {
            let why = "Redis has one number at a time, and no other form";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        let asked = Asked::parse(&query.text, act)?;
        answers_now(query, call, self.config.now_within, act)?;
        let found = self.found(asked, &query.unit, act);
        let found = timeout(call.deadline.to_duration(), found).await;
        let value = found.unwrap_or_else(|_| {
            let told = format!("{act}: no answer in time");
            Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told))
        })?;
        Ok(Measurement {
            window: query.window,
            samples: 1,
            observed: Observed::Scalar { value },
        })
    }
}
