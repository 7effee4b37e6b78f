//! Rows as values. A column that does not hold what it should is damage at a named record, not a panic.

use phasegate_core::{BootId, Now, RolloutId, Span, Timestamp};
use phasegate_journal::{
    Digest, Head, Holder, ReadError, Record, RolloutSummary, Snapshot, Tenure,
};
use rusqlite::Row;

use crate::trouble::Trouble;

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
        Self::corrupt(format!("record {seq}: {why}"))
    }
}

/// SQLite's integers are signed; ours never get that large.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// One column as a value, or what is wrong with it.
fn column<T, E: ToString>(
    row: &Row<'_>,
    name: &str,
    read: impl FnOnce(rusqlite::types::ValueRef<'_>) -> Result<T, E>,
) -> Result<T, String> {
    let value = row.get_ref(name).map_err(|e| e.to_string())?;
    read(value).map_err(|e| format!("column {name}: {}", e.to_string()))
}

fn text<T>(row: &Row<'_>, name: &str) -> Result<T, String>
where
    T: std::str::FromStr<Err: ToString>,
{
    column(row, name, |value| {
        let text = value.as_str().map_err(|e| e.to_string())?;
        text.parse::<T>().map_err(|e| e.to_string())
    })
}

fn maybe_text<T>(row: &Row<'_>, name: &str) -> Result<Option<T>, String>
where
    T: std::str::FromStr<Err: ToString>,
{
    column(row, name, |value| {
        let text = value.as_str_or_null().map_err(|e| e.to_string())?;
        text.map(|text| text.parse::<T>().map_err(|e| e.to_string()))
            .transpose()
    })
}

fn signed(row: &Row<'_>, name: &str) -> Result<i64, String> {
    column(row, name, |value| value.as_i64())
}

fn number(row: &Row<'_>, name: &str) -> Result<u64, String> {
    u64::try_from(signed(row, name)?).map_err(|e| format!("column {name}: {e}"))
}

fn digest(row: &Row<'_>, name: &str) -> Result<Digest, String> {
    column(row, name, |value| {
        let bytes = value.as_blob().map_err(|e| e.to_string())?;
        Digest::try_from(bytes).map_err(|e| e.to_string())
    })
}

fn blob(row: &Row<'_>, name: &str) -> Result<Vec<u8>, String> {
    column(row, name, |value| value.as_blob().map(<[u8]>::to_vec))
}

pub(crate) const RECORD_COLUMNS: &str = "seq, at, kind, payload, prev, hash";

/// A record; `seq` is the one that is expected, for rows whose own is damaged.
pub(crate) fn record(row: &Row<'_>, seq: u64) -> Result<Record, Damaged> {
    let read = || {
        Ok(Record {
            seq: number(row, "seq")?,
            at: text(row, "at")?,
            kind: text(row, "kind")?,
            payload: blob(row, "payload")?,
            prev: digest(row, "prev")?,
            hash: digest(row, "hash")?,
        })
    };
    read().map_err(|why| Damaged { seq, why })
}

pub(crate) const SNAPSHOT_COLUMNS: &str = "seq, format, head, body";

pub(crate) fn snapshot(row: &Row<'_>) -> Result<Snapshot, Damaged> {
    let read = || {
        let format = number(row, "format")?;
        Ok(Snapshot {
            seq: number(row, "seq")?,
            format: u32::try_from(format).map_err(|e| format!("column format: {e}"))?,
            head: digest(row, "head")?,
            body: blob(row, "body")?,
        })
    };
    let seq = number(row, "seq").unwrap_or(0);
    read().map_err(|why: String| Damaged {
        seq,
        why: format!("snapshot: {why}"),
    })
}

pub(crate) const ROLLOUT_COLUMNS: &str = "key, id, next_seq, head, wake_at, finished, token, \
     holder, lease_wall, lease_boot, lease_since_boot, lease_ttl, archived_to";

/// All that the store keeps of a rollout beside its records.
#[derive(Debug)]
pub(crate) struct Rollout {
    pub(crate) key: i64,
    pub(crate) id: RolloutId,
    pub(crate) head: Head,
    pub(crate) wake_at: Option<Timestamp>,
    pub(crate) finished: bool,
    pub(crate) token: u64,
    pub(crate) held: Option<(Holder, Tenure)>,
    pub(crate) archived_to: Option<String>,
}

impl Rollout {
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, Damaged> {
        let read = || {
            Ok(Self {
                key: signed(row, "key")?,
                id: text(row, "id")?,
                head: Head {
                    next_seq: number(row, "next_seq")?,
                    hash: digest(row, "head")?,
                },
                wake_at: maybe_text(row, "wake_at")?,
                finished: signed(row, "finished")? != 0,
                token: number(row, "token")?,
                held: held(row)?,
                archived_to: maybe_text(row, "archived_to")?,
            })
        };
        let seq = number(row, "next_seq").unwrap_or(0).saturating_sub(1);
        read().map_err(|why: String| Damaged {
            seq,
            why: format!("its rollout's {why}"),
        })
    }

    pub(crate) fn summary(self, now: Now) -> RolloutSummary {
        let held = self.held.filter(|(_, tenure)| !tenure.is_over(now));
        RolloutSummary {
            rollout: self.id,
            head: self.head,
            wake_at: self.wake_at,
            finished: self.finished,
            holder: held.map(|(holder, _)| holder),
        }
    }
}

fn held(row: &Row<'_>) -> Result<Option<(Holder, Tenure)>, String> {
    let Some(holder) = maybe_text(row, "holder")? else {
        return Ok(None);
    };
    let granted = Now {
        wall: text(row, "lease_wall")?,
        boot: BootId(signed(row, "lease_boot")?.cast_unsigned()),
        since_boot: Span::from_nanos(number(row, "lease_since_boot")?),
    };
    let ttl = Span::from_nanos(number(row, "lease_ttl")?);
    Ok(Some((holder, Tenure::new(granted, ttl))))
}
