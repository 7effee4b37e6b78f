//! Records, before and after they are chained, and what is written together in one go.

use std::cmp::Ordering;

use phasegate_core::{RolloutId, Timestamp};

use crate::{Digest, frame};

/// The longest kind of a record, in bytes: a name such as `intent-recorded`.
pub const KIND_LEN_MAX: usize = 64;
/// The largest payload of a record, in bytes. Record 0 holds the plan with its documents; 16 MiB leaves
/// room for the largest one that the plan reader accepts, and every store can hold it in one value.
pub const PAYLOAD_LEN_MAX: usize = 16 * 1024 * 1024;
/// The most records in one batch. An engine writes a handful per event; the bound keeps one commit short.
pub const BATCH_DRAFTS_MAX: usize = 1024;
/// The most payload bytes in one batch, snapshot included: two of the largest values.
pub const BATCH_BYTES_MAX: usize = 2 * PAYLOAD_LEN_MAX;

/// A record before it is chained: the store adds sequence and hashes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the engine writes it out")]
pub struct Draft {
    /// When it was made, by its author's clock.
    pub at: Timestamp,
    /// What it is, for its author: 1 to [`KIND_LEN_MAX`] printable ASCII characters without spaces.
    pub kind: String,
    /// What it says; opaque to the store. At most [`PAYLOAD_LEN_MAX`] bytes.
    pub payload: Vec<u8>,
}

/// A record in its place in the chain.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "stores write it out, and its hash covers every field"
)]
pub struct Record {
    /// Its place, counted from 0 without gaps.
    pub seq: u64,
    /// When it was made, by its author's clock.
    pub at: Timestamp,
    /// What it is, for its author.
    pub kind: String,
    /// What it says; opaque to the store.
    pub payload: Vec<u8>,
    /// The hash of the record before it; for record 0 the hash of [`Head::genesis`].
    pub prev: Digest,
    /// SHA-256 over everything above.
    pub hash: Digest,
}

impl Record {
    /// The hash that belongs to this content, whatever `hash` says.
    pub fn computed_hash(&self) -> Digest {
        frame::record(self.seq, &self.prev, self.at, &self.kind, &self.payload)
    }

    /// The head of a chain that ends with this record.
    pub fn head(&self) -> Head {
        Head {
            next_seq: self.seq.saturating_add(1),
            hash: self.hash,
        }
    }
}

/// The end of a chain: how many records there are, and the hash of the last one.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "stores write it out")]
pub struct Head {
    /// The sequence that the next record gets, which is the number of records.
    pub next_seq: u64,
    /// The hash of the last record.
    pub hash: Digest,
}

impl Head {
    /// The head of the chain of a rollout that has no records yet. It depends on the rollout's id.
    ///
    /// ```
    /// use phasegate_journal::Head;
    /// let (a, b) = (Head::genesis(&"a".parse()?), Head::genesis(&"b".parse()?));
    /// assert_eq!(a.next_seq, 0);
    /// assert_ne!(a.hash, b.hash);
    /// # Ok::<(), phasegate_core::IdError>(())
    /// ```
    pub fn genesis(rollout: &RolloutId) -> Self {
        Self {
            next_seq: 0,
            hash: frame::genesis(rollout),
        }
    }
}

/// A cache of the state that records add up to. The records stay the truth: a snapshot whose format or
/// head does not fit is ignored.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the engine writes it out")]
pub struct Snapshot {
    /// The sequence of the first record that is not in it: go on with `read(rollout, seq)`.
    pub seq: u64,
    /// The format of the body, numbered by its author.
    pub format: u32,
    /// The hash of record `seq - 1`, which is the chain's head that it stands for.
    pub head: Digest,
    /// The state; opaque to the store. At most [`PAYLOAD_LEN_MAX`] bytes.
    pub body: Vec<u8>,
}

/// What is written together: all of it becomes durable, or none.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the engine writes it out")]
pub struct Batch {
    /// The records, in order. May be empty: then only the rest is written.
    pub drafts: Vec<Draft>,
    /// When somebody has to look at this rollout next. Replaces what stood there; `None` clears it.
    pub wake_at: Option<Timestamp>,
    /// Replaces the rollout's snapshot, if there is one here. It may cover this batch's own drafts.
    pub snapshot: Option<Snapshot>,
    /// The rollout is over: its claims and its lease are given back, and it takes no more records.
    pub finished: bool,
}

/// Why a batch cannot be written, whatever the store.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BatchFault {
    /// The first batch of a rollout has no record.
    #[error("a rollout begins with at least one record")]
    Empty,
    /// A kind is not 1 to [`KIND_LEN_MAX`] printable ASCII characters without spaces.
    #[error(
        "kind of draft {index} must be 1 to {KIND_LEN_MAX} printable ASCII characters without spaces"
    )]
    Kind {
        /// Which draft, from 0.
        index: usize,
    },
    /// A payload or snapshot is longer than [`PAYLOAD_LEN_MAX`].
    #[error("{what} has {len} bytes, at most {PAYLOAD_LEN_MAX} are possible")]
    PayloadTooLong {
        /// `draft 3` or `snapshot`.
        what: String,
        /// Its length in bytes.
        len: usize,
    },
    /// The snapshot stands behind the chain's end, or at its end with another hash.
    #[error("snapshot at {seq} does not fit the chain that ends at {next_seq}")]
    Snapshot {
        /// Where the snapshot stands.
        seq: u64,
        /// Where the chain ends with this batch.
        next_seq: u64,
    },
    /// More than [`BATCH_DRAFTS_MAX`] drafts or [`BATCH_BYTES_MAX`] bytes.
    #[error(
        "a batch has at most {BATCH_DRAFTS_MAX} drafts and {BATCH_BYTES_MAX} bytes, this one {drafts} and {bytes}"
    )]
    TooLarge {
        /// How many drafts.
        drafts: usize,
        /// Payload and snapshot bytes in all.
        bytes: usize,
    },
}

impl Batch {
    /// Some records, and nothing else.
    pub fn of(drafts: impl IntoIterator<Item = Draft>) -> Self {
        Self {
            drafts: drafts.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Checks the limits. Stores call it before anything else.
    pub fn check(&self) -> Result<(), BatchFault> {
        let mut bytes = 0usize;
        for (index, draft) in self.drafts.iter().enumerate() {
            let kind = draft.kind.as_bytes();
            if kind.is_empty()
                || kind.len() > KIND_LEN_MAX
                || !kind.iter().all(u8::is_ascii_graphic)
            {
                return Err(BatchFault::Kind { index });
            }
            check_len(draft.payload.len(), || format!("draft {index}"))?;
            bytes = bytes.saturating_add(draft.payload.len());
        }
        if let Some(snapshot) = &self.snapshot {
            check_len(snapshot.body.len(), || "snapshot".to_owned())?;
            bytes = bytes.saturating_add(snapshot.body.len());
        }
        if self.drafts.len() > BATCH_DRAFTS_MAX || bytes > BATCH_BYTES_MAX {
            return Err(BatchFault::TooLarge {
                drafts: self.drafts.len(),
                bytes,
            });
        }
        Ok(())
    }

    /// As [`check`](Self::check), for the first batch of a rollout: it must hold a record.
    pub fn check_first(&self) -> Result<(), BatchFault> {
        self.check()?;
        if self.drafts.is_empty() {
            return Err(BatchFault::Empty);
        }
        Ok(())
    }

    /// Checks the snapshot against the head that the chain has with this batch. Stores call it before
    /// they write.
    pub fn check_against(&self, head: Head) -> Result<(), BatchFault> {
        let Some(snapshot) = &self.snapshot else {
            return Ok(());
        };
        let Head { next_seq, hash } = head;
        let fits = match snapshot.seq.cmp(&next_seq) {
            Ordering::Less => true,
            Ordering::Equal => snapshot.head == hash,
            Ordering::Greater => false,
        };
        let seq = snapshot.seq;
        if fits {
            Ok(())
        } else {
            Err(BatchFault::Snapshot { seq, next_seq })
        }
    }
}

fn check_len(len: usize, what: impl FnOnce() -> String) -> Result<(), BatchFault> {
    if len > PAYLOAD_LEN_MAX {
        return Err(BatchFault::PayloadTooLong { what: what(), len });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: &str, len: usize) -> Draft {
        Draft {
            at: Timestamp::EPOCH,
            kind: kind.to_owned(),
            payload: vec![0; len],
        }
    }

    #[test]
    fn a_batch_outside_its_limits_is_refused() {
        let snapshot = |len| Snapshot {
            seq: 0,
            format: 1,
            head: Digest([0; 32]),
            body: vec![0; len],
        };
        let full = PAYLOAD_LEN_MAX;
        for (name, batch, fits) in [
            ("empty", Batch::default(), true),
            ("plain", Batch::of([draft("created", 0)]), true),
            ("no kind", Batch::of([draft("", 0)]), false),
            ("space", Batch::of([draft("a b", 0)]), false),
            ("control", Batch::of([draft("a\0", 0)]), false),
            ("not ASCII", Batch::of([draft("ä", 0)]), false),
            ("kind of 64", Batch::of([draft(&"k".repeat(64), 0)]), true),
            ("kind of 65", Batch::of([draft(&"k".repeat(65), 0)]), false),
            ("full payload", Batch::of([draft("k", full)]), true),
            ("payload too long", Batch::of([draft("k", full + 1)]), false),
            (
                "two full",
                Batch::of([draft("k", full), draft("k", full)]),
                true,
            ),
            (
                "more than two",
                Batch::of([draft("k", full), draft("k", full), draft("k", 1)]),
                false,
            ),
            ("1024", Batch::of(vec![draft("k", 1); 1024]), true),
            ("1025", Batch::of(vec![draft("k", 1); 1025]), false),
            (
                "snapshot",
                Batch {
                    snapshot: Some(snapshot(full)),
                    ..Batch::default()
                },
                true,
            ),
            (
                "snapshot too long",
                Batch {
                    snapshot: Some(snapshot(full + 1)),
                    ..Batch::default()
                },
                false,
            ),
        ] {
            assert_eq!(batch.check().is_ok(), fits, "{name}");
        }
    }
}
