//! A damaged journal, opened again through the SQLite store: the record is named, with what is wrong
//! with it, and the other rollouts of the file go on.

use std::path::Path;
use std::sync::Arc;

use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::{Batch, Draft, Journal, ReadError};
use phasegate_journal_sqlite::SqliteJournal;
use phasegate_testkit::clock::VirtualClock;

const RECORDS: u64 = 6;

fn journal(path: &Path) -> SqliteJournal {
    let clock = Arc::new(VirtualClock::new(Timestamp::EPOCH));
    SqliteJournal::open(path, clock).expect("the store opens")
}

fn batch(number: u64) -> Batch {
    Batch::of([Draft {
        at: Timestamp::EPOCH + Span::from_secs(number),
        kind: "note".to_owned(),
        payload: format!("{{\"number\":{number}}}").into_bytes(),
    }])
}

/// A rollout of six records.
fn written(journal: &SqliteJournal, id: &RolloutId) {
    pollster::block_on(async {
        let holder = "a".parse().expect("a name");
        let ttl = Span::from_secs(60);
        let made = journal.create(id, &holder, ttl, &[], batch(0)).await;
        let (lease, _) = made.expect("a rollout");
        for number in 1..RECORDS {
            let appended = journal.append(&lease, number, batch(number)).await;
            appended.expect("an append");
        }
    });
}

#[test]
fn a_corrupt_record_is_named_when_the_store_is_opened_again() {
    let rollout: RolloutId = "shop-2".parse().expect("an id");
    let other: RolloutId = "cart-1".parse().expect("an id");
    for (damage, seq, why) in [
        (
            "UPDATE record SET payload = x'7b7d' WHERE seq = 3 AND rollout = 1",
            3,
            "record 3 was altered: its content does not give its hash",
        ),
        (
            "UPDATE record SET kind = 'noted' WHERE seq = 0 AND rollout = 1",
            0,
            "record 0 was altered: its content does not give its hash",
        ),
        (
            "DELETE FROM record WHERE seq = 2 AND rollout = 1",
            2,
            "record 2 is missing: record 3 stands in its place",
        ),
        (
            "DELETE FROM record WHERE seq >= 4 AND rollout = 1",
            4,
            "the chain does not end as it should: record 4 is missing or is not the last",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal.db");
        {
            let journal = journal(&path);
            written(&journal, &rollout);
            written(&journal, &other);
        }
        let raw = rusqlite::Connection::open(&path).expect("the file");
        raw.execute_batch(damage).expect(damage);
        drop(raw);

        let journal = journal(&path);
        let error = pollster::block_on(journal.read(&rollout, 0)).expect_err(damage);
        let ReadError::Corrupt { seq: named, .. } = &error else {
            panic!("{damage}: {error}");
        };
        assert_eq!(*named, seq, "{damage}");
        assert_eq!(
            error.to_string(),
            format!("journal of rollout shop-2 is damaged at record {seq}: {why}"),
            "{damage}"
        );
        let whole = pollster::block_on(journal.read(&other, 0)).expect("the other rollout");
        assert_eq!(whole.len(), usize::try_from(RECORDS).expect("few"));
    }
}
