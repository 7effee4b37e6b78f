//! A suite that no store can fail proves nothing: stores with one planted fault each must be caught.
#![expect(
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test; each place knows its one fault and leaves the others alone"
)]

use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::conformance::{SteppedClock, Store, cases, differential};
use phasegate_journal::{
    AppendError, Batch, Claim, CreateError, Head, Holder, Journal, Lease, LeaseError,
    MemoryJournal, ReadError, Record, RolloutSummary, Snapshot,
};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    ClaimsForgotten,
    LastRecordUnread,
    MillisecondsOnly,
    NothingAppended,
    RenewForAnybody,
    SecondFinishAccepted,
    SnapshotLost,
    StolenLease,
    WakeUpLate,
}

#[derive(Debug)]
struct Faulty {
    inner: Arc<MemoryJournal>,
    fault: Fault,
}

#[async_trait]
impl Journal for Faulty {
    async fn create(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
        claims: &[Claim],
        batch: Batch,
    ) -> Result<(Lease, Head), CreateError> {
        let claims = match self.fault {
            Fault::ClaimsForgotten => &[],
            _ => claims,
        };
        self.inner.create(rollout, holder, ttl, claims, batch).await
    }

    async fn acquire(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
    ) -> Result<Lease, LeaseError> {
        let answer = self.inner.acquire(rollout, holder, ttl).await;
        match (self.fault, answer) {
            (Fault::StolenLease, Err(LeaseError::HeldBy { holder: by, .. })) => {
                self.inner.acquire(rollout, &by, ttl).await
            }
            (_, answer) => answer,
        }
    }

    async fn renew(&self, lease: &Lease, ttl: Span) -> Result<Lease, LeaseError> {
        match (self.fault, self.inner.renew(lease, ttl).await) {
            (Fault::RenewForAnybody, Err(LeaseError::Fenced { .. })) => Ok(lease.clone()),
            (_, answer) => answer,
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.inner.release(lease).await
    }

    async fn append(
        &self,
        lease: &Lease,
        next: u64,
        mut batch: Batch,
    ) -> Result<Head, AppendError> {
        match self.fault {
            Fault::NothingAppended if !batch.drafts.is_empty() => {
                batch.drafts.clear();
            }
            Fault::MillisecondsOnly => {
                for draft in &mut batch.drafts {
                    draft.at = Timestamp::from_unix_millis(draft.at.as_unix_millis());
                }
            }
            Fault::SnapshotLost => batch.snapshot = None,
            _ => {}
        }
        match (self.fault, self.inner.append(lease, next, batch).await) {
            (Fault::SecondFinishAccepted, Err(AppendError::Finished)) => {
                Ok(self.inner.head(&lease.rollout).await.expect("a head"))
            }
            (_, answer) => answer,
        }
    }

    async fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError> {
        let mut records = self.inner.read(rollout, from).await?;
        if self.fault == Fault::LastRecordUnread {
            records.pop();
        }
        Ok(records)
    }

    async fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError> {
        self.inner.head(rollout).await
    }

    async fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError> {
        self.inner.snapshot(rollout).await
    }

    async fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError> {
        self.inner.rollouts().await
    }

    async fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError> {
        let before = match self.fault {
            Fault::WakeUpLate => before.before(Span::from_nanos(1)),
            _ => before,
        };
        self.inner.due(before).await
    }
}

struct FaultyStore(Arc<SteppedClock>, Arc<Faulty>);

fn store(fault: Fault) -> FaultyStore {
    let clock = Arc::new(SteppedClock::default());
    let inner = Arc::new(MemoryJournal::new(Arc::<SteppedClock>::clone(&clock)));
    FaultyStore(clock, Arc::new(Faulty { inner, fault }))
}

#[async_trait]
impl Store for FaultyStore {
    async fn open(&self) -> Arc<dyn Journal> {
        Arc::<Faulty>::clone(&self.1)
    }

    async fn pass(&self, span: Span) {
        self.0.pass(span);
    }
}

#[test]
fn each_planted_fault_is_caught_by_cases_and_comparison_alike() {
    for fault in [
        Fault::ClaimsForgotten,
        Fault::LastRecordUnread,
        Fault::MillisecondsOnly,
        Fault::NothingAppended,
        Fault::RenewForAnybody,
        Fault::SecondFinishAccepted,
        Fault::SnapshotLost,
        Fault::StolenLease,
        Fault::WakeUpLate,
    ] {
        let caught = cases()
            .filter(|case| pollster::block_on(case.run(&store(fault))).is_err())
            .count();
        assert!(caught > 0, "no case catches {fault:?}");
        // The comparison draws whole seconds, so it cannot see what is lost below a millisecond.
        let found = (0..20).any(|seed| {
            let store = store(fault);
            pollster::block_on(differential(&store, seed, 400)).is_err()
        });
        assert_eq!(found, fault != Fault::MillisecondsOnly, "{fault:?}");
    }
}
