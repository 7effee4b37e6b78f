//! Altered, missing and torn records are found, and the finding names the record.

use std::fs;

use crate::support::{Place, batch, created, filled, rollout};
use phasegate_journal::{Journal, ReadError, Record, StorageKind};
use phasegate_journal_sqlite::{SqliteJournal, SqliteReader};

fn corrupt_at(answer: Result<Vec<Record>, ReadError>) -> u64 {
    match answer {
        Err(ReadError::Corrupt { seq, rollout, .. }) => {
            assert_eq!(rollout.as_str(), "r");
            seq
        }
        other => panic!("found {other:?}, expected damage"),
    }
}

#[test]
fn damage_to_any_column_names_the_record() {
    // The statement, and the first bad record of 0 to 5.
    for (sql, seq) in [
        (
            "UPDATE record SET at = '1970-01-01T00:00:00.000000001Z' WHERE seq = 3",
            3,
        ),
        ("UPDATE record SET at = 'yesterday' WHERE seq = 3", 3),
        ("UPDATE record SET kind = 'l' WHERE seq = 3", 3),
        ("UPDATE record SET payload = x'00' WHERE seq = 3", 3),
        ("UPDATE record SET payload = x'' WHERE seq = 5", 5),
        ("UPDATE record SET prev = zeroblob(32) WHERE seq = 3", 3),
        ("UPDATE record SET prev = zeroblob(31) WHERE seq = 3", 3),
        ("UPDATE record SET hash = zeroblob(32) WHERE seq = 3", 3),
        ("UPDATE record SET hash = x'' WHERE seq = 3", 3),
        ("UPDATE record SET seq = 9 WHERE seq = 3", 3),
        ("UPDATE record SET seq = -1 WHERE seq = 3", 3),
        ("DELETE FROM record WHERE seq = 0", 0),
        ("DELETE FROM record WHERE seq = 3", 3),
        ("DELETE FROM record WHERE seq = 5", 5),
        ("DELETE FROM record WHERE seq >= 2", 2),
        ("DELETE FROM record", 0),
        (
            "INSERT INTO record SELECT rollout, 6, at, kind, payload, prev, hash FROM record WHERE seq = 5",
            6,
        ),
        ("UPDATE rollout SET next_seq = 4", 4),
        ("UPDATE rollout SET next_seq = 7", 6),
        ("UPDATE rollout SET head = zeroblob(32)", 5),
        ("UPDATE rollout SET head = zeroblob(3)", 5),
        ("UPDATE rollout SET wake_at = 'soon'", 5),
        ("UPDATE record SET rollout = 2 WHERE seq = 2", 2),
    ] {
        let place = Place::new();
        let journal = place.journal();
        filled(&journal, "r", 6);
        created(&journal, "other");
        let raw = place.raw();
        raw.execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; DELETE FROM record WHERE rollout = 2; {sql}"
        ))
        .expect(sql);
        let answer = pollster::block_on(journal.read(&rollout("r"), 0));
        assert_eq!(corrupt_at(answer), seq, "{sql}");
        assert_eq!(
            corrupt_at(place.reader().read(&rollout("r"), 0)),
            seq,
            "reader: {sql}"
        );
    }
}

#[test]
fn a_tail_links_to_the_record_before_it() {
    for (sql, from, seq) in [
        ("UPDATE record SET payload = 'x' WHERE seq = 2", 3, 2),
        ("DELETE FROM record WHERE seq = 2", 3, 2),
        ("DELETE FROM record WHERE seq = 5", 6, 5),
        ("DELETE FROM record WHERE seq = 5", 99, 5),
    ] {
        let place = Place::new();
        let journal = place.journal();
        filled(&journal, "r", 6);
        let sql = sql.replace("'x'", "x'78'");
        place.raw().execute_batch(&sql).expect("damage");
        let answer = pollster::block_on(journal.read(&rollout("r"), from));
        assert_eq!(corrupt_at(answer), seq, "{sql} from {from}");
    }
}

#[test]
fn damage_to_one_rollout_leaves_the_others_readable() {
    let place = Place::new();
    let journal = place.journal();
    filled(&journal, "r", 3);
    let (lease, head) = filled(&journal, "other", 3);
    place
        .raw()
        .execute_batch("DELETE FROM record WHERE rollout = 1")
        .expect("damage");
    corrupt_at(pollster::block_on(journal.read(&rollout("r"), 0)));
    let read = pollster::block_on(journal.read(&lease.rollout, 0)).expect("records");
    assert_eq!(read.last().map(Record::head), Some(head));
    pollster::block_on(journal.append(&lease, 3, batch("3"))).expect("an append");
}

#[test]
fn no_flipped_bit_changes_what_is_read() {
    let place = Place::new();
    let (_, head) = filled(&place.journal(), "r", 12);
    let good = fs::read(place.path()).expect("the file");
    let expected = place.reader().read(&rollout("r"), 0).expect("records");
    let (mut refused, mut unharmed) = (0, 0);
    // A prime step, so that all pages, and all places in a page, get their turn.
    for at in (0..good.len()).step_by(97) {
        let other = Place::new();
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(other.path(), &bad).expect("a damaged file");
        let read = SqliteReader::open(other.path(), other.clock())
            .map_err(ReadError::from)
            .and_then(|reader| reader.read(&rollout("r"), 0));
        match read {
            Ok(records) => {
                assert_eq!(records, expected, "byte {at}");
                unharmed += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert_eq!(expected.last().map(Record::head), Some(head));
    // Most of the file is free room, some of it is not.
    assert!(refused > 20, "{refused} refused, {unharmed} unharmed");
}

#[test]
fn a_cut_file_is_refused() {
    let place = Place::new();
    filled(&place.journal(), "r", 12);
    let good = fs::read(place.path()).expect("the file");
    for pages in 1..good.len() / 4096 {
        let other = Place::new();
        fs::write(other.path(), &good[..pages * 4096]).expect("a cut file");
        let error = SqliteJournal::open(other.path(), other.clock()).expect_err("a cut file");
        assert_eq!(error.kind, StorageKind::Corrupt, "cut to {pages} pages");
    }
}

#[test]
fn a_torn_log_loses_only_what_was_not_acknowledged() {
    let place = Place::new();
    let journal = place.journal();
    let (_, _) = filled(&journal, "r", 4);
    // As the disk would be after a power cut in the middle of a commit: take the files while open.
    let log = fs::read(place.folder.path().join("journal.db-wal")).expect("the log");
    let file = fs::read(place.path()).expect("the file");
    let lengths: Vec<usize> = (0..log.len()).step_by(509).chain([log.len()]).collect();
    let mut counts = Vec::new();
    for len in lengths {
        let other = Place::new();
        fs::write(other.path(), &file).expect("the file");
        fs::write(other.folder.path().join("journal.db-wal"), &log[..len]).expect("the log");
        let Ok(reopened) = SqliteJournal::open(other.path(), other.clock()) else {
            panic!("a log cut to {len} bytes must not keep the file from being opened");
        };
        counts.push(match pollster::block_on(reopened.read(&rollout("r"), 0)) {
            Ok(records) => records.len(),
            Err(ReadError::NotFound) => 0,
            Err(error) => panic!("cut to {len}: {error}"),
        });
    }
    assert!(counts.is_sorted(), "{counts:?}");
    assert_eq!(counts.first(), Some(&0));
    assert_eq!(counts.last(), Some(&4));
}

#[test]
fn files_that_are_no_journals_are_refused_and_left_alone() {
    let foreign = Place::new();
    foreign
        .raw()
        .execute_batch("CREATE TABLE t (a)")
        .expect("a database");
    let newer = Place::new();
    drop(newer.journal());
    newer
        .raw()
        .pragma_update(None, "user_version", 99)
        .expect("a newer format");
    let garbage = Place::new();
    fs::write(garbage.path(), vec![0x5a; 8192]).expect("a file");
    for (name, place, kind) in [
        ("another program's", foreign, StorageKind::Unsupported),
        ("newer", newer, StorageKind::Unsupported),
        ("garbage", garbage, StorageKind::Corrupt),
    ] {
        let error = SqliteJournal::open(place.path(), place.clock()).expect_err(name);
        assert_eq!(error.kind, kind, "{name}: {error}");
        let error = SqliteReader::open(place.path(), place.clock()).expect_err(name);
        assert_eq!(error.kind, kind, "reader, {name}: {error}");
    }
    let nothing = Place::new();
    let error = SqliteReader::open(nothing.path(), nothing.clock()).expect_err("no file");
    assert_eq!(error.kind, StorageKind::Io);
    assert!(!nothing.path().exists(), "a reader makes no file");
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_not_followed() {
    let place = Place::new();
    drop(place.journal());
    let link = place.folder.path().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).expect("a link");
    assert!(SqliteJournal::open(&link, place.clock()).is_err());
}
