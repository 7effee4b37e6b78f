//! What is refused before anything is written, and that the largest values fit.

use super::make::{TTL, at, batch, created, holder, rollout};
use super::{Outcome, Store, fine, is, listed, same};
use crate::record::{BATCH_DRAFTS_MAX, KIND_LEN_MAX, PAYLOAD_LEN_MAX};
use crate::{AppendError, Batch, BatchFault, CreateError, Draft, ReadError};

listed! {
    an_invalid_batch_writes_nothing,
    the_largest_batches_fit,
}

fn sized(kind_len: usize, payload_len: usize) -> Draft {
    Draft {
        at: at(1),
        kind: "k".repeat(kind_len),
        payload: vec![b'p'; payload_len],
    }
}

async fn an_invalid_batch_writes_nothing(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (id, me) = (rollout("r1")?, holder("a")?);
    let made = journal.create(&id, &me, TTL, &[], Batch::default()).await;
    same!(
        made,
        Err(CreateError::Invalid(BatchFault::Empty)),
        "create without a record"
    );
    let made = journal
        .create(&id, &me, TTL, &[], Batch::of([sized(0, 0)]))
        .await;
    is!(
        made,
        Err(CreateError::Invalid(_)),
        "create with a record without kind"
    );
    same!(
        journal.head(&id).await,
        Err(ReadError::NotFound),
        "the refused rollout"
    );
    let (lease, head) = created(&*journal, "r2").await?;
    // The good draft in front must not be written either.
    let half = Batch::of([sized(1, 1), sized(KIND_LEN_MAX.saturating_add(1), 1)]);
    let answer = journal.append(&lease, 1, half).await;
    same!(
        answer,
        Err(AppendError::Invalid(BatchFault::Kind { index: 1 })),
        "append"
    );
    same!(journal.head(&lease.rollout).await, Ok(head), "head");
    Ok(())
}

async fn the_largest_batches_fit(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "large").await?;
    let many = Batch::of(vec![sized(KIND_LEN_MAX, 1); BATCH_DRAFTS_MAX]);
    let head = journal
        .append(&lease, 1, many)
        .await
        .map_err(|e| format!("many: {e}"))?;
    let large = Batch::of([sized(1, PAYLOAD_LEN_MAX)]);
    let appended = journal.append(&lease, head.next_seq, large).await;
    let head = appended.map_err(|e| format!("large: {e}"))?;
    let found = journal
        .read(&lease.rollout, 0)
        .await
        .map_err(|e| e.to_string())?;
    same!(
        found.last().map(|r| r.payload.len()),
        Some(PAYLOAD_LEN_MAX),
        "payload"
    );
    same!(found.last().map(|r| r.head()), Some(head), "head");
    fine!(
        journal.append(&lease, head.next_seq, batch(&["b"])).await,
        "go on"
    );
    Ok(())
}
