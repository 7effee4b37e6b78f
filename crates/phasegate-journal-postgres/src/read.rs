//! Reading. Every chain is verified on its way out.

use phasegate_core::{RolloutId, Timestamp};
use phasegate_journal::{Head, ReadError, Record, RolloutSummary, Snapshot, Tail};
use tokio_postgres::Row;

use crate::link::Link;
use crate::row::{self, Rollout, int};
use crate::trouble::Trouble;

/// What came out: an answer, and around it whether the store could answer at all.
pub(crate) type Answer<T, E> = Result<Result<T, E>, Trouble>;

/// The row of a rollout, if there is one.
pub(crate) async fn rollout(link: &Link, id: &RolloutId) -> Result<Option<Row>, Trouble> {
    let row = link
        .client
        .query_opt(&link.statements.rollout, &[&id.as_str()])
        .await;
    row.map_err(|e| Trouble::of(&e))
}

pub(crate) async fn head(link: &Link, id: &RolloutId) -> Answer<Head, ReadError> {
    let Some(row) = rollout(link, id).await? else {
        return Ok(Err(ReadError::NotFound));
    };
    Ok(row::stored_head(&row).map_err(|damaged| damaged.into_read_error(id)))
}

pub(crate) async fn summary(link: &Link, id: &RolloutId) -> Answer<RolloutSummary, ReadError> {
    let Some(row) = rollout(link, id).await? else {
        return Ok(Err(ReadError::NotFound));
    };
    let found = Rollout::of(&row).map(Rollout::summary);
    Ok(found.map_err(|damaged| damaged.into_read_error(id)))
}

pub(crate) async fn records(
    link: &Link,
    id: &RolloutId,
    from: u64,
) -> Answer<Vec<Record>, ReadError> {
    // One statement sees one moment. A record before the wanted one is read too, to link to; when `from`
    // lies behind the head, that is the last one, whose place is not known yet.
    let first = int(from.saturating_sub(1));
    let rows = fetch(link, id, first).await?;
    let Some(any) = rows.first() else {
        return Ok(Err(ReadError::NotFound));
    };
    let head = match row::stored_head(any) {
        Ok(head) => head,
        Err(damaged) => return Ok(Err(damaged.into_read_error(id))),
    };
    if from > head.next_seq {
        return Box::pin(records(link, id, head.next_seq)).await;
    }
    Ok(verified(id, from, head, &rows))
}

async fn fetch(link: &Link, id: &RolloutId, first: i64) -> Result<Vec<Row>, Trouble> {
    let rows = link
        .client
        .query(&link.statements.records, &[&id.as_str(), &first])
        .await;
    rows.map_err(|e| Trouble::of(&e))
}

fn verified(id: &RolloutId, from: u64, head: Head, rows: &[Row]) -> Result<Vec<Record>, ReadError> {
    let mut tail = Tail::new(id, from, head);
    for row in rows {
        let record = row::record(row, tail.expected());
        let record = record.map_err(|damaged| damaged.into_read_error(id))?;
        // A rollout without records there still gives its head.
        if let Some(record) = record {
            tail.push(record)
                .map_err(|fault| ReadError::corrupt(id, &fault))?;
        }
    }
    tail.end().map_err(|fault| ReadError::corrupt(id, &fault))
}

pub(crate) async fn snapshot(link: &Link, id: &RolloutId) -> Answer<Option<Snapshot>, ReadError> {
    let row = link
        .client
        .query_opt(&link.statements.snapshot, &[&id.as_str()])
        .await;
    let Some(row) = row.map_err(|e| Trouble::of(&e))? else {
        return Ok(Err(ReadError::NotFound));
    };
    Ok(row::snapshot(&row).map_err(|damaged| damaged.into_read_error(id)))
}

pub(crate) async fn rollouts(link: &Link) -> Answer<Vec<RolloutSummary>, ReadError> {
    let rows = link.client.query(&link.statements.rollouts, &[]).await;
    let found = listed(&rows.map_err(|e| Trouble::of(&e))?)?;
    Ok(found.map(|all| all.into_iter().map(Rollout::summary).collect()))
}

pub(crate) async fn due(link: &Link, before: Timestamp) -> Answer<Vec<RolloutSummary>, ReadError> {
    let millis = before.as_unix_millis();
    let rows = link.client.query(&link.statements.due, &[&millis]).await;
    let found = listed(&rows.map_err(|e| Trouble::of(&e))?)?;
    Ok(found.map(|mut due| {
        due.retain(|found| found.wake_at.is_some_and(|at| at <= before));
        // Stable: those of one moment stay in the order of their ids.
        due.sort_by_key(|found| found.wake_at);
        due.into_iter().map(Rollout::summary).collect()
    }))
}

/// Rows of a list; a damaged one is named if its id still is one.
fn listed(rows: &[Row]) -> Answer<Vec<Rollout>, ReadError> {
    let mut all = Vec::new();
    for row in rows {
        let damaged = match Rollout::of(row) {
            Ok(rollout) => {
                all.push(rollout);
                continue;
            }
            Err(damaged) => damaged,
        };
        let id: Result<String, _> = row.try_get("id");
        return match id.map(RolloutId::new) {
            Ok(Ok(id)) => Ok(Err(damaged.into_read_error(&id))),
            Ok(Err(_)) | Err(_) => Err(damaged.into()),
        };
    }
    Ok(Ok(all))
}
