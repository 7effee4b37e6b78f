//! Rollouts leave a store as JSON lines and come into another one unchanged.

use std::fs;
use std::io::BufReader;

use crate::support::{Place, TTL, batch, copy, filled, holder, rollout};
use phasegate_core::Timestamp;
use phasegate_journal::{Batch, Claim, CreateError, Journal, LeaseError, ReadError, Transcript};
use phasegate_journal_sqlite::{ArchiveError, SqliteJournal};

fn claim() -> Claim {
    Claim {
        binding: "proxy".parse().expect("an id"),
        target: "checkout".parse().expect("an id"),
    }
}

#[test]
fn an_exported_rollout_goes_on_in_another_store() {
    let (here, there) = (Place::new(), Place::new());
    let (from, to) = (here.journal(), there.journal());
    let (me, claims, other) = (holder("a"), [claim()], rollout("other"));
    filled(&from, "before", 1);
    let id = rollout("r");
    let begin = Batch {
        wake_at: Some(Timestamp::EPOCH),
        ..batch("0")
    };
    let made = from.create(&id, &me, TTL, &claims, begin);
    let (lease, head) = pollster::block_on(made).expect("a rollout");
    let transcript = pollster::block_on(from.export(&id)).expect("a transcript");
    let mut lines = Vec::new();
    transcript.write_to(&mut lines).expect("lines");
    let transcript = Transcript::read_from(lines.as_slice()).expect("a transcript");

    assert_eq!(pollster::block_on(to.import(transcript.clone())), Ok(head));
    let again = pollster::block_on(to.import(transcript.clone()));
    assert_eq!(again, Err(CreateError::AlreadyExists));
    assert_eq!(pollster::block_on(to.export(&id)), Ok(transcript));
    let due = pollster::block_on(to.due(Timestamp::EPOCH)).expect("due");
    assert_eq!(due.len(), 1);
    // The resource is taken there too, and the old lease does not write there.
    let other = to.create(&other, &me, TTL, &claims, batch("0"));
    let refused = CreateError::Claimed {
        claim: claim(),
        by: id.clone(),
    };
    assert_eq!(pollster::block_on(other), Err(refused));
    pollster::block_on(to.append(&lease, 1, batch("1"))).expect_err("the old lease");
    let new = pollster::block_on(to.acquire(&id, &holder("b"), TTL)).expect("a lease");
    assert!(new.token > lease.token);
    pollster::block_on(to.append(&new, 1, batch("1"))).expect("an append");
}

#[test]
fn a_finished_rollout_can_be_archived() {
    let place = Place::new();
    let journal = place.journal();
    let (lease, _) = filled(&journal, "r", 5);
    let id = lease.rollout.clone();
    let folder = place.folder.path();
    let running = pollster::block_on(journal.archive(&id, folder));
    assert!(
        matches!(running, Err(ArchiveError::NotFinished)),
        "{running:?}"
    );

    let last = Batch {
        finished: true,
        ..batch("5")
    };
    let head = pollster::block_on(journal.append(&lease, 5, last)).expect("the end");
    let records = pollster::block_on(journal.read(&id, 0)).expect("records");
    let nowhere = pollster::block_on(journal.archive(&id, folder.join("nowhere")));
    assert!(
        matches!(nowhere, Err(ArchiveError::File { .. })),
        "{nowhere:?}"
    );
    assert_eq!(
        pollster::block_on(journal.read(&id, 0)).as_ref(),
        Ok(&records)
    );

    let path = pollster::block_on(journal.archive(&id, folder)).expect("archived");
    let file = BufReader::new(fs::File::open(&path).expect("the archive"));
    let kept = Transcript::read_from(file).expect("a transcript");
    assert_eq!(kept.records(), records);
    assert!(kept.finished());

    // The id stays used, the head stays known, the records are elsewhere.
    let archived = ReadError::Archived {
        rollout: id.clone(),
        to: path.to_string_lossy().into_owned(),
    };
    assert_eq!(pollster::block_on(journal.read(&id, 0)), Err(archived));
    assert_eq!(pollster::block_on(journal.head(&id)), Ok(head));
    let again = pollster::block_on(journal.create(&id, &holder("a"), TTL, &[], batch("0")));
    assert_eq!(again, Err(CreateError::AlreadyExists));
    let lease = pollster::block_on(journal.acquire(&id, &holder("a"), TTL));
    assert_eq!(lease, Err(LeaseError::Finished));
    let twice = pollster::block_on(journal.archive(&id, folder));
    assert!(
        matches!(twice, Err(ArchiveError::Read(ReadError::Archived { .. }))),
        "{twice:?}"
    );
    let rows: i64 = place
        .raw()
        .query_row("SELECT count(*) FROM record", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(rows, 0);
    let left: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn archiving_goes_on_where_a_crash_ended_it() {
    let place = Place::new();
    let folder = place.folder.path();
    let journal = place.journal();
    let (lease, _) = filled(&journal, "r", 5);
    let last = Batch {
        finished: true,
        ..batch("5")
    };
    pollster::block_on(journal.append(&lease, 5, last)).expect("the end");
    drop(journal);
    // As after a crash: the file stands there, the records are still in the store.
    copy(&place.path(), &folder.join("before.db"));
    let archive =
        |journal: &SqliteJournal| pollster::block_on(journal.archive(&lease.rollout, folder));
    archive(&place.journal()).expect("archived");
    copy(&folder.join("before.db"), &place.path());
    assert_eq!(
        place
            .reader()
            .read(&lease.rollout, 0)
            .map(|records| records.len()),
        Ok(6)
    );
    archive(&place.journal()).expect("archived again");
    assert!(place.reader().read(&lease.rollout, 0).is_err());
}

#[test]
fn an_archive_of_another_rollout_is_not_overwritten() {
    let (place, other) = (Place::new(), Place::new());
    let folder = place.folder.path();
    for (place, records) in [(&other, 3), (&place, 5)] {
        let journal = place.journal();
        let (lease, head) = filled(&journal, "r", records);
        let last = Batch {
            finished: true,
            ..batch("last")
        };
        pollster::block_on(journal.append(&lease, head.next_seq, last)).expect("the end");
        let archived = pollster::block_on(journal.archive(&lease.rollout, folder));
        assert_eq!(archived.is_ok(), records == 3, "{archived:?}");
        assert_eq!(
            pollster::block_on(journal.read(&lease.rollout, 0)).is_ok(),
            records == 5
        );
    }
}

#[test]
fn a_file_of_format_1_is_read_for_ever() {
    let place = Place::new();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/format-1.db");
    copy(golden.as_ref(), &place.path());
    let journal = place.journal();
    let id = rollout("golden");
    let transcript = pollster::block_on(journal.export(&id)).expect("a transcript");
    let mut lines = Vec::new();
    transcript.write_to(&mut lines).expect("lines");
    let expected = include_str!("../data/format-1.jsonl");
    assert_eq!(String::from_utf8(lines).expect("text"), expected);
    let lease = pollster::block_on(journal.acquire(&id, &holder("a"), TTL)).expect("a lease");
    let next = transcript.head().next_seq;
    pollster::block_on(journal.append(&lease, next, batch("x"))).expect("an append");
}
