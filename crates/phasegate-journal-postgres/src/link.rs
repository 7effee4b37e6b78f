//! One connection to the server, made when it is needed and given up when anything is wrong with it.

use std::future::poll_fn;
use std::sync::Arc;

use phasegate_journal::Change;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket};

use crate::changes::change;
use crate::options::PostgresOptions;
use crate::schema;
use crate::statements::Statements;
use crate::trouble::{Trouble, chain};

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) statements: Statements,
    driver: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// How to reach the server; hides what kind of encryption is used.
#[async_trait::async_trait]
pub(crate) trait Reach: Send + Sync {
    async fn link(&self) -> Result<Link, Trouble>;
}

pub(crate) struct Target<T> {
    pub(crate) config: Config,
    pub(crate) tls: T,
    pub(crate) options: PostgresOptions,
    pub(crate) news: broadcast::Sender<Change>,
}

#[async_trait::async_trait]
impl<T> Reach for Target<T>
where
    T: MakeTlsConnect<Socket, Stream: Send + Unpin + 'static> + Clone + Send + Sync,
    T::TlsConnect: Send + TlsConnect<Socket, Future: Send>,
{
    async fn link(&self) -> Result<Link, Trouble> {
        let connected = self.config.connect(self.tls.clone()).await;
        let (client, connection) = connected.map_err(|e| Trouble::unavailable(chain(&e)))?;
        let driver = tokio::spawn(drive(connection, self.news.clone()));
        // From here on dropping anything ends the task with the connection.
        let guard = AbortOnDrop(Some(driver));
        let statements = self.prepare(&client).await.map_err(not_asked_for)?;
        // Whatever happened while there was no connection.
        drop(self.news.send(Change::Any));
        guard.into_link(client, statements)
    }
}

/// Nothing of the caller's was sent yet, so nothing of it can have happened.
fn not_asked_for(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Lost(why) => Trouble::unavailable(why),
        Trouble::Storage(_) | Trouble::Unavailable(_) => trouble,
    }
}

impl<T> Target<T> {
    async fn prepare(&self, client: &Client) -> Result<Statements, Trouble> {
        let (schema, channel) = (&self.options.schema, self.options.channel());
        let millis = self.options.call_time_max.as_millis().max(1);
        let session = format!(
            "SET search_path TO {schema}; SET synchronous_commit TO on; \
             SET statement_timeout TO {millis}; SET idle_in_transaction_session_timeout TO {millis}; \
             SET default_transaction_isolation TO 'read committed'; \
             SET application_name TO 'phasegate'; LISTEN {channel}"
        );
        client
            .batch_execute(&session)
            .await
            .map_err(|e| Trouble::of(&e))?;
        schema::prepare(client, schema).await?;
        Statements::prepare(client).await
    }
}

struct AbortOnDrop(Option<JoinHandle<()>>);

impl AbortOnDrop {
    fn into_link(mut self, client: Client, statements: Statements) -> Result<Link, Trouble> {
        let driver = self.0.take();
        let driver = driver.ok_or_else(|| Trouble::unavailable("the connection's task is gone"))?;
        Ok(Link {
            client,
            statements,
            driver,
        })
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(driver) = &self.0 {
            driver.abort();
        }
    }
}

/// Moves bytes until the connection ends, and passes news on.
async fn drive<S>(mut connection: Connection<Socket, S>, news: broadcast::Sender<Change>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let news = Deaf(news);
    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notification(notification) = message {
            // Nobody may be listening.
            drop(news.0.send(change(notification.payload())));
        }
    }
}

/// With the connection's end, however it comes, nothing is heard until a call connects anew: listeners
/// must know, and make one.
struct Deaf(broadcast::Sender<Change>);

impl Drop for Deaf {
    fn drop(&mut self) {
        // Nobody may be listening.
        drop(self.0.send(Change::Any));
    }
}

/// The connection of the moment, shared by all calls; calls on it are sent one behind the other.
pub(crate) type Shared = Arc<Link>;
