//! Records, heads, snapshots and wake-ups.

use phasegate_core::{Timestamp, TimestampError};

use super::make::{TTL, at, batch, created, draft, holder, last, rollout};
use super::{Outcome, Store, fine, is, listed, same};
use crate::{AppendError, Batch, Chain, CreateError, Draft, ReadError, Snapshot};

listed! {
    a_new_rollout_has_its_first_records,
    records_come_back_to_the_byte,
    reading_from_the_middle_gives_the_tail,
    another_handle_sees_what_was_written,
    a_conflict_writes_nothing,
    an_id_is_used_only_once,
    an_unknown_rollout_is_said_to_be_unknown,
    a_batch_without_records_still_sets_the_rest,
    a_snapshot_stays_until_it_is_replaced,
    due_rollouts_come_in_the_order_of_their_moments,
    all_rollouts_are_listed,
}

async fn a_new_rollout_has_its_first_records(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (id, me) = (rollout("r1")?, holder("a")?);
    let drafts = batch(&["created", "lease-taken"]);
    let mut chain = Chain::start(&id);
    let expected: Vec<_> = drafts
        .drafts
        .iter()
        .map(|draft| chain.link(draft))
        .collect();
    let made = journal.create(&id, &me, TTL, &[], drafts).await;
    let (lease, head) = made.map_err(|e| e.to_string())?;
    same!(head, chain.head(), "head after create");
    same!(lease.rollout, id, "rollout of the lease");
    same!(lease.holder, me, "holder of the lease");
    is!(lease.expires_in, left if !left.is_zero() && *left <= TTL, "time left");
    same!(journal.read(&id, 0).await, Ok(expected), "records");
    same!(journal.head(&id).await, Ok(chain.head()), "stored head");
    same!(journal.snapshot(&id).await, Ok(None), "snapshot");
    Ok(())
}

async fn records_come_back_to_the_byte(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, mut head) = created(&*journal, "bytes").await?;
    let mut chain = Chain::resume(head);
    let mut expected = Vec::new();
    let times = [
        "1970-01-01T00:00:00Z",
        "2026-09-16T12:00:00.000000001Z",
        "2026-09-16T12:00:00.999999999Z",
        "1969-12-31T23:59:59.5Z",
        "9999-12-30T22:00:00.999999999Z",
        "0001-01-01T00:00:00Z",
    ];
    let payloads: [&[u8]; 6] = [
        b"",
        b"\0",
        "{\"name\":\"\u{e4}\u{1f6a6}'\\\"\"}".as_bytes(),
        b"\xff\xfe\x00\x80",
        b"\\x00",
        &[0x5a; 300_000],
    ];
    let kinds = ["k", "Kind.v2", "it's", "\"quoted\"", "%s;--", "\\N"];
    for ((time, payload), kind) in times.into_iter().zip(payloads).zip(kinds) {
        let draft = Draft {
            at: time.parse::<Timestamp>().map_err(|e| e.to_string())?,
            kind: kind.to_owned(),
            payload: payload.to_vec(),
        };
        expected.push(chain.link(&draft));
        let appended = journal
            .append(&lease, head.next_seq, Batch::of([draft]))
            .await;
        head = appended.map_err(|e| format!("append {kind}: {e}"))?;
    }
    same!(head, chain.head(), "head");
    let found = journal
        .read(&lease.rollout, 1)
        .await
        .map_err(|e| e.to_string())?;
    for (found, expected) in found.iter().zip(&expected) {
        same!(found, expected, "record {}", expected.seq);
    }
    same!(found.len(), expected.len(), "number of records");
    Ok(())
}

async fn reading_from_the_middle_gives_the_tail(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, _) = created(&*journal, "tail").await?;
    let more = batch(&["b", "c", "d"]);
    journal
        .append(&lease, 1, more)
        .await
        .map_err(|e| e.to_string())?;
    for (from, count) in [(0, 4), (1, 3), (3, 1), (4, 0), (5, 0), (u64::MAX, 0)] {
        let found = journal.read(&lease.rollout, from).await;
        let found = found.map_err(|e| format!("read from {from}: {e}"))?;
        same!(found.len(), count, "records from {from}");
        let seqs: Vec<u64> = found.iter().map(|record| record.seq).collect();
        let expected: Vec<u64> = (from..4).collect();
        same!(seqs, expected, "sequences from {from}");
    }
    Ok(())
}

async fn another_handle_sees_what_was_written(store: &dyn Store) -> Outcome {
    let (one, two) = (store.open().await, store.open().await);
    let (lease, head) = created(&*one, "seen").await?;
    same!(
        two.head(&lease.rollout).await,
        Ok(head),
        "head at the second handle"
    );
    let appended = two.append(&lease, 1, batch(&["b"])).await;
    let head = appended.map_err(|e| format!("append at the second handle: {e}"))?;
    same!(
        one.head(&lease.rollout).await,
        Ok(head),
        "head at the first handle"
    );
    Ok(())
}

async fn a_conflict_writes_nothing(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, head) = created(&*journal, "conflict").await?;
    for wrong in [0, 2, 99, u64::MAX] {
        let answer = journal.append(&lease, wrong, last(&["x"])).await;
        same!(
            answer,
            Err(AppendError::Conflict { actual: 1 }),
            "append at {wrong}"
        );
    }
    same!(journal.head(&lease.rollout).await, Ok(head), "head");
    let again = journal.append(&lease, 1, batch(&["b"])).await;
    fine!(again, "append after conflicts");
    Ok(())
}

async fn an_id_is_used_only_once(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, head) = created(&*journal, "once").await?;
    for (finish, name) in [(false, "a"), (true, "b")] {
        if finish {
            let done = journal.append(&lease, head.next_seq, last(&["done"])).await;
            fine!(done, "finish");
        }
        let me = holder(name)?;
        let made = journal
            .create(&lease.rollout, &me, TTL, &[], batch(&["x"]))
            .await;
        same!(
            made,
            Err(CreateError::AlreadyExists),
            "create again, finished: {finish}"
        );
    }
    let count = journal
        .read(&lease.rollout, 0)
        .await
        .map(|records| records.len());
    same!(count, Ok(2), "records");
    Ok(())
}

async fn an_unknown_rollout_is_said_to_be_unknown(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let id = rollout("nobody")?;
    same!(journal.read(&id, 0).await, Err(ReadError::NotFound), "read");
    same!(journal.head(&id).await, Err(ReadError::NotFound), "head");
    same!(
        journal.snapshot(&id).await,
        Err(ReadError::NotFound),
        "snapshot"
    );
    same!(journal.rollouts().await, Ok(Vec::new()), "rollouts");
    same!(journal.due(at(9)).await, Ok(Vec::new()), "due");
    Ok(())
}

async fn a_batch_without_records_still_sets_the_rest(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, head) = created(&*journal, "bare").await?;
    let snapshot = Snapshot {
        seq: 1,
        format: u32::MAX,
        head: head.hash,
        body: vec![0, 255],
    };
    let bare = Batch {
        wake_at: Some(at(7)),
        snapshot: Some(snapshot.clone()),
        ..Batch::default()
    };
    same!(
        journal.append(&lease, 1, bare).await,
        Ok(head),
        "head stays"
    );
    same!(
        journal.snapshot(&lease.rollout).await,
        Ok(Some(snapshot)),
        "snapshot"
    );
    let wake = journal
        .rollouts()
        .await
        .map(|all| all.first().and_then(|r| r.wake_at));
    same!(wake, Ok(Some(at(7))), "wake-up");
    fine!(
        journal.append(&lease, 1, Batch::default()).await,
        "an empty batch"
    );
    let wake = journal
        .rollouts()
        .await
        .map(|all| all.first().and_then(|r| r.wake_at));
    same!(wake, Ok(None), "wake-up after a batch without one");
    Ok(())
}

async fn a_snapshot_stays_until_it_is_replaced(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, head) = created(&*journal, "snap").await?;
    // It may cover records of its own batch.
    let mut chain = Chain::resume(head);
    let own = chain.link(&draft("b"));
    let first = Snapshot {
        seq: 2,
        format: 1,
        head: own.hash,
        body: b"one".to_vec(),
    };
    let with = |snapshot: &Snapshot, kinds: &[&str]| Batch {
        snapshot: Some(snapshot.clone()),
        ..batch(kinds)
    };
    fine!(
        journal.append(&lease, 1, with(&first, &["b"])).await,
        "first"
    );
    fine!(journal.append(&lease, 2, batch(&["c"])).await, "none");
    same!(
        journal.snapshot(&lease.rollout).await,
        Ok(Some(first.clone())),
        "kept"
    );
    let second = Snapshot {
        format: 2,
        body: Vec::new(),
        ..first
    };
    fine!(
        journal.append(&lease, 3, with(&second, &[])).await,
        "second"
    );
    same!(
        journal.snapshot(&lease.rollout).await,
        Ok(Some(second.clone())),
        "replaced"
    );
    for seq in [3, 4, u64::MAX] {
        let wrong = Snapshot {
            seq,
            ..second.clone()
        };
        let refused = journal.append(&lease, 3, with(&wrong, &[])).await;
        is!(
            refused,
            Err(AppendError::Invalid(_)),
            "snapshot at {seq} that cannot be"
        );
    }
    same!(
        journal.snapshot(&lease.rollout).await,
        Ok(Some(second)),
        "after refusals"
    );
    Ok(())
}

async fn due_rollouts_come_in_the_order_of_their_moments(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let half: Timestamp = "1970-01-01T00:00:05.0000005Z"
        .parse()
        .map_err(|e: TimestampError| e.to_string())?;
    for (id, wake_at, finished) in [
        ("r1", Some(at(9)), false),
        ("r2", Some(half), false),
        ("r3", None, false),
        ("r4", Some(at(5)), true),
        ("r6", Some(at(5)), false),
        ("r5", Some(at(5)), false),
        ("r0", Some(at(0).before(TTL)), false),
    ] {
        let (lease, _) = created(&*journal, id).await?;
        let batch = Batch {
            wake_at,
            finished,
            ..batch(&["x"])
        };
        fine!(journal.append(&lease, 1, batch).await, "append to {id}");
    }
    for (before, expected) in [
        (at(4), vec!["r0"]),
        (at(5), vec!["r0", "r5", "r6"]),
        (half, vec!["r0", "r5", "r6", "r2"]),
        (at(9), vec!["r0", "r5", "r6", "r2", "r1"]),
    ] {
        let due = journal.due(before).await.map_err(|e| e.to_string())?;
        let ids: Vec<&str> = due.iter().map(|r| r.rollout.as_str()).collect();
        same!(ids, expected, "due at {before}");
    }
    Ok(())
}

async fn all_rollouts_are_listed(store: &dyn Store) -> Outcome {
    let journal = store.open().await;
    let (lease, head) = created(&*journal, "b").await?;
    let (_, other) = created(&*journal, "a").await?;
    let (gone, _) = created(&*journal, "c").await?;
    let done = journal.append(&gone, 1, last(&["done"])).await;
    let done = done.map_err(|e| e.to_string())?;
    journal.release(&lease).await.map_err(|e| e.to_string())?;
    let all = journal.rollouts().await.map_err(|e| e.to_string())?;
    let found: Vec<_> = all
        .iter()
        .map(|r| (r.rollout.as_str(), r.head, r.finished, r.holder.clone()))
        .collect();
    let expected = vec![
        ("a", other, false, Some(holder("a")?)),
        ("b", head, false, None),
        ("c", done, true, None),
    ];
    same!(found, expected, "rollouts");
    Ok(())
}
