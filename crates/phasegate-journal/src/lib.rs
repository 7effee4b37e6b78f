#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(clippy::big_endian_bytes, clippy::host_endian_bytes)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod chain;
#[cfg(feature = "signed")]
pub mod checkpoint;
#[cfg(feature = "conformance")]
pub mod conformance;
mod digest;
pub mod error;
mod frame;
mod journal;
pub mod lease;
mod memory;
mod news;
pub mod record;
mod tail;
mod transcript;
mod verify;

pub use chain::{Chain, ChainFault};
pub use digest::{Digest, DigestError};
pub use error::{
    AppendError, CreateError, Denied, LeaseError, ReadError, StorageError, StorageKind, Unavailable,
};
pub use journal::{Journal, RolloutSummary};
pub use lease::{Claim, Holder, HolderError, Lease, Tenure};
pub use memory::MemoryJournal;
pub use news::{Change, Changes, Peer};
pub use record::{Batch, BatchFault, Draft, Head, Record, Snapshot};
pub use tail::Tail;
pub use transcript::{Transcript, TranscriptError};
pub use verify::{Anchor, AnchorError, Soundness, verify};
