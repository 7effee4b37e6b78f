//! A journal in memory, for tests and simulations: the same rules as the durable stores, and the model
//! that they are held against. Nothing survives the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Clock, Now, RolloutId, Span, Timestamp};

use crate::{
    AppendError, Batch, BatchFault, Chain, Claim, CreateError, Denied, Head, Holder, Journal,
    Lease, LeaseError, ReadError, Record, RolloutSummary, Snapshot, Tenure,
};

/// A [`Journal`] in memory.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_core::{BootId, Clock, Now, Span, Timestamp};
/// use phasegate_journal::{Batch, Draft, Journal, MemoryJournal};
///
/// struct Stopped;
/// impl Clock for Stopped {
///     fn now(&self) -> Now {
///         Now { wall: Timestamp::EPOCH, boot: BootId(1), since_boot: Span::ZERO }
///     }
/// }
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let journal = MemoryJournal::new(Arc::new(Stopped));
/// let draft = Draft { at: Timestamp::EPOCH, kind: "created".into(), payload: b"{}".to_vec() };
/// let (rollout, holder) = ("r1".parse()?, "me".parse()?);
/// let (lease, head) = journal
///     .create(&rollout, &holder, Span::from_secs(30), &[], Batch::of([draft]))
///     .await?;
/// assert_eq!((lease.token, head.next_seq), (1, 1));
/// # Ok(())
/// # }
/// ```
pub struct MemoryJournal {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_token: u64,
    rollouts: BTreeMap<RolloutId, Entry>,
    claims: BTreeMap<Claim, RolloutId>,
}

#[derive(Debug)]
struct Entry {
    records: Vec<Record>,
    chain: Chain,
    wake_at: Option<Timestamp>,
    snapshot: Option<Snapshot>,
    finished: bool,
    /// The highest token this rollout ever had, and whose it is unless it was given back.
    token: u64,
    held: Option<(Holder, Tenure)>,
}

impl MemoryJournal {
    /// An empty journal; leases expire by this clock.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    /// No call panics while it holds the lock, so a poisoned lock still guards whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal")
            .field("rollouts", &self.state().rollouts.len())
            .finish_non_exhaustive()
    }
}

impl State {
    fn entry(&self, rollout: &RolloutId) -> Result<&Entry, ReadError> {
        self.rollouts.get(rollout).ok_or(ReadError::NotFound)
    }

    /// The entry that a lease still rules.
    fn held(&mut self, lease: &Lease) -> Result<&mut Entry, Denied> {
        let entry = self.rollouts.get_mut(&lease.rollout);
        let entry = entry.ok_or(Denied::NotFound)?;
        if entry.finished {
            return Err(Denied::Finished);
        }
        if entry.held.is_none() || entry.token != lease.token {
            return Err(Denied::Fenced {
                current: entry.token,
            });
        }
        Ok(entry)
    }

    fn next_token(&mut self) -> u64 {
        self.last_token = self.last_token.saturating_add(1);
        self.last_token
    }

    /// Gives back the claims of a rollout that just finished.
    fn free_claims(&mut self, rollout: &RolloutId) {
        self.claims.retain(|_, by| by != rollout);
    }
}

impl Entry {
    fn new(rollout: &RolloutId) -> Self {
        Self {
            records: Vec::new(),
            chain: Chain::start(rollout),
            wake_at: None,
            snapshot: None,
            finished: false,
            token: 0,
            held: None,
        }
    }

    /// Writes a batch that was checked.
    fn write(&mut self, batch: Batch) -> Result<Head, BatchFault> {
        let mut chain = self.chain.clone();
        let records: Vec<Record> = batch.drafts.iter().map(|draft| chain.link(draft)).collect();
        batch.check_against(chain.head())?;
        self.records.extend(records);
        self.chain = chain;
        self.wake_at = batch.wake_at;
        self.snapshot = batch.snapshot.or(self.snapshot.take());
        if batch.finished {
            self.finished = true;
            self.held = None;
        }
        Ok(self.chain.head())
    }

    fn summary(&self, rollout: &RolloutId, now: Now) -> RolloutSummary {
        let held = self
            .held
            .as_ref()
            .filter(|(_, tenure)| !tenure.is_over(now));
        RolloutSummary {
            rollout: rollout.clone(),
            head: self.chain.head(),
            wake_at: self.wake_at,
            finished: self.finished,
            holder: held.map(|(holder, _)| holder.clone()),
        }
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn create(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
        claims: &[Claim],
        batch: Batch,
    ) -> Result<(Lease, Head), CreateError> {
        batch.check_first()?;
        let tenure = Tenure::new(self.clock.now(), ttl);
        let mut state = self.state();
        if state.rollouts.contains_key(rollout) {
            return Err(CreateError::AlreadyExists);
        }
        for claim in claims {
            if let Some(by) = state.claims.get(claim) {
                let (claim, by) = (claim.clone(), by.clone());
                return Err(CreateError::Claimed { claim, by });
            }
        }
        let mut entry = Entry::new(rollout);
        let finished = batch.finished;
        let head = entry.write(batch)?;
        entry.token = state.next_token();
        let lease = Lease {
            rollout: rollout.clone(),
            holder: holder.clone(),
            token: entry.token,
            expires_in: tenure.ttl(),
        };
        if !finished {
            entry.held = Some((holder.clone(), tenure));
            let claims = claims.iter().map(|claim| (claim.clone(), rollout.clone()));
            state.claims.extend(claims);
        }
        state.rollouts.insert(rollout.clone(), entry);
        Ok((lease, head))
    }

    async fn acquire(
        &self,
        rollout: &RolloutId,
        holder: &Holder,
        ttl: Span,
    ) -> Result<Lease, LeaseError> {
        let now = self.clock.now();
        let tenure = Tenure::new(now, ttl);
        let mut state = self.state();
        let entry = state.rollouts.get(rollout).ok_or(LeaseError::NotFound)?;
        if entry.finished {
            return Err(LeaseError::Finished);
        }
        if let Some((by, tenure)) = &entry.held
            && by != holder
            && !tenure.is_over(now)
        {
            let (holder, remaining) = (by.clone(), tenure.remaining(now));
            return Err(LeaseError::HeldBy { holder, remaining });
        }
        let token = state.next_token();
        let entry = state
            .rollouts
            .get_mut(rollout)
            .ok_or(LeaseError::NotFound)?;
        entry.token = token;
        entry.held = Some((holder.clone(), tenure));
        Ok(Lease {
            rollout: rollout.clone(),
            holder: holder.clone(),
            token,
            expires_in: tenure.ttl(),
        })
    }

    async fn renew(&self, lease: &Lease, ttl: Span) -> Result<Lease, LeaseError> {
        let tenure = Tenure::new(self.clock.now(), ttl);
        let mut state = self.state();
        state.held(lease)?.held = Some((lease.holder.clone(), tenure));
        Ok(Lease {
            expires_in: tenure.ttl(),
            ..lease.clone()
        })
    }

    async fn release(&self, lease: &Lease) -> Result<(), LeaseError> {
        self.state().held(lease)?.held = None;
        Ok(())
    }

    async fn append(
        &self,
        lease: &Lease,
        expected_next_seq: u64,
        batch: Batch,
    ) -> Result<Head, AppendError> {
        batch.check()?;
        let mut state = self.state();
        let entry = state.held(lease)?;
        let actual = entry.chain.head().next_seq;
        if actual != expected_next_seq {
            return Err(AppendError::Conflict { actual });
        }
        let finished = batch.finished;
        let head = entry.write(batch)?;
        if finished {
            state.free_claims(&lease.rollout);
        }
        Ok(head)
    }

    async fn read(&self, rollout: &RolloutId, from: u64) -> Result<Vec<Record>, ReadError> {
        let state = self.state();
        let entry = state.entry(rollout)?;
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(entry.records.iter().skip(from).cloned().collect())
    }

    async fn head(&self, rollout: &RolloutId) -> Result<Head, ReadError> {
        Ok(self.state().entry(rollout)?.chain.head())
    }

    async fn snapshot(&self, rollout: &RolloutId) -> Result<Option<Snapshot>, ReadError> {
        Ok(self.state().entry(rollout)?.snapshot.clone())
    }

    async fn rollouts(&self) -> Result<Vec<RolloutSummary>, ReadError> {
        let now = self.clock.now();
        let state = self.state();
        let all = state.rollouts.iter();
        Ok(all.map(|(id, entry)| entry.summary(id, now)).collect())
    }

    async fn due(&self, before: Timestamp) -> Result<Vec<RolloutSummary>, ReadError> {
        let mut due = self.rollouts().await?;
        due.retain(|r| !r.finished && r.wake_at.is_some_and(|at| at <= before));
        // Stable: those of one moment stay in the order of their ids.
        due.sort_by_key(|r| r.wake_at);
        Ok(due)
    }

    async fn summary(&self, rollout: &RolloutId) -> Result<RolloutSummary, ReadError> {
        let now = self.clock.now();
        Ok(self.state().entry(rollout)?.summary(rollout, now))
    }
}
