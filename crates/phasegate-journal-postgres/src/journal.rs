//! The journal that many engines on many machines write to.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::{
    AppendError, Batch, Change, Changes, Claim, CreateError, Head, Holder, Journal, Lease,
    LeaseError, Peer, ReadError, Record, RolloutSummary, Snapshot, StorageError,
};
use tokio::sync::{Mutex, broadcast};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, NoTls, Socket};

use crate::changes::{Listener, NEWS_KEPT};
use crate::link::{Link, Reach, Shared, Target};
use crate::options::PostgresOptions;
use crate::peers;
use crate::read::{self, Answer};
use crate::trouble::Trouble;
use crate::write::{self, Beginning};

/// A [`Journal`] in PostgreSQL.
///
/// It has one connection, which it makes again after it was lost, and a time limit on every call. All its
/// futures must be polled inside a tokio runtime with time and network.
///
/// What was asked for when a connection was lost or the time ran out is `Ambiguous`: acquire the lease
/// anew, which waits behind whatever is still under way and fences the rest, then read back.
pub struct PostgresJournal {
    reach: Box<dyn Reach>,
    options: PostgresOptions,
    channel: String,
    link: Mutex<Option<Shared>>,
    poison: StdMutex<Option<StorageError>>,
    /// Heads of rollouts that this handle wrote last, to spare a question. The server checks them.
    heads: StdMutex<BTreeMap<RolloutId, Head>>,
    news: broadcast::Sender<Change>,
}

/// No holder of these locks can panic half-way.
fn locked<T>(lock: &StdMutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PostgresJournal {
    /// Connects without encryption, which is right for a local socket or the loopback address, and makes
    /// the schema ready.
    pub async fn connect(config: Config, options: PostgresOptions) -> Result<Self, ReadError> {
        Self::open(config, NoTls, options).await
    }

    /// Connects with the encryption that is given and makes the schema ready. It is required, whatever the
    /// configuration's `sslmode` says: a server without it, and a local socket, which has none, are
    /// [`ReadError::Unavailable`], now and whenever a lost connection is made anew.
    ///
    /// Refused are servers that run with `fsync` off, servers before version 12, and newer formats.
    pub async fn connect_with_tls<T>(
        mut config: Config,
        tls: T,
        options: PostgresOptions,
    ) -> Result<Self, ReadError>
    where
        T: MakeTlsConnect<Socket, Stream: Send + Unpin + 'static> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send + TlsConnect<Socket, Future: Send>,
    {
        // What a configuration says by default, `prefer`, falls back to plain text.
        config.ssl_mode(SslMode::Require);
        Self::open(config, tls, options).await
    }

    async fn open<T>(config: Config, tls: T, options: PostgresOptions) -> Result<Self, ReadError>
    where
        T: MakeTlsConnect<Socket, Stream: Send + Unpin + 'static> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send + TlsConnect<Socket, Future: Send>,
    {
        let (news, _) = broadcast::channel(NEWS_KEPT);
        let target = Target {
            config,
            tls,
            options: options.clone(),
            news: news.clone(),
        };
        let journal = Self {
            reach: Box::new(target),
            channel: options.channel(),
            options,
            link: Mutex::default(),
            poison: StdMutex::default(),
            heads: StdMutex::default(),
            news,
        };
        journal.call(async |_| Ok(Ok::<(), ReadError>(()))).await?;
        Ok(journal)
    }

    /// The connection of the moment, or a new one.
    async fn link(&self) -> Result<Shared, Trouble> {
        if let Some(error) = locked(&self.poison).clone() {
            return Err(Trouble::Storage(error));
        }
        let mut link = self.link.lock().await;
        if let Some(link) = &*link
            && !link.client.is_closed()
        {
            return Ok(Arc::clone(link));
        }
        *link = None;
        let new = Arc::new(self.reach.link().await?);
        *link = Some(Arc::clone(&new));
        Ok(new)
    }

    /// Gives a connection up that lost a call, unless somebody has done so already.
    async fn give_up(&self, lost: &Shared) {
        let mut link = self.link.lock().await;
        if link.as_ref().is_some_and(|link| Arc::ptr_eq(link, lost)) {
            *link = None;
        }
    }

    /// Makes a call within the time limit.
    async fn call<T, E, W>(&self, work: W) -> Result<T, E>
    where
        E: From<Trouble>,
        W: AsyncFnOnce(&Link) -> Answer<T, E>,
    {
        let time = self.options.call_time_max.to_duration();
        let deadline = tokio::time::Instant::now() + time;
        let link = match tokio::time::timeout_at(deadline, self.link()).await {
            Ok(Ok(link)) => link,
            Ok(Err(trouble)) => return Err(self.note(trouble).into()),
            // Nothing of this call was sent.
            Err(elapsed) => return Err(Trouble::unavailable(elapsed.to_string()).into()),
        };
        match tokio::time::timeout_at(deadline, work(&link)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(trouble)) => {
                if matches!(trouble, Trouble::Lost(_)) {
                    self.give_up(&link).await;
                }
                Err(self.note(trouble).into())
            }
            Err(elapsed) => {
                self.give_up(&link).await;
                Err(Trouble::Lost(elapsed.to_string()).into())
            }
        }
    }

    /// Remembers what poisons the handle.
    fn note(&self, trouble: Trouble) -> Trouble {
        if let Trouble::Storage(error) = &trouble {
            *locked(&self.poison) = Some(error.clone());
        }
        trouble
    }

    fn remember(&self, rollout: &RolloutId, head: Option<Head>) {
        let mut heads = locked(&self.heads);
        match head {
            Some(head) => heads.insert(rollout.clone(), head),
            None => heads.remove(rollout),
        };
    }
}

impl fmt::Debug for PostgresJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The configuration may hold a password.
        f.debug_struct("PostgresJournal")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Journal for PostgresJournal {
    async fn create(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
        claims: &[Claim],
        batch: Batch,
    ) -> Result<(Lease, Head), CreateError> {
        batch.check_first()?;
        let new = Beginning {
            rollout,
            holder,
            ttl,
            claims,
            batch: &batch,
        };
        let made = self
            .call(async |link| write::create(link, &self.channel, &new).await)
            .await;
        if let Ok((_, head)) = &made
            && !batch.finished
        {
            self.remember(rollout, Some(*head));
        }
        made
    }

    async fn acquire(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
    ) -> Result<Lease, LeaseError> {
        self.call(async |link| write::acquire(link, rollout, holder, ttl).await)
            .await
    }

    async fn renew(&self, lease: &Lease, ttl: Span) -> Result<Lease, LeaseError> {
        self.call(async |link| write::renew(link, lease, ttl).await)
            .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.remember(&lease.rollout, None);
        self.call(async |link| write::release(link, &self.channel, lease).await)
            .await
    }

    async fn append(
        &self,
        lease: &Lease,
        expected_next_seq: u64,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        batch.check()?;
        let hint = locked(&self.heads).get(&lease.rollout).copied();
        let place = (lease, expected_next_seq);
        let written = self
            .call(async |link| write::append(link, &self.channel, place, hint, &batch).await)
            .await;
        let head = written.as_ref().ok().filter(|_| !batch.finished).copied();
        self.remember(&lease.rollout, head);
        written
    }

    async fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError> {
        self.call(async |link| read::records(link, rollout, from).await)
            .await
    }

    async fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError> {
        self.call(async |link| read::head(link, rollout).await)
            .await
    }

    async fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError> {
        self.call(async |link| read::snapshot(link, rollout).await)
            .await
    }

    async fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError> {
        self.call(read::rollouts).await
    }

    async fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError> {
        self.call(async |link| read::due(link, before).await).await
    }

    async fn summary(&self, rollout: &RolloutId) -> Result<RolloutSummary, ReadError> {
        self.call(async |link| read::summary(link, rollout).await)
            .await
    }

    fn changes(&self) -> Option<Box<dyn Changes>> {
        let news = self.news.subscribe();
        Some(Box::new(Listener { news }))
    }

    async fn announce(&self, me: &Peer, ttl: Span) -> Result<Vec<Peer>, ReadError> {
        self.call(async |link| peers::announce(link, me, ttl).await)
            .await
    }
}
