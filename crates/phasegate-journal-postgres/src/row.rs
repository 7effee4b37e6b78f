//! Rows as values. A column that does not hold what it should is damage at a named record, not a panic.

use std::str::FromStr;

use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::{Digest, Head, Holder, ReadError, Record, RolloutSummary, Snapshot};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::trouble::{Trouble, chain};

/// The server's integers are signed; ours never get that large.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A row that cannot be a row of ours.
#[derive(Debug)]
pub(crate) struct Damaged {
    /// The record that it belongs to.
    pub(crate) seq: u64,
    pub(crate) why: String,
}

impl Damaged {
    pub(crate) fn into_read_error(self, rollout: &RolloutId) -> ReadError {
        ReadError::Corrupt {
            rollout: rollout.clone(),
            seq: self.seq,
            why: self.why,
        }
    }
}

/// Nobody may write on behind a damaged row.
impl From<Damaged> for Trouble {
    fn from(Damaged { seq, why }: Damaged) -> Self {
        let why = format!("record {seq}: {why}");
        Self::storage(phasegate_journal::StorageKind::Corrupt, why)
    }
}

fn value<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, String> {
    row.try_get(name).map_err(|e| chain(&e))
}

fn parsed<T: FromStr<Err: ToString>>(name: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|e: T::Err| format!("column {name}: {}", e.to_string()))
}

fn text<T: FromStr<Err: ToString>>(row: &Row, name: &str) -> Result<T, String> {
    parsed(name, value(row, name)?)
}

fn maybe_text<T: FromStr<Err: ToString>>(row: &Row, name: &str) -> Result<Option<T>, String> {
    let text: Option<&str> = value(row, name)?;
    text.map(|text| parsed(name, text)).transpose()
}

fn number(row: &Row, name: &str) -> Result<u64, String> {
    let number: i64 = value(row, name)?;
    u64::try_from(number).map_err(|e| format!("column {name}: {e}"))
}

fn digest(row: &Row, name: &str) -> Result<Digest, String> {
    let bytes: &[u8] = value(row, name)?;
    Digest::try_from(bytes).map_err(|e| format!("column {name}: {e}"))
}

fn head(row: &Row) -> Result<Head, String> {
    Ok(Head {
        next_seq: number(row, "next_seq")?,
        hash: digest(row, "head")?,
    })
}

/// The head in a row; damage to it is damage to the last record.
pub(crate) fn stored_head(row: &Row) -> Result<Head, Damaged> {
    head(row).map_err(|why| of_rollout(row, &why))
}

fn of_rollout(row: &Row, why: &str) -> Damaged {
    Damaged {
        seq: number(row, "next_seq").unwrap_or(0).saturating_sub(1),
        why: format!("its rollout's {why}"),
    }
}

/// A record, if the row has one; `seq` is the one that is expected, for rows whose own is damaged.
pub(crate) fn record(row: &Row, seq: u64) -> Result<Option<Record>, Damaged> {
    let read = || {
        if value::<Option<i64>>(row, "seq")?.is_none() {
            return Ok(None);
        }
        Ok(Some(Record {
            seq: number(row, "seq")?,
            at: text(row, "at")?,
            kind: value(row, "kind")?,
            payload: value(row, "payload")?,
            prev: digest(row, "prev")?,
            hash: digest(row, "hash")?,
        }))
    };
    read().map_err(|why| Damaged { seq, why })
}

pub(crate) fn snapshot(row: &Row) -> Result<Option<Snapshot>, Damaged> {
    let read = || {
        if value::<Option<i64>>(row, "seq")?.is_none() {
            return Ok(None);
        }
        let format = number(row, "format")?;
        Ok(Some(Snapshot {
            seq: number(row, "seq")?,
            format: u32::try_from(format).map_err(|e| format!("column format: {e}"))?,
            head: digest(row, "head")?,
            body: value(row, "body")?,
        }))
    };
    let seq = number(row, "seq").unwrap_or(0);
    read().map_err(|why: String| Damaged {
        seq,
        why: format!("snapshot: {why}"),
    })
}

/// All that the store keeps of a rollout beside its records.
#[derive(Debug)]
pub(crate) struct Rollout {
    pub(crate) id: RolloutId,
    pub(crate) head: Head,
    pub(crate) wake_at: Option<Timestamp>,
    pub(crate) finished: bool,
    pub(crate) token: u64,
    /// The holder, and what is left of the lease by the server's clock.
    pub(crate) held: Option<(Holder, Span)>,
}

impl Rollout {
    pub(crate) fn of(row: &Row) -> Result<Self, Damaged> {
        let read = || {
            let holder: Option<Holder> = maybe_text(row, "holder")?;
            let remaining: Option<i64> = value(row, "remaining")?;
            let micros = u64::try_from(remaining.unwrap_or(0)).unwrap_or(0);
            let remaining = Span::from_nanos(micros.saturating_mul(1000));
            Ok(Self {
                id: text(row, "id")?,
                head: head(row)?,
                wake_at: maybe_text(row, "wake_at")?,
                finished: value(row, "finished")?,
                token: number(row, "token")?,
                held: holder.map(|holder| (holder, remaining)),
            })
        };
        read().map_err(|why: String| of_rollout(row, &why))
    }

    pub(crate) fn summary(self) -> RolloutSummary {
        let held = self.held.filter(|(_, remaining)| !remaining.is_zero());
        RolloutSummary {
            rollout: self.id,
            head: self.head,
            wake_at: self.wake_at,
            finished: self.finished,
            holder: held.map(|(holder, _)| holder),
        }
    }
}
