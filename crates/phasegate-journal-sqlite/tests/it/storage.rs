//! A full or busy store: what is refused, what is poisoned, and that nothing acknowledged is lost.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::support::{Place, TTL, batch, created, draft, filled, holder, rollout};
use phasegate_core::Span;
use phasegate_journal::{AppendError, Batch, Journal, LeaseError, ReadError, Record, StorageKind};
use phasegate_journal_sqlite::{SqliteJournal, SqliteOptions};

#[test]
fn a_full_store_refuses_poisons_and_loses_nothing() {
    let place = Place::new();
    let options = SqliteOptions::default().with_size_max_bytes(200_000);
    let open = || SqliteJournal::open_with(place.path(), place.clock(), &options);
    let journal = open().expect("a journal");
    let (lease, mut head) = created(&journal, "r");
    let large = |n: u64| Batch::of([draft("k", &vec![n.to_le_bytes()[0]; 5_000])]);
    let refused = loop {
        match pollster::block_on(journal.append(&lease, head.next_seq, large(head.next_seq))) {
            Ok(next) => head = next,
            Err(refused) => break refused,
        }
        assert!(
            head.next_seq < 100,
            "200 kB cannot hold 100 records of 5 kB"
        );
    };
    let AppendError::Storage(error) = refused else {
        panic!("found {refused:?}, expected a storage error");
    };
    assert_eq!(error.kind, StorageKind::Full);
    // The handle stays poisoned, for every kind of call.
    let small = pollster::block_on(journal.append(&lease, head.next_seq, batch("x")));
    assert_eq!(small, Err(AppendError::Storage(error.clone())));
    let read = pollster::block_on(journal.read(&lease.rollout, 0));
    assert_eq!(read, Err(ReadError::Storage(error.clone())));
    let renewed = pollster::block_on(journal.renew(&lease, TTL));
    assert_eq!(renewed, Err(LeaseError::Storage(error)));
    drop(journal);

    // Opened again, all that was acknowledged is there, and nothing else.
    let journal = open().expect("a journal");
    let records = pollster::block_on(journal.read(&lease.rollout, 0)).expect("records");
    assert_eq!(records.last().map(Record::head), Some(head));
    // With room it goes on where it stood, under the same lease.
    drop(journal);
    let next = pollster::block_on(place.journal().append(&lease, head.next_seq, large(9)));
    assert_eq!(next.map(|head| head.next_seq), Ok(head.next_seq + 1));
}

#[test]
fn a_busy_store_changes_nothing_and_is_not_poisoned() {
    let place = Place::new();
    let options = SqliteOptions::default().with_busy_timeout(Span::ZERO);
    let journal = SqliteJournal::open_with(place.path(), place.clock(), &options);
    let journal = journal.expect("a journal");
    let (lease, head) = created(&journal, "r");
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").expect("a writer");
    let refused = pollster::block_on(journal.append(&lease, 1, batch("1")));
    assert!(
        matches!(refused, Err(AppendError::Unavailable(_))),
        "{refused:?}"
    );
    // Reading goes on beside a writer.
    assert_eq!(pollster::block_on(journal.head(&lease.rollout)), Ok(head));
    other.execute_batch("ROLLBACK").expect("the writer ends");
    pollster::block_on(journal.append(&lease, 1, batch("1"))).expect("an append");
}

/// Polls a future once.
fn poll<F: Future + ?Sized>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn sixty_four_writers_share_two_commits() {
    let place = Place::new();
    let journal = place.journal();
    let leases: Vec<_> = (0..64)
        .map(|n| created(&journal, &format!("r{n}")).0)
        .collect();
    let before = journal.counts();
    // Another process has the file while all of them ask, so the first commit cannot begin.
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").expect("a writer");
    let mut appends: Vec<_> = leases
        .iter()
        .map(|lease| journal.append(lease, 1, batch("1")))
        .collect();
    for append in &mut appends {
        assert!(poll(append.as_mut()).is_pending());
    }
    other.execute_batch("ROLLBACK").expect("the writer ends");
    for append in appends {
        pollster::block_on(append).expect("an append");
    }
    let after = journal.counts();
    assert_eq!(after.calls - before.calls, 64);
    let commits = after.commits - before.commits;
    // The thread may have taken a part of them before the rest had asked.
    assert!((1..=2).contains(&commits), "{commits} commits");
}

#[test]
fn a_refused_call_does_not_harm_its_neighbours_in_the_same_commit() {
    let place = Place::new();
    let journal = place.journal();
    let (one, _) = created(&journal, "one");
    let (two, _) = created(&journal, "two");
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").expect("a writer");
    let mut good = pin!(journal.append(&one, 1, batch("1")));
    let mut bad = pin!(journal.append(&two, 7, batch("7")));
    let mut next = pin!(journal.append(&one, 2, batch("2")));
    assert!(poll(good.as_mut()).is_pending());
    assert!(poll(bad.as_mut()).is_pending());
    assert!(poll(next.as_mut()).is_pending());
    other.execute_batch("ROLLBACK").expect("the writer ends");
    assert_eq!(pollster::block_on(good).map(|head| head.next_seq), Ok(2));
    assert_eq!(
        pollster::block_on(bad),
        Err(AppendError::Conflict { actual: 1 })
    );
    assert_eq!(pollster::block_on(next).map(|head| head.next_seq), Ok(3));
}

#[test]
fn a_dropped_append_leaves_a_whole_journal() {
    let place = Place::new();
    let journal = place.journal();
    let (lease, _) = created(&journal, "r");
    drop(journal.append(&lease, 1, batch("never")));
    {
        let mut dropped = pin!(journal.append(&lease, 1, batch("perhaps")));
        drop(poll(dropped.as_mut()));
    }
    // Acquiring anew settles it: whatever was under way has happened or never will.
    let lease = pollster::block_on(journal.acquire(&lease.rollout, &lease.holder, TTL));
    let lease = lease.expect("the lease");
    let records = pollster::block_on(journal.read(&lease.rollout, 0)).expect("records");
    let payloads: Vec<&[u8]> = records.iter().map(|r| r.payload.as_slice()).collect();
    assert_eq!(payloads, [b"0".as_slice(), b"perhaps"]);
}

#[test]
fn handles_on_one_file_never_write_over_each_other() {
    let place = Place::new();
    let id = rollout("r");
    created(&place.journal(), "r");
    // Four writers steal the lease from each other all the time and count what was acknowledged.
    let acknowledged: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|n| {
                let (place, id) = (&place, &id);
                scope.spawn(move || {
                    let (journal, me) = (place.journal(), holder("a"));
                    let mut acknowledged = 0;
                    for round in 0..60 {
                        // The same name: each acquire takes the lease away from the last one.
                        let lease = journal.acquire(id, &me, TTL);
                        let lease = pollster::block_on(lease).expect("the lease");
                        let head = pollster::block_on(journal.head(id)).expect("the head");
                        let mine = batch(&format!("{n}-{round}"));
                        match pollster::block_on(journal.append(&lease, head.next_seq, mine)) {
                            Ok(_) => acknowledged += 1,
                            Err(AppendError::Conflict { .. } | AppendError::Fenced { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    acknowledged
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().expect("a writer"))
            .sum()
    });
    let records = place.reader().read(&id, 0).expect("records");
    assert_eq!(records.len(), acknowledged + 1);
    assert!(acknowledged > 0);
}

#[test]
fn a_reader_sees_one_moment_while_a_writer_goes_on() {
    let place = Place::new();
    let journal = place.journal();
    let (lease, head) = filled(&journal, "r", 3);
    let reader = place.reader();
    assert_eq!(reader.head(&lease.rollout), Ok(head));
    let head = pollster::block_on(journal.append(&lease, 3, batch("3"))).expect("an append");
    assert_eq!(reader.head(&lease.rollout), Ok(head));
    assert_eq!(
        reader.read(&lease.rollout, 2).map(|records| records.len()),
        Ok(2)
    );
    assert_eq!(reader.snapshot(&lease.rollout), Ok(None));
    let all = reader.rollouts().expect("rollouts");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].holder, Some(holder("a")));
    assert_eq!(reader.due(phasegate_core::Timestamp::EPOCH), Ok(Vec::new()));
}
