//! One connection for one call: made, used, closed. A rollout asks a few times a minute, and a connection
//! costs the server some milliseconds; one that is kept would have to be watched.

use std::future::Future;
use std::pin::Pin;

use async_trait::async_trait;
use phasegate_tcp::BoundedStream;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, Error};

/// The most bytes that a server may say in one call. Its greeting is under 2 KiB and one row of numbers too; a
/// number of PostgreSQL's can have 64 KiB.
const BYTES_MAX: usize = 1 << 20;

/// A client, and the future that moves its bytes. Nothing comes in while that is not polled.
pub(crate) struct Link {
    pub(crate) client: Client,
    pub(crate) traffic: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
}

/// Why there is no connection.
pub(crate) enum NoLink {
    /// The server cannot be reached.
    Network(std::io::Error),
    /// It answered, and not as it should.
    Postgres(Error),
    /// Encryption could not be set up.
    Tls(Box<dyn std::error::Error + Send + Sync>),
}

/// How to reach a server; hides what kind of encryption is used.
#[async_trait]
pub(crate) trait Reach: Send + Sync {
    async fn link(&self, host: &str, port: u16, config: &Config) -> Result<Link, NoLink>;
}

/// The encryption that is used.
pub(crate) struct Over<T>(pub(crate) T);

#[async_trait]
impl<T> Reach for Over<T>
where
    T: MakeTlsConnect<BoundedStream, Stream: Send + Unpin + 'static> + Clone + Send + Sync,
    T::TlsConnect: Send + TlsConnect<BoundedStream, Future: Send>,
{
    async fn link(&self, host: &str, port: u16, config: &Config) -> Result<Link, NoLink> {
        let stream = BoundedStream::connect(host, port, BYTES_MAX).await;
        let stream = stream.map_err(NoLink::Network)?;
        let tls = self.0.clone().make_tls_connect(host);
        let tls = tls.map_err(|error| NoLink::Tls(error.into()))?;
        let connected = config.connect_raw(stream, tls).await;
        let (client, traffic) = connected.map_err(NoLink::Postgres)?;
        Ok(Link {
            client,
            traffic: Box::pin(traffic),
        })
    }
}
