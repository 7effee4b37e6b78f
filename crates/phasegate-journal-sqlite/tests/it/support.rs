//! What several tests of the SQLite journal need.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::conformance::{SteppedClock, Store};
use phasegate_journal::{Batch, Draft, Head, Holder, Journal, Lease};
use phasegate_journal_sqlite::{SqliteJournal, SqliteReader};
use tempfile::TempDir;

pub(crate) const TTL: Span = Span::from_secs(30);

/// A folder with a journal in it, and a clock that stands still.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) clock: Arc<SteppedClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            clock: Arc::new(SteppedClock::default()),
        }
    }

    pub(crate) fn clock(&self) -> Arc<SteppedClock> {
        Arc::clone(&self.clock)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub(crate) fn journal(&self) -> SqliteJournal {
        SqliteJournal::open(self.path(), self.clock()).expect("a journal")
    }

    pub(crate) fn reader(&self) -> SqliteReader {
        SqliteReader::open(self.path(), self.clock()).expect("a reader")
    }

    /// The file behind the journal's back.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).expect("a file")
    }
}

#[async_trait]
impl Store for Place {
    async fn open(&self) -> Arc<dyn Journal> {
        Arc::new(self.journal())
    }

    async fn pass(&self, span: Span) {
        self.clock.pass(span);
    }
}

pub(crate) fn rollout(id: &str) -> RolloutId {
    id.parse().expect("an id")
}

pub(crate) fn holder(name: &str) -> Holder {
    name.parse().expect("a name")
}

pub(crate) fn draft(kind: &str, payload: &[u8]) -> Draft {
    Draft {
        at: Timestamp::EPOCH,
        kind: kind.to_owned(),
        payload: payload.to_vec(),
    }
}

pub(crate) fn batch(payload: &str) -> Batch {
    Batch::of([draft("k", payload.as_bytes())])
}

pub(crate) fn created(journal: &SqliteJournal, id: &str) -> (Lease, Head) {
    let (rollout, holder) = (rollout(id), holder("a"));
    let made = journal.create(&rollout, &holder, TTL, &[], batch("0"));
    pollster::block_on(made).expect("a rollout")
}

/// A rollout `id` of `count` records with payloads 0, 1, 2 and so on.
pub(crate) fn filled(journal: &SqliteJournal, id: &str, count: u64) -> (Lease, Head) {
    let (lease, mut head) = created(journal, id);
    for n in 1..count {
        let appended = journal.append(&lease, n, batch(&n.to_string()));
        head = pollster::block_on(appended).expect("an append");
    }
    (lease, head)
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).expect("a copy");
}
