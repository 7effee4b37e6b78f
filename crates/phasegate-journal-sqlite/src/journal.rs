//! The journal that an engine writes to.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{Clock, Now, RolloutId, Span, Timestamp};
use phasegate_journal::{
    AppendError, Batch, Claim, CreateError, Head, Holder, Journal, Lease, LeaseError, ReadError,
    Record, RolloutSummary, Snapshot, StorageError, Transcript, Unavailable,
};
use rusqlite::Connection;

use crate::archive::{self, ArchiveError};
use crate::call::{Access, call, gone};
use crate::open;
use crate::options::SqliteOptions;
use crate::read::{self, Answer};
use crate::worker::{SqliteCounts, Worker};
use crate::write::{self, Beginning};

/// A [`Journal`] in one SQLite file.
///
/// It has one connection on a thread of its own, which commits all calls that wait together. Several
/// handles, also in several processes of one machine, may have the same file open; leases keep them
/// apart. Leases expire by the clock that is given, so all these processes must read the same one.
///
/// Dropping it waits for the thread, which finishes what was handed over: at most a few flushes.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_core::{Clock, Span, Timestamp};
/// use phasegate_journal::{Batch, Draft, Journal};
/// use phasegate_journal_sqlite::SqliteJournal;
///
/// # async fn example(clock: Arc<dyn Clock>) -> Result<(), Box<dyn std::error::Error>> {
/// let journal = SqliteJournal::open("rollouts.db", clock)?;
/// let draft = Draft { at: Timestamp::EPOCH, kind: "created".into(), payload: b"{}".to_vec() };
/// let (rollout, holder) = ("r1".parse()?, "controller-0".parse()?);
/// let (lease, head) = journal
///     .create(&rollout, &holder, Span::from_secs(30), &[], Batch::of([draft]))
///     .await?;
/// // Durable from here on.
/// # Ok(())
/// # }
/// ```
pub struct SqliteJournal {
    path: PathBuf,
    worker: Worker,
}

impl SqliteJournal {
    /// Opens a file, or makes it. Blocks while SQLite checks the file's structure.
    ///
    /// Refused are files on network file systems, files of other programs or of a newer format, damaged
    /// files, and SQLite libraries with known damage bugs.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        Self::open_with(path, clock, &SqliteOptions::default())
    }

    /// As [`open`](Self::open), with options.
    pub fn open_with(
        path: impl AsRef<Path>,
        clock: Arc<dyn Clock>,
        options: &SqliteOptions,
    ) -> Result<Self, StorageError> {
        let path = path.as_ref().to_path_buf();
        let worker = Worker::start(open::writer(&path, options)?, clock)?;
        Ok(Self { path, worker })
    }

    /// The file's path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many calls were answered and how many commits that took, since this handle was opened.
    pub fn counts(&self) -> SqliteCounts {
        self.worker.counts()
    }

    /// A whole rollout, verified, to be kept or moved. Dropping the future is harmless.
    pub async fn export(&self, rollout: &RolloutId) -> Result<Transcript, ReadError> {
        let id = rollout.clone();
        self.call(Access::Read, move |c, _| read::transcript(c, &id))
            .await
    }

    /// Takes a whole rollout in, with its claims if it is not finished. Nobody holds its lease.
    ///
    /// Dropped after its first poll, it may have happened.
    pub async fn import(&self, transcript: Transcript) -> Result<Head, CreateError> {
        self.call(Access::Write, move |c, _| write::import(c, &transcript))
            .await
    }

    /// Moves the records of a finished rollout into `<folder>/<rollout>.jsonl` and returns that path.
    ///
    /// The file is written, flushed and read back before the records are deleted. A crash in between
    /// leaves both, and archiving again mends that. A file of that name with other content is left alone. The rollout's id stays used;
    /// reading it gives [`ReadError::Archived`]. The file is read with [`Transcript::read_from`].
    ///
    /// Dropped after its first poll, it may have happened.
    pub async fn archive(
        &self,
        rollout: &RolloutId,
        folder: impl Into<PathBuf>,
    ) -> Result<PathBuf, ArchiveError> {
        let (id, folder) = (rollout.clone(), folder.into());
        self.call(Access::Write, move |c, _| archive::archive(c, &id, &folder))
            .await
    }

    async fn call<T, E, F>(&self, access: Access, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StorageError> + From<Unavailable> + Send + 'static,
        F: FnOnce(&Connection, Now) -> Answer<T, E> + Send + 'static,
    {
        let (task, answer) = call(access, work);
        self.worker.send(task).await?;
        match answer.recv().await {
            Ok(answer) => answer,
            Err(_closed) => Err(gone().into()),
        }
    }
}

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Journal for SqliteJournal {
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
            rollout: rollout.clone(),
            holder: holder.clone(),
            ttl,
            claims: claims.to_vec(),
            batch,
        };
        self.call(Access::Write, move |c, now| write::create(c, now, new))
            .await
    }

    async fn acquire(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
    ) -> Result<Lease, LeaseError> {
        let (id, holder) = (rollout.clone(), holder.clone());
        self.call(Access::Write, move |c, now| {
            write::acquire(c, now, &id, &holder, ttl)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, ttl: Span) -> Result<Lease, LeaseError> {
        let lease = lease.clone();
        self.call(Access::Write, move |c, now| {
            write::renew(c, now, &lease, ttl)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        let lease = lease.clone();
        self.call(Access::Write, move |c, _| write::release(c, &lease))
            .await
    }

    async fn append(
        &self,
        lease: &Lease,
        expected_next_seq: u64,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        batch.check()?;
        let lease = lease.clone();
        self.call(Access::Write, move |c, _| {
            write::append(c, &lease, expected_next_seq, &batch)
        })
        .await
    }

    async fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError> {
        let id = rollout.clone();
        self.call(Access::Read, move |c, _| read::records(c, &id, from))
            .await
    }

    async fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError> {
        let id = rollout.clone();
        self.call(Access::Read, move |c, _| read::head(c, &id))
            .await
    }

    async fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError> {
        let id = rollout.clone();
        self.call(Access::Read, move |c, _| read::snapshot(c, &id))
            .await
    }

    async fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError> {
        self.call(Access::Read, read::rollouts).await
    }

    async fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError> {
        self.call(Access::Read, move |c, now| read::due(c, before, now))
            .await
    }

    async fn summary(&self, rollout: &RolloutId) -> Result<RolloutSummary, ReadError> {
        let id = rollout.clone();
        self.call(Access::Read, move |c, now| read::summary(c, &id, now))
            .await
    }
}
