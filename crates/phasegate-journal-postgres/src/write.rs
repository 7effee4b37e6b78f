//! Writing: one statement that does everything or nothing, and, where it did nothing, a look at why.

use std::collections::BTreeSet;

use phasegate_core::{RolloutId, Span};
use phasegate_journal::lease::LEASE_TTL_MAX;
use phasegate_journal::{
    AppendError, Batch, BatchFault, Chain, Claim, CreateError, Denied, Head, Holder, Lease,
    LeaseError, Record,
};
use tokio_postgres::error::SqlState;

use crate::link::Link;
use crate::read::{self, Answer};
use crate::row::{Rollout, int};
use crate::trouble::Trouble;

/// How often a statement is tried that did nothing although nothing stood against it: somebody else was
/// at it at the same moment and has changed it back.
const TRIES: u32 = 3;

fn contended() -> Trouble {
    Trouble::unavailable("others write to the same rollout all the time")
}

/// A time to live in whole microseconds, at most the longest.
pub(crate) fn micros(ttl: Span) -> i64 {
    int(ttl.min(LEASE_TTL_MAX).as_nanos() / 1000)
}

/// Records as columns, the way a statement takes many rows at once.
#[derive(Default)]
struct Columns<'a> {
    seq: Vec<i64>,
    at: Vec<String>,
    kind: Vec<&'a str>,
    payload: Vec<&'a [u8]>,
    prev: Vec<&'a [u8]>,
    hash: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(records: &'a [Record]) -> Self {
        let mut columns = Self::default();
        for record in records {
            columns.seq.push(int(record.seq));
            columns.at.push(record.at.to_string());
            columns.kind.push(&record.kind);
            columns.payload.push(&record.payload);
            columns.prev.push(record.prev.as_bytes());
            columns.hash.push(record.hash.as_bytes());
        }
        columns
    }
}

/// A batch behind a head, ready to be written.
struct Linked<'a> {
    batch: &'a Batch,
    head: Head,
    records: Vec<Record>,
}

impl<'a> Linked<'a> {
    fn new(batch: &'a Batch, behind: Head) -> Result<Self, BatchFault> {
        let mut chain = Chain::resume(behind);
        let records = batch.drafts.iter().map(|draft| chain.link(draft)).collect();
        let head = chain.head();
        batch.check_against(head)?;
        Ok(Self {
            batch,
            head,
            records,
        })
    }

    fn wake_at(&self) -> Option<String> {
        self.batch.wake_at.map(|at| at.to_string())
    }

    fn wake_ms(&self) -> Option<i64> {
        self.batch.wake_at.map(|at| at.as_unix_millis())
    }
}

/// What a new rollout begins with.
pub(crate) struct Beginning<'a> {
    pub(crate) rollout: &'a RolloutId,
    pub(crate) holder: &'a Holder,
    pub(crate) ttl: Span,
    pub(crate) claims: &'a [Claim],
    pub(crate) batch: &'a Batch,
}

pub(crate) async fn create(
    link: &Link,
    channel: &str,
    new: &Beginning<'_>,
) -> Answer<(Lease, Head), CreateError> {
    // Looked at first, because a rollout that is finished from the start inserts no claims.
    if let Err(refused) = free(link, new).await? {
        return Ok(Err(refused));
    }
    let linked = match Linked::new(new.batch, Head::genesis(new.rollout)) {
        Ok(linked) => linked,
        Err(fault) => return Ok(Err(fault.into())),
    };
    for _ in 0..TRIES {
        match insert(link, channel, new, &linked).await {
            Ok(token) => {
                let lease = Lease {
                    rollout: new.rollout.clone(),
                    holder: new.holder.clone(),
                    token,
                    expires_in: new.ttl.min(LEASE_TTL_MAX),
                };
                return Ok(Ok((lease, linked.head)));
            }
            // Somebody else was faster; they may be gone again by now.
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                if let Err(refused) = free(link, new).await? {
                    return Ok(Err(refused));
                }
            }
            Err(error) => return Err(Trouble::of(&error)),
        }
    }
    Err(contended())
}

/// Is the id unused, and is everything that is claimed free?
async fn free(link: &Link, new: &Beginning<'_>) -> Answer<(), CreateError> {
    if read::rollout(link, new.rollout).await?.is_some() {
        return Ok(Err(CreateError::AlreadyExists));
    }
    let bindings: Vec<&str> = new
        .claims
        .iter()
        .map(|claim| claim.binding.as_str())
        .collect();
    let targets: Vec<&str> = new
        .claims
        .iter()
        .map(|claim| claim.target.as_str())
        .collect();
    let rows = link
        .client
        .query(&link.statements.claimed, &[&bindings, &targets])
        .await;
    let rows = rows.map_err(|e| Trouble::of(&e))?;
    for claim in new.claims {
        for row in &rows {
            let column = |n: usize| row.try_get::<_, &str>(n).map_err(|e| Trouble::of(&e));
            if column(0)? == claim.binding.as_str() && column(1)? == claim.target.as_str() {
                let by = RolloutId::new(column(2)?).map_err(|e| {
                    Trouble::storage(phasegate_journal::StorageKind::Corrupt, e.to_string())
                })?;
                let claim = claim.clone();
                return Ok(Err(CreateError::Claimed { claim, by }));
            }
        }
    }
    Ok(Ok(()))
}

async fn insert(
    link: &Link,
    channel: &str,
    new: &Beginning<'_>,
    linked: &Linked<'_>,
) -> Result<u64, tokio_postgres::Error> {
    // In one order for everybody, so that two that claim the same things do not wait for each other.
    let claims: BTreeSet<&Claim> = new.claims.iter().collect();
    let bindings: Vec<&str> = claims.iter().map(|claim| claim.binding.as_str()).collect();
    let targets: Vec<&str> = claims.iter().map(|claim| claim.target.as_str()).collect();
    let columns = Columns::of(&linked.records);
    let snapshot = linked.batch.snapshot.as_ref();
    let row = link
        .client
        .query_one(
            &link.statements.create,
            &[
                &new.rollout.as_str(),
                &int(linked.head.next_seq),
                &linked.head.hash.as_bytes().as_slice(),
                &linked.wake_at(),
                &linked.wake_ms(),
                &linked.batch.finished,
                &new.holder.as_str(),
                &micros(new.ttl),
                &columns.seq,
                &columns.at,
                &columns.kind,
                &columns.payload,
                &columns.prev,
                &columns.hash,
                &snapshot.map(|snapshot| int(snapshot.seq)),
                &snapshot.map(|snapshot| i64::from(snapshot.format)),
                &snapshot.map(|snapshot| snapshot.head.as_bytes().as_slice()),
                &snapshot.map(|snapshot| snapshot.body.as_slice()),
                &bindings,
                &targets,
                &channel,
            ],
        )
        .await?;
    Ok(u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or(0))
}

/// Why a lease gives no right, or the rollout that it does rule.
async fn held(link: &Link, lease: &Lease) -> Answer<Rollout, Denied> {
    let Some(row) = read::rollout(link, &lease.rollout).await? else {
        return Ok(Err(Denied::NotFound));
    };
    let found = Rollout::of(&row)?;
    if found.finished {
        return Ok(Err(Denied::Finished));
    }
    if found.held.is_none() || found.token != lease.token {
        let current = found.token;
        return Ok(Err(Denied::Fenced { current }));
    }
    Ok(Ok(found))
}

/// Appends behind a head that the caller thinks the chain has, or else behind the one that it has.
pub(crate) async fn append(
    link: &Link,
    channel: &str,
    (lease, expected_next_seq): (&Lease, u64),
    hint: Option<Head>,
    batch: &Batch,
) -> Answer<Head, AppendError> {
    let hint = hint.filter(|head| head.next_seq == expected_next_seq);
    if let Some(head) = hint
        && let Ok(linked) = Linked::new(batch, head)
        && update(link, channel, lease, head, &linked).await?
    {
        return Ok(Ok(linked.head));
    }
    for _ in 0..TRIES {
        let found = match held(link, lease).await? {
            Ok(found) => found,
            Err(denied) => return Ok(Err(denied.into())),
        };
        let actual = found.head.next_seq;
        if actual != expected_next_seq {
            return Ok(Err(AppendError::Conflict { actual }));
        }
        let linked = match Linked::new(batch, found.head) {
            Ok(linked) => linked,
            Err(fault) => return Ok(Err(fault.into())),
        };
        if update(link, channel, lease, found.head, &linked).await? {
            return Ok(Ok(linked.head));
        }
    }
    Err(contended())
}

/// Writes if the lease still gives the right and the chain has that head.
async fn update(
    link: &Link,
    channel: &str,
    lease: &Lease,
    behind: Head,
    linked: &Linked<'_>,
) -> Result<bool, Trouble> {
    let columns = Columns::of(&linked.records);
    let snapshot = linked.batch.snapshot.as_ref();
    let rows = link
        .client
        .query(
            &link.statements.append,
            &[
                &lease.rollout.as_str(),
                &int(linked.head.next_seq),
                &linked.head.hash.as_bytes().as_slice(),
                &linked.wake_at(),
                &linked.wake_ms(),
                &linked.batch.finished,
                &int(lease.token),
                &int(behind.next_seq),
                &columns.seq,
                &columns.at,
                &columns.kind,
                &columns.payload,
                &columns.prev,
                &columns.hash,
                &snapshot.map(|snapshot| int(snapshot.seq)),
                &snapshot.map(|snapshot| i64::from(snapshot.format)),
                &snapshot.map(|snapshot| snapshot.head.as_bytes().as_slice()),
                &snapshot.map(|snapshot| snapshot.body.as_slice()),
                &behind.hash.as_bytes().as_slice(),
                &channel,
            ],
        )
        .await;
    Ok(!rows.map_err(|e| Trouble::of(&e))?.is_empty())
}

pub(crate) async fn acquire(
    link: &Link,
    id: &RolloutId,
    holder: &Holder,
    ttl: Span,
) -> Answer<Lease, LeaseError> {
    for _ in 0..TRIES {
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&id.as_str(), &holder.as_str(), &micros(ttl)];
        let row = link
            .client
            .query_opt(&link.statements.acquire, &parameters)
            .await;
        if let Some(row) = row.map_err(|e| Trouble::of(&e))? {
            let token: i64 = row.try_get(0).map_err(|e| Trouble::of(&e))?;
            return Ok(Ok(Lease {
                rollout: id.clone(),
                holder: holder.clone(),
                token: u64::try_from(token).unwrap_or(0),
                expires_in: ttl.min(LEASE_TTL_MAX),
            }));
        }
        let Some(row) = read::rollout(link, id).await? else {
            return Ok(Err(LeaseError::NotFound));
        };
        let found = Rollout::of(&row)?;
        if found.finished {
            return Ok(Err(LeaseError::Finished));
        }
        if let Some((by, remaining)) = found.held
            && by != *holder
            && !remaining.is_zero()
        {
            return Ok(Err(LeaseError::HeldBy {
                holder: by,
                remaining,
            }));
        }
    }
    Err(contended())
}

pub(crate) async fn renew(link: &Link, lease: &Lease, ttl: Span) -> Answer<Lease, LeaseError> {
    let (id, token) = (lease.rollout.as_str(), int(lease.token));
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&id, &token, &lease.holder.as_str(), &micros(ttl)];
    for _ in 0..TRIES {
        let row = link
            .client
            .query_opt(&link.statements.renew, &parameters)
            .await;
        if row.map_err(|e| Trouble::of(&e))?.is_some() {
            return Ok(Ok(Lease {
                expires_in: ttl.min(LEASE_TTL_MAX),
                ..lease.clone()
            }));
        }
        if let Err(denied) = held(link, lease).await? {
            return Ok(Err(denied.into()));
        }
    }
    Err(contended())
}

pub(crate) async fn release(link: &Link, channel: &str, lease: &Lease) -> Answer<(), LeaseError> {
    let (id, token) = (lease.rollout.as_str(), int(lease.token));
    for _ in 0..TRIES {
        let row = link
            .client
            .query_opt(&link.statements.release, &[&id, &token, &channel])
            .await;
        if row.map_err(|e| Trouble::of(&e))?.is_some() {
            return Ok(Ok(()));
        }
        if let Err(denied) = held(link, lease).await? {
            return Ok(Err(denied.into()));
        }
    }
    Err(contended())
}
