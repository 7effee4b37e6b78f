//! Writing, inside a transaction that the caller commits. Each function checks everything first: one that
//! answers with an error has changed nothing, so its neighbours in the same transaction are not harmed.

use phasegate_core::{Now, RolloutId, Span};
use phasegate_journal::{
    AppendError, Batch, Chain, Claim, CreateError, Denied, Head, Holder, Lease, LeaseError, Record,
    Tenure, Transcript,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::read::{self, Answer};
use crate::row::{Rollout, int};
use crate::trouble::Trouble;

/// What a new rollout begins with.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) rollout: RolloutId,
    pub(crate) holder: Holder,
    pub(crate) ttl: Span,
    pub(crate) claims: Vec<Claim>,
    pub(crate) batch: Batch,
}

pub(crate) fn create(
    connection: &Connection,
    now: Now,
    new: Beginning,
) -> Answer<(Lease, Head), CreateError> {
    if let Err(refused) = free(connection, &new.rollout, &new.claims)? {
        return Ok(Err(refused));
    }
    let mut chain = Chain::start(&new.rollout);
    let records: Vec<Record> = new
        .batch
        .drafts
        .iter()
        .map(|draft| chain.link(draft))
        .collect();
    if let Err(fault) = new.batch.check_against(chain.head()) {
        return Ok(Err(fault.into()));
    }
    let tenure = Tenure::new(now, new.ttl);
    let token = next_token(connection)?;
    let key = insert_rollout(connection, &new.rollout, token)?;
    if !new.batch.finished {
        set_holder(connection, key, token, Some((&new.holder, tenure)))?;
        insert_claims(connection, key, &new.claims)?;
    }
    let head = write(connection, key, chain.head(), &records, &new.batch)?;
    let lease = Lease {
        rollout: new.rollout,
        holder: new.holder,
        token,
        expires_in: tenure.ttl(),
    };
    Ok(Ok((lease, head)))
}

/// Is the id unused, and is everything that is claimed free?
fn free(connection: &Connection, id: &RolloutId, claims: &[Claim]) -> Answer<(), CreateError> {
    if read::rollout(connection, id)?.is_some() {
        return Ok(Err(CreateError::AlreadyExists));
    }
    let mut statement = connection.prepare_cached(
        "SELECT id FROM claim JOIN rollout ON rollout.key = claim.rollout \
         WHERE binding = ?1 AND target = ?2",
    )?;
    for claim in claims {
        let pair = params![claim.binding.as_str(), claim.target.as_str()];
        let by: Option<String> = statement.query_row(pair, |row| row.get(0)).optional()?;
        if let Some(by) = by {
            let by = RolloutId::new(by).map_err(|e| Trouble::corrupt(e.to_string()))?;
            let claim = claim.clone();
            return Ok(Err(CreateError::Claimed { claim, by }));
        }
    }
    Ok(Ok(()))
}

fn insert_rollout(connection: &Connection, id: &RolloutId, token: u64) -> Result<i64, Trouble> {
    let head = Head::genesis(id);
    let key = connection
        .prepare_cached(
            "INSERT INTO rollout (id, next_seq, head, finished, token) VALUES (?1, 0, ?2, 0, ?3)",
        )?
        .insert(params![id.as_str(), head.hash.as_bytes(), int(token)])?;
    Ok(key)
}

fn insert_claims(connection: &Connection, key: i64, claims: &[Claim]) -> Result<(), Trouble> {
    // The same claim may stand twice in the list; who else holds it was checked before.
    let mut statement =
        connection.prepare_cached("INSERT OR IGNORE INTO claim VALUES (?1, ?2, ?3)")?;
    for claim in claims {
        statement.execute(params![claim.binding.as_str(), claim.target.as_str(), key])?;
    }
    Ok(())
}

/// One counter for all rollouts: targets that rollouts use one after the other can compare tokens.
fn next_token(connection: &Connection) -> Result<u64, Trouble> {
    let token: i64 = connection
        .prepare_cached("UPDATE meta SET last_token = last_token + 1 RETURNING last_token")?
        .query_row([], |row| row.get(0))?;
    u64::try_from(token).map_err(|e| Trouble::corrupt(format!("last token: {e}")))
}

fn set_holder(
    connection: &Connection,
    key: i64,
    token: u64,
    held: Option<(&Holder, Tenure)>,
) -> Result<(), Trouble> {
    let granted = held.map(|(_, tenure)| tenure.from());
    connection
        .prepare_cached(
            "UPDATE rollout SET token = ?2, holder = ?3, lease_wall = ?4, lease_boot = ?5, \
             lease_since_boot = ?6, lease_ttl = ?7 WHERE key = ?1",
        )?
        .execute(params![
            key,
            int(token),
            held.map(|(holder, _)| holder.as_str()),
            granted.map(|now| now.wall.to_string()),
            granted.map(|now| now.boot.0.cast_signed()),
            granted.map(|now| int(now.since_boot.as_nanos())),
            held.map(|(_, tenure)| int(tenure.ttl().as_nanos())),
        ])?;
    Ok(())
}

pub(crate) fn acquire(
    connection: &Connection,
    now: Now,
    id: &RolloutId,
    holder: &Holder,
    ttl: Span,
) -> Answer<Lease, LeaseError> {
    let Some(found) = read::rollout(connection, id)?.transpose()? else {
        return Ok(Err(LeaseError::NotFound));
    };
    if found.finished {
        return Ok(Err(LeaseError::Finished));
    }
    if let Some((by, tenure)) = found.held
        && by != *holder
        && !tenure.is_over(now)
    {
        let remaining = tenure.remaining(now);
        return Ok(Err(LeaseError::HeldBy {
            holder: by,
            remaining,
        }));
    }
    let (token, tenure) = (next_token(connection)?, Tenure::new(now, ttl));
    set_holder(connection, found.key, token, Some((holder, tenure)))?;
    Ok(Ok(Lease {
        rollout: id.clone(),
        holder: holder.clone(),
        token,
        expires_in: tenure.ttl(),
    }))
}

/// The rollout of a lease that still gives a right.
fn held(connection: &Connection, lease: &Lease) -> Answer<Rollout, Denied> {
    let Some(found) = read::rollout(connection, &lease.rollout)?.transpose()? else {
        return Ok(Err(Denied::NotFound));
    };
    if found.finished {
        return Ok(Err(Denied::Finished));
    }
    if found.held.is_none() || found.token != lease.token {
        let current = found.token;
        return Ok(Err(Denied::Fenced { current }));
    }
    Ok(Ok(found))
}

pub(crate) fn renew(
    connection: &Connection,
    now: Now,
    lease: &Lease,
    ttl: Span,
) -> Answer<Lease, LeaseError> {
    let found = match held(connection, lease)? {
        Ok(found) => found,
        Err(denied) => return Ok(Err(denied.into())),
    };
    let tenure = Tenure::new(now, ttl);
    set_holder(
        connection,
        found.key,
        found.token,
        Some((&lease.holder, tenure)),
    )?;
    Ok(Ok(Lease {
        expires_in: tenure.ttl(),
        ..lease.clone()
    }))
}

pub(crate) fn release(connection: &Connection, lease: &Lease) -> Answer<(), LeaseError> {
    match held(connection, lease)? {
        Ok(found) => Ok(Ok(set_holder(connection, found.key, found.token, None)?)),
        Err(denied) => Ok(Err(denied.into())),
    }
}

pub(crate) fn append(
    connection: &Connection,
    lease: &Lease,
    expected_next_seq: u64,
    batch: &Batch,
) -> Answer<Head, AppendError> {
    let found = match held(connection, lease)? {
        Ok(found) => found,
        Err(denied) => return Ok(Err(denied.into())),
    };
    let actual = found.head.next_seq;
    if actual != expected_next_seq {
        return Ok(Err(AppendError::Conflict { actual }));
    }
    let mut chain = Chain::resume(found.head);
    let records: Vec<Record> = batch.drafts.iter().map(|draft| chain.link(draft)).collect();
    if let Err(fault) = batch.check_against(chain.head()) {
        return Ok(Err(fault.into()));
    }
    Ok(Ok(write(
        connection,
        found.key,
        chain.head(),
        &records,
        batch,
    )?))
}

/// Writes what was checked.
fn write(
    connection: &Connection,
    key: i64,
    head: Head,
    records: &[Record],
    batch: &Batch,
) -> Result<Head, Trouble> {
    insert_records(connection, key, records)?;
    connection
        .prepare_cached(
            "UPDATE rollout SET next_seq = ?2, head = ?3, wake_at = ?4, wake_ms = ?5, \
             finished = ?6 WHERE key = ?1",
        )?
        .execute(params![
            key,
            int(head.next_seq),
            head.hash.as_bytes(),
            batch.wake_at.map(|at| at.to_string()),
            batch.wake_at.map(|at| at.as_unix_millis()),
            batch.finished,
        ])?;
    if let Some(snapshot) = &batch.snapshot {
        connection
            .prepare_cached("INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                key,
                int(snapshot.seq),
                snapshot.format,
                snapshot.head.as_bytes(),
                snapshot.body,
            ])?;
    }
    if batch.finished {
        connection.execute("DELETE FROM claim WHERE rollout = ?1", [key])?;
        connection.execute("UPDATE rollout SET holder = NULL WHERE key = ?1", [key])?;
    }
    Ok(head)
}

fn insert_records(connection: &Connection, key: i64, records: &[Record]) -> Result<(), Trouble> {
    let mut statement =
        connection.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for record in records {
        statement.execute(params![
            key,
            int(record.seq),
            record.at.to_string(),
            record.kind,
            record.payload,
            record.prev.as_bytes(),
            record.hash.as_bytes(),
        ])?;
    }
    Ok(())
}

/// Takes a whole rollout in. Nobody holds its lease, and tokens go on above all that it has seen.
pub(crate) fn import(
    connection: &Connection,
    transcript: &Transcript,
) -> Answer<Head, CreateError> {
    let id = transcript.rollout();
    if let Err(refused) = free(connection, id, transcript.claims())? {
        return Ok(Err(refused));
    }
    let seen = int(transcript.token());
    connection.execute("UPDATE meta SET last_token = max(last_token, ?1)", [seen])?;
    let key = insert_rollout(connection, id, transcript.token())?;
    insert_claims(connection, key, transcript.claims())?;
    let rest = Batch {
        wake_at: transcript.wake_at(),
        finished: transcript.finished(),
        ..Batch::default()
    };
    let head = transcript.head();
    Ok(Ok(write(
        connection,
        key,
        head,
        transcript.records(),
        &rest,
    )?))
}

/// Takes the records of a finished rollout out; its id stays used.
pub(crate) fn forget(connection: &Connection, key: i64, to: &str) -> Result<(), Trouble> {
    connection.execute("DELETE FROM record WHERE rollout = ?1", [key])?;
    connection.execute("DELETE FROM snapshot WHERE rollout = ?1", [key])?;
    connection.execute(
        "UPDATE rollout SET archived_to = ?2 WHERE key = ?1",
        params![key, to],
    )?;
    Ok(())
}
