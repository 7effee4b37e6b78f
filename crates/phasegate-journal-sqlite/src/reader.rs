//! The journal that reports read from, while an engine may write to it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use phasegate_core::{Clock, RolloutId, Timestamp};
use phasegate_journal::{
    Head, ReadError, Record, RolloutSummary, Snapshot, StorageError, Transcript,
};
use rusqlite::Connection;

use crate::open;
use crate::options::SqliteOptions;
use crate::read::{self, Answer};
use crate::trouble::Trouble;

/// A journal file opened for reading only. It never changes the file, and it blocks: reports are made
/// by programs that have nothing else to do.
///
/// SQLite needs to write the small `-shm` file beside the journal even so, unless no log is left over.
pub struct SqliteReader {
    path: PathBuf,
    connection: Connection,
    clock: Arc<dyn Clock>,
}

impl SqliteReader {
    /// Opens an existing file; the clock tells which leases have expired.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        let path = path.as_ref().to_path_buf();
        let connection = open::reader(&path, &SqliteOptions::default())?;
        Ok(Self {
            path,
            connection,
            clock,
        })
    }

    /// The records of a rollout from one on, verified; as [`Journal::read`](phasegate_journal::Journal::read).
    pub fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError> {
        self.at_one_moment(|c| read::records(c, rollout, from))
    }

    /// Where a rollout's chain ends.
    pub fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError> {
        self.at_one_moment(|c| read::head(c, rollout))
    }

    /// The latest snapshot of a rollout, if there is one.
    pub fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError> {
        self.at_one_moment(|c| read::snapshot(c, rollout))
    }

    /// All rollouts, in the order of their ids.
    pub fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError> {
        let now = self.clock.now();
        self.at_one_moment(|c| read::rollouts(c, now))
    }

    /// The unfinished rollouts whose `wake_at` is at or before a moment, earliest first.
    pub fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError> {
        let now = self.clock.now();
        self.at_one_moment(|c| read::due(c, before, now))
    }

    /// A whole rollout, verified.
    pub fn export(&self, rollout: &RolloutId) -> Result<Transcript, ReadError> {
        self.at_one_moment(|c| read::transcript(c, rollout))
    }

    /// Runs queries that see the file as it is at one moment.
    fn at_one_moment<T>(
        &self,
        query: impl FnOnce(&Connection) -> Answer<T, ReadError>,
    ) -> Result<T, ReadError> {
        let transaction = self.connection.unchecked_transaction();
        let transaction = transaction.map_err(|e| Trouble::from(e).into_error::<ReadError>())?;
        query(&transaction).unwrap_or_else(|trouble| Err(trouble.into_error()))
    }
}

impl fmt::Debug for SqliteReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteReader")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
