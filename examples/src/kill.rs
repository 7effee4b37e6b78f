//! A journal that kills its process at a record: what is durable then is exactly what was asked for.

use std::sync::Arc;

use async_trait::async_trait;
use phasegate::core::{RolloutId, Span, Timestamp};
use phasegate::journal::{
    AppendError, Batch, Claim, CreateError, Head, Holder, Journal, Lease, LeaseError, ReadError,
    Record, RolloutSummary, Snapshot,
};

/// Passes everything on, until so many records are durable. A batch that reaches beyond is cut there,
/// since an engine goes on from any record, and nobody is told that anything was written.
#[derive(Debug)]
pub struct KillAt {
    journal: Arc<dyn Journal>,
    records: u64,
    kill: fn(),
}

impl KillAt {
    /// Calls `kill`, which should not return, once `records` records are durable.
    pub fn new(journal: Arc<dyn Journal>, records: u64, kill: fn()) -> Self {
        Self {
            journal,
            records,
            kill,
        }
    }

    /// As much of a batch as may still be written, and whether that is where it ends.
    fn cut(&self, next_seq: u64, batch: Batch) -> (Batch, bool) {
        let room = usize::try_from(self.records.saturating_sub(next_seq)).unwrap_or(usize::MAX);
        if batch.drafts.len() < room {
            return (batch, false);
        }
        if batch.drafts.len() == room {
            return (batch, true);
        }
        let mut drafts = batch.drafts;
        drafts.truncate(room);
        let wake_at = batch.wake_at;
        let part = Batch {
            wake_at,
            ..Batch::of(drafts)
        };
        (part, true)
    }
}

#[async_trait]
impl Journal for KillAt {
    async fn create(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
        claims: &[Claim],
        batch: Batch,
    ) -> Result<(Lease, Head), CreateError> {
        let (batch, last) = self.cut(0, batch);
        let made = self.journal.create(rollout, holder, ttl, claims, batch);
        let made = made.await?;
        if last {
            (self.kill)();
        }
        Ok(made)
    }

    async fn acquire(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
    ) -> Result<Lease, LeaseError> {
        self.journal.acquire(rollout, holder, ttl).await
    }

    async fn renew(&self, lease: &Lease, ttl: Span) -> Result<Lease, LeaseError> {
        self.journal.renew(lease, ttl).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.journal.release(lease).await
    }

    async fn append(
        &self,
        lease: &Lease,
        expected_next_seq: u64,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        let (batch, last) = self.cut(expected_next_seq, batch);
        let head = self.journal.append(lease, expected_next_seq, batch).await?;
        if last {
            (self.kill)();
        }
        Ok(head)
    }

    async fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError> {
        self.journal.read(rollout, from).await
    }

    async fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError> {
        self.journal.head(rollout).await
    }

    async fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError> {
        self.journal.snapshot(rollout).await
    }

    async fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError> {
        self.journal.rollouts().await
    }

    async fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError> {
        self.journal.due(before).await
    }
}
