//! Reading, on any connection. Every chain is verified on its way out.

use phasegate_core::{Now, RolloutId, Timestamp};
use phasegate_journal::{
    ChainFault, Claim, Head, ReadError, Record, RolloutSummary, Snapshot, Tail, Transcript,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::row::{self, Damaged, RECORD_COLUMNS, ROLLOUT_COLUMNS, Rollout, SNAPSHOT_COLUMNS, int};
use crate::trouble::Trouble;

/// What came out: an answer, and around it whether the storage could answer at all.
pub(crate) type Answer<T, E> = Result<Result<T, E>, Trouble>;

/// The row of a rollout, if there is one.
pub(crate) fn rollout(
    connection: &Connection,
    id: &RolloutId,
) -> Result<Option<Result<Rollout, Damaged>>, Trouble> {
    let sql = format!("SELECT {ROLLOUT_COLUMNS} FROM rollout WHERE id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_row([id.as_str()], |row| Ok(Rollout::of(row)));
    Ok(found.optional()?)
}

/// The row of a rollout that can be read.
fn readable(connection: &Connection, id: &RolloutId) -> Answer<Rollout, ReadError> {
    Ok(match rollout(connection, id)? {
        None => Err(ReadError::NotFound),
        Some(Err(damaged)) => Err(damaged.into_read_error(id)),
        Some(Ok(found)) => Ok(found),
    })
}

pub(crate) fn head(connection: &Connection, id: &RolloutId) -> Answer<Head, ReadError> {
    Ok(readable(connection, id)?.map(|found| found.head))
}

pub(crate) fn summary(
    connection: &Connection,
    id: &RolloutId,
    now: Now,
) -> Answer<RolloutSummary, ReadError> {
    Ok(readable(connection, id)?.map(|found| found.summary(now)))
}

pub(crate) fn records(
    connection: &Connection,
    id: &RolloutId,
    from: u64,
) -> Answer<Vec<Record>, ReadError> {
    let found = match readable(connection, id)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(to) = found.archived_to {
        let rollout = id.clone();
        return Ok(Err(ReadError::Archived { rollout, to }));
    }
    let verified = verified(connection, &found, from)?;
    Ok(verified.map_err(|damaged| damaged.into_read_error(id)))
}

fn verified(connection: &Connection, rollout: &Rollout, from: u64) -> Answer<Vec<Record>, Damaged> {
    let mut tail = Tail::new(&rollout.id, from, rollout.head);
    let sql = format!(
        "SELECT {RECORD_COLUMNS} FROM record WHERE rollout = ?1 AND seq >= ?2 ORDER BY seq"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![rollout.key, int(tail.first())])?;
    while let Some(row) = rows.next()? {
        let record = match row::record(row, tail.expected()) {
            Ok(record) => record,
            Err(damaged) => return Ok(Err(damaged)),
        };
        if let Err(fault) = tail.push(record) {
            return Ok(Err(damaged(&fault)));
        }
    }
    Ok(tail.end().map_err(|fault| damaged(&fault)))
}

fn damaged(fault: &ChainFault) -> Damaged {
    Damaged {
        seq: fault.seq(),
        why: fault.to_string(),
    }
}

pub(crate) fn snapshot(
    connection: &Connection,
    id: &RolloutId,
) -> Answer<Option<Snapshot>, ReadError> {
    let found = match readable(connection, id)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let sql = format!("SELECT {SNAPSHOT_COLUMNS} FROM snapshot WHERE rollout = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let snapshot = statement.query_row([found.key], |row| Ok(row::snapshot(row)));
    let snapshot = snapshot.optional()?.transpose();
    Ok(snapshot.map_err(|damaged| damaged.into_read_error(id)))
}

pub(crate) fn rollouts(
    connection: &Connection,
    now: Now,
) -> Answer<Vec<RolloutSummary>, ReadError> {
    let sql = format!("SELECT {ROLLOUT_COLUMNS} FROM rollout ORDER BY id");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        match Rollout::of(row) {
            Ok(rollout) => all.push(rollout.summary(now)),
            Err(damaged) => return unlisted(row, damaged),
        }
    }
    Ok(Ok(all))
}

/// A damaged row in a list: named if its id still is one.
fn unlisted<T>(row: &rusqlite::Row<'_>, damaged: Damaged) -> Answer<T, ReadError> {
    match RolloutId::new(row.get::<_, String>("id")?) {
        Ok(id) => Ok(Err(damaged.into_read_error(&id))),
        Err(_) => Err(damaged.into()),
    }
}

pub(crate) fn due(
    connection: &Connection,
    before: Timestamp,
    now: Now,
) -> Answer<Vec<RolloutSummary>, ReadError> {
    // Milliseconds are coarser than moments: the index finds candidates, the moments decide.
    let sql = format!(
        "SELECT {ROLLOUT_COLUMNS} FROM rollout \
         WHERE finished = 0 AND wake_ms IS NOT NULL AND wake_ms <= ?1 ORDER BY id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([before.as_unix_millis()])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        match Rollout::of(row) {
            Ok(found) if found.wake_at.is_some_and(|at| at <= before) => {
                due.push(found.summary(now));
            }
            Ok(_) => {}
            Err(damaged) => return unlisted(row, damaged),
        }
    }
    due.sort_by_key(|found| found.wake_at);
    Ok(Ok(due))
}

pub(crate) fn transcript(connection: &Connection, id: &RolloutId) -> Answer<Transcript, ReadError> {
    let records = match records(connection, id, 0)? {
        Ok(records) => records,
        Err(error) => return Ok(Err(error)),
    };
    let found = match readable(connection, id)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let transcript = match Transcript::new(id.clone(), records) {
        Ok(transcript) => transcript,
        Err(fault) => return Ok(Err(ReadError::corrupt(id, &fault))),
    };
    let last_token: i64 =
        connection.query_row("SELECT last_token FROM meta", [], |row| row.get(0))?;
    Ok(Ok(transcript
        .with_claims(claims(connection, found.key)?)
        .with_wake_at(found.wake_at)
        .with_finished(found.finished)
        .with_token(u64::try_from(last_token).unwrap_or(0))))
}

fn claims(connection: &Connection, key: i64) -> Result<Vec<Claim>, Trouble> {
    let mut statement = connection
        .prepare_cached("SELECT binding, target FROM claim WHERE rollout = ?1 ORDER BY 1, 2")?;
    let rows = statement.query_map([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut claims = Vec::new();
    for row in rows {
        let (binding, target): (String, String) = row?;
        let bad = |e: phasegate_core::IdError| Trouble::corrupt(format!("claim: {e}"));
        claims.push(Claim {
            binding: binding.parse().map_err(bad)?,
            target: target.parse().map_err(bad)?,
        });
    }
    Ok(claims)
}
