//! Redis: where it is, how to come in, what its client's errors mean.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use phasegate_provider::{ErrorKind, ProviderError, SecretSource, Sent};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisConnectionInfo, RedisError, Value};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::tls::{TlsConfig, unconnected};
use crate::{BoundedStream, moved};

/// The most bytes that a server may say in one call. `INFO` with statistics of every command has some tens of KiB.
const BYTES_MAX: usize = 4 << 20;

/// Where a Redis is, and who asks.
///
/// ```
/// use phasegate_tcp::redis::RedisEndpoint;
/// let endpoint: RedisEndpoint = serde_json::from_str(r#"{"host": "127.0.0.1"}"#)?;
/// assert_eq!((endpoint.port, endpoint.database), (6379, 0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct RedisEndpoint {
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
    /// The password, where Redis asks for one. Read for each call.
    #[serde(default)]
    pub password: Option<SecretSource>,
    /// Encryption, and whose certificates for the host are good. Default: none; `tls: {}` trusts public authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
}

fn port() -> u16 {
    6379
}

impl RedisEndpoint {
    /// A Redis that asks for no password, its database 0.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            database: 0,
            user: None,
            password: None,
            tls: None,
        }
    }

    /// The same with another database.
    #[must_use]
    pub fn with_database(mut self, database: i64) -> Self {
        self.database = database;
        self
    }

    /// The same for a user, where Redis knows users.
    #[must_use]
    pub fn with_user(mut self, user: Option<String>) -> Self {
        self.user = user;
        self
    }

    /// The same with a password.
    #[must_use]
    pub fn with_password(mut self, password: Option<SecretSource>) -> Self {
        self.password = password;
        self
    }

    /// The same with encryption, or without.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<TlsConfig>) -> Self {
        self.tls = tls;
        self
    }

    /// Connects and comes in; `act` says what for. There is no time limit but the caller's.
    ///
    /// Dropping the future gives the connection up.
    ///
    /// # Errors
    /// Those of [`failure`], with [`Sent::Nothing`] where nobody answered.
    pub async fn link(&self, act: &str) -> Result<RedisLink, ProviderError> {
        let mut login = RedisConnectionInfo::default().set_db(self.database);
        if let Some(user) = &self.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.password {
            login = login.set_password(password.resolve_for(act)?.expose());
        }
        let stream = BoundedStream::connect(&self.host, self.port, BYTES_MAX).await;
        let stream = stream.map_err(|error| unconnected(act, error))?;
        let Some(tls) = &self.tls else {
            return greeted(stream, &login, act).await;
        };
        let encrypted = tls.trust(&self.host, act)?.connect(stream).await;
        let encrypted = encrypted.map_err(|error| unconnected(act, error))?;
        greeted(encrypted, &login, act).await
    }
}

/// Comes in over a connection, and is told so if it may not.
async fn greeted<S>(
    stream: S,
    login: &RedisConnectionInfo,
    act: &str,
) -> Result<RedisLink, ProviderError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let failed = |error: RedisError| failure(act, Sent::Nothing, error);
    // The call's own deadline is what counts.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let connected = MultiplexedConnection::new_with_config(login, stream, config).await;
    let (mut connection, traffic) = connected.map_err(failed)?;
    let mut traffic: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(traffic);
    // Whoever may not come in is told so here.
    let ping = redis::cmd("PING");
    let mut ended = false;
    let watched = async {
        traffic.as_mut().await;
        ended = true;
    };
    let greeted = moved(ping.query_async::<()>(&mut connection), watched).await;
    greeted.map_err(failed)?;
    if ended {
        let told = format!("{act}: the connection was closed");
        return Err(ProviderError::new(
            ErrorKind::Unavailable,
            Sent::Nothing,
            told,
        ));
    }
    Ok(RedisLink {
        connection,
        traffic,
    })
}

/// A connection, and the future that moves its bytes: poll them together, with [`moved`].
#[expect(clippy::exhaustive_structs, reason = "taken apart by who uses it")]
pub struct RedisLink {
    /// What commands are sent on.
    pub connection: MultiplexedConnection,
    /// What moves them.
    pub traffic: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl fmt::Debug for RedisLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLink").finish_non_exhaustive()
    }
}

/// Carries commands out in one transaction and tells what each of them said. Each is sent by itself: of a transaction that
/// is refused as a whole the client cannot make out the answer. Who asks needs `MULTI` and `EXEC` beside the commands.
///
/// Dropping the future before `EXEC` was sent leaves all undone, after that nobody knows.
///
/// # Errors
/// The client's, of the first command that is refused; then nothing was done.
pub async fn transaction(
    connection: &mut MultiplexedConnection,
    commands: &[Cmd],
) -> Result<Vec<Value>, RedisError> {
    let () = redis::cmd("MULTI").query_async(connection).await?;
    for command in commands {
        let () = command.query_async(connection).await?;
    }
    redis::cmd("EXEC").query_async(connection).await
}

/// The client's error as ours; `sent` says how far the request came where the server did not answer. Its text holds no
/// credentials: they never stand in a command of ours.
pub fn failure(act: &str, sent: Sent, error: RedisError) -> ProviderError {
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
