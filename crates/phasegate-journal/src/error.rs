//! Errors of a journal. Each answers one question before all others: what may the caller assume now?
//!
//! | variant | was it written? | the caller |
//! |---|---|---|
//! | `Invalid`, `Conflict`, `Fenced`, `Finished`, `NotFound`, `AlreadyExists`, `Claimed`, `HeldBy` | certainly not | mends its view; the store is healthy |
//! | `Unavailable` | certainly not | may call again later, on the same handle |
//! | `Ambiguous` | perhaps | reads back before anything else; the handle stays good |
//! | `Storage` | perhaps | stops acting, drops the handle, opens the store again and reads |
//! | `Corrupt` | – | stops acting on this rollout and calls a person |

use phasegate_core::{RolloutId, Span};

use crate::{BatchFault, ChainFault, Claim, Holder};

/// What kind of thing went wrong in the storage.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum StorageKind {
    /// The handle was closed, or its thread or connection is gone.
    Closed,
    /// The file is damaged, or is not a journal.
    Corrupt,
    /// There is no room left.
    Full,
    /// Reading, writing or flushing failed.
    Io,
    /// The store does something that it never should; a fault in the store or in our use of it.
    Unexpected,
    /// The file's format is newer or otherwise not ours to read, or the library is too old.
    Unsupported,
}

/// The storage failed and the handle is poisoned: every later call on it gives this error again. What
/// was acknowledged before is durable; what was under way may or may not be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("storage failed ({kind:?}): {why}")]
#[non_exhaustive]
pub struct StorageError {
    /// What kind of thing.
    pub kind: StorageKind,
    /// What the storage said.
    pub why: String,
}

impl StorageError {
    /// An error of a kind; for authors of stores.
    pub fn new(kind: StorageKind, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { kind, why }
    }
}

/// The store could not take the call and certainly changed nothing: it is busy, or out of reach.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("store unavailable, nothing was changed: {why}")]
#[non_exhaustive]
pub struct Unavailable {
    /// What the store said.
    pub why: String,
}

impl Unavailable {
    /// For authors of stores.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

/// Why a batch was not appended, or why nobody knows whether it was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the driver must have a rule for each"
)]
pub enum AppendError {
    /// The answer was lost: the batch may be durable, and if not it may still become so until the lease
    /// passes to somebody else. Acquire the lease anew, then read back.
    #[error("append may or may not have happened: {why}")]
    Ambiguous {
        /// How the answer was lost.
        why: String,
    },
    /// The chain ends elsewhere than the caller thinks. Nothing was written.
    #[error("the next record is {actual}, not the one expected")]
    Conflict {
        /// The sequence that the next record gets.
        actual: u64,
    },
    /// Somebody else has taken the lease, or it was released. Nothing was written: stop acting.
    #[error("lease lost: the highest token is {current}")]
    Fenced {
        /// The rollout's highest token so far.
        current: u64,
    },
    /// The rollout is over and takes no more records. Nothing was written.
    #[error("the rollout is finished")]
    Finished,
    /// The batch is not within the limits. Nothing was written.
    #[error(transparent)]
    Invalid(#[from] BatchFault),
    /// There is no such rollout (any more). Nothing was written.
    #[error("no such rollout")]
    NotFound,
    /// The handle is poisoned; see [`StorageError`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing was written; the same call may be made again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a rollout was not created, or why nobody knows whether it was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the driver must have a rule for each"
)]
pub enum CreateError {
    /// There is or was a rollout of this id. Nothing was written.
    #[error("a rollout of this id exists")]
    AlreadyExists,
    /// The answer was lost. Look whether the rollout exists; if it does, acquire its lease and read it.
    #[error("create may or may not have happened: {why}")]
    Ambiguous {
        /// How the answer was lost.
        why: String,
    },
    /// Another rollout holds a resource. Nothing was written.
    #[error("{claim} is held by rollout {by}")]
    Claimed {
        /// Which resource.
        claim: Claim,
        /// Who holds it.
        by: RolloutId,
    },
    /// The batch is empty or not within the limits. Nothing was written.
    #[error(transparent)]
    Invalid(#[from] BatchFault),
    /// The handle is poisoned; see [`StorageError`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing was written; the same call may be made again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a lease was not acquired, renewed or released.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the driver must have a rule for each"
)]
pub enum LeaseError {
    /// The answer was lost. Acquire again: the same holder gets a new token, whatever happened.
    #[error("lease may or may not have changed: {why}")]
    Ambiguous {
        /// How the answer was lost.
        why: String,
    },
    /// Renew, release: the lease is somebody else's by now, or was released.
    #[error("lease lost: the highest token is {current}")]
    Fenced {
        /// The rollout's highest token so far.
        current: u64,
    },
    /// The rollout is over and nobody needs a lease.
    #[error("the rollout is finished")]
    Finished,
    /// Acquire: somebody else holds it.
    #[error("held by {holder} for another {remaining}")]
    HeldBy {
        /// Who.
        holder: Holder,
        /// Until it expires, if it is not renewed.
        remaining: Span,
    },
    /// There is no such rollout.
    #[error("no such rollout")]
    NotFound,
    /// The handle is poisoned; see [`StorageError`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing was changed; the same call may be made again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a lease gives no right (any more); for authors of stores, who turn it into the error of their call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these are all the answers to the question whether a lease holds"
)]
pub enum Denied {
    /// The lease is somebody else's by now, or was released.
    Fenced {
        /// The rollout's highest token so far.
        current: u64,
    },
    /// The rollout is over.
    Finished,
    /// There is no such rollout.
    NotFound,
}

impl From<Denied> for AppendError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Fenced { current } => Self::Fenced { current },
            Denied::Finished => Self::Finished,
            Denied::NotFound => Self::NotFound,
        }
    }
}

impl From<Denied> for LeaseError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Fenced { current } => Self::Fenced { current },
            Denied::Finished => Self::Finished,
            Denied::NotFound => Self::NotFound,
        }
    }
}

/// Why records, heads or snapshots could not be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the driver must have a rule for each"
)]
pub enum ReadError {
    /// The records were moved out of the store.
    #[error("rollout {rollout} was archived to {to}")]
    Archived {
        /// Which rollout.
        rollout: RolloutId,
        /// Where to, in the store's words: a file name.
        to: String,
    },
    /// A record is damaged or missing. Nothing after it can be trusted.
    #[error("journal of rollout {rollout} is damaged at record {seq}: {why}")]
    Corrupt {
        /// Which rollout.
        rollout: RolloutId,
        /// The damaged or missing record.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
    /// There is no such rollout.
    #[error("no such rollout")]
    NotFound,
    /// The handle is poisoned; see [`StorageError`].
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The same call may be made again.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl ReadError {
    /// A broken chain, as a read error.
    pub fn corrupt(rollout: &RolloutId, fault: &ChainFault) -> Self {
        Self::Corrupt {
            rollout: rollout.clone(),
            seq: fault.seq(),
            why: fault.to_string(),
        }
    }
}
