//! The trait that every store implements.

use std::fmt;

use async_trait::async_trait;
use phasegate_core::{RolloutId, Span, Timestamp};

use crate::{
    AppendError, Batch, Changes, Claim, CreateError, Head, Holder, Lease, LeaseError, Peer,
    ReadError, Record, Snapshot,
};

/// What a store says about one rollout without reading its records.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "stores write it out")]
pub struct RolloutSummary {
    /// Which rollout.
    pub rollout: RolloutId,
    /// Where its chain ends.
    pub head: Head,
    /// When somebody has to look at it next.
    pub wake_at: Option<Timestamp>,
    /// Is it over?
    pub finished: bool,
    /// Who holds its lease; `None` when nobody does or the lease has expired.
    pub holder: Option<Holder>,
}

/// A durable store of hash-chained records, one chain per rollout.
///
/// # Promises
///
/// * `Ok` from `create` or `append` means durable: it survives a crash of process and machine.
/// * A batch is written whole or not at all. Its records stand in the order of its drafts.
/// * Only the holder of a rollout's highest token writes; the check and the write are one transaction.
/// * `read` gives records whose chain was verified, from the wanted one to the head, or an error that
///   names the first bad one.
/// * Leases expire by the store's clock alone. No wall clocks of two machines are compared.
/// * After [`StorageError`](crate::StorageError) every call on the handle fails the same way.
///
/// # Dropping futures
///
/// No future here does anything before it is first polled. Dropping a future of a reading call (`read`,
/// `head`, `snapshot`, `rollouts`, `due`) is harmless. Dropping a future of a writing call after it was
/// polled leaves the same doubt as its `Ambiguous` error: what it asked for may have happened, or may
/// happen a little later. Do what is said there: acquire the lease anew, then read back.
#[async_trait]
pub trait Journal: Send + Sync + fmt::Debug {
    /// Creates a rollout with its first records, its claims and a lease for its creator, all at once.
    ///
    /// The batch must hold a record. Claims are taken together or not at all and stand until a batch says
    /// `finished`; the same claim twice in `claims` counts once.
    ///
    /// Dropped: as [`CreateError::Ambiguous`].
    async fn create(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
        claims: &[Claim],
        batch: Batch,
    ) -> Result<(Lease, Head), CreateError>;

    /// Takes the lease of a rollout that nobody holds, whose lease has expired, or that this same holder
    /// has. The token is new and higher than any before, so whoever had the lease writes no more.
    ///
    /// Dropped: as [`LeaseError::Ambiguous`]; acquire again.
    async fn acquire(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
    ) -> Result<Lease, LeaseError>;

    /// Lets a lease run for `ttl` from now, with the same token. Works for as long as nobody took it
    /// over, even if it had expired.
    ///
    /// Dropped: as [`LeaseError::Ambiguous`]; renewing again is harmless.
    async fn renew(&self, lease: &Lease, ttl: Span) -> Result<Lease, LeaseError>;

    /// Gives a lease back, so that others need not wait for it to expire. The token is spent.
    ///
    /// Dropped: the lease may be given back or may stand until it expires.
    async fn release(&self, lease: &Lease) -> Result<(), LeaseError>;

    /// Appends a batch behind record `expected_next_seq - 1` and returns the new head.
    ///
    /// Checked in this order: limits, rollout known, rollout finished, token, sequence.
    ///
    /// Dropped: as [`AppendError::Ambiguous`].
    async fn append(
        &self,
        lease: &Lease,
        expected_next_seq: u64,
        batch: Batch,
    ) -> Result<Head, AppendError>;

    /// The records from sequence `from` to the head, verified: each one's hash, the link to the record
    /// before `from`, and the end against the stored head. At or behind the head there are none.
    ///
    /// Dropped: harmless.
    async fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError>;

    /// Where the rollout's chain ends.
    ///
    /// Dropped: harmless.
    async fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError>;

    /// The rollout's latest snapshot, if there is one. Whether it fits is for the caller to check.
    ///
    /// Dropped: harmless.
    async fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError>;

    /// All rollouts, finished ones too, in the order of their ids.
    ///
    /// Dropped: harmless.
    async fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError>;

    /// The unfinished rollouts whose `wake_at` is at or before a moment, earliest first, then by id.
    ///
    /// Dropped: harmless.
    async fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError>;

    /// What the store says about one rollout.
    ///
    /// The default looks through all of them; stores have a better way.
    ///
    /// Dropped: harmless.
    async fn summary(&self, rollout: &RolloutId) -> Result<RolloutSummary, ReadError> {
        let all = self.rollouts().await?;
        let found = all.into_iter().find(|found| found.rollout == *rollout);
        found.ok_or(ReadError::NotFound)
    }

    /// Listens to what changes from now on, where the store can tell. `None`: ask it now and then.
    fn changes(&self) -> Option<Box<dyn Changes>> {
        None
    }

    /// Says that a controller is there for the next `ttl` by the store's clock, and returns everybody who
    /// is, itself included, in the order of their names. With no `ttl` it says goodbye.
    ///
    /// Only for spreading work: nothing depends on it being right. A store that one machine has to itself
    /// may know of nobody else, as the default does.
    ///
    /// Dropped: it may have been said.
    async fn announce(&self, me: &Peer, ttl: Span) -> Result<Vec<Peer>, ReadError> {
        let _expires_nowhere = ttl;
        Ok(vec![me.clone()])
    }
}
