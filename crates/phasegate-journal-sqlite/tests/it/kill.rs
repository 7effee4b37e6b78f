//! A process that is killed while it appends loses nothing that it was told is durable.
//!
//! The child is this same test binary; it says on its standard output what was acknowledged. A kill leaves
//! the kernel's cache, so this shows order and recovery, not that the flush reaches the disk.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use crate::support::{Place, TTL, batch, holder, rollout};
use phasegate_journal::{AppendError, Journal};

const CHILD_FILE: &str = "PHASEGATE_TEST_CHILD_FILE";
const CHILD_ROUNDS: &str = "PHASEGATE_TEST_CHILD_ROUNDS";

fn child(program: &[&str], place: &Place, rounds: u64) -> Child {
    let this = std::env::current_exe().expect("this binary");
    let arguments = ["--exact", "kill::a_child_that_appends", "--nocapture"];
    let mut command = match program {
        [] => Command::new(this),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(this);
            command
        }
    };
    command
        .args(arguments)
        .env(CHILD_FILE, place.path())
        .env(CHILD_ROUNDS, rounds.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

#[test]
fn a_child_that_appends() {
    let place = Place::new();
    // Run by itself it is a short test of its own.
    let path = std::env::var(CHILD_FILE).map_or(place.path(), Into::into);
    let told = std::env::var(CHILD_ROUNDS);
    let rounds: u64 = told
        .as_ref()
        .map_or(10, |rounds| rounds.parse().expect("a number"));
    let journal = phasegate_journal_sqlite::SqliteJournal::open(&path, place.clock());
    let journal = journal.expect("a journal");
    let (id, me) = (rollout("r"), holder("child"));
    let made = journal.create(&id, &me, TTL, &[], batch("0"));
    let lease = match pollster::block_on(made) {
        Ok((lease, _)) => lease,
        Err(_) => pollster::block_on(journal.acquire(&id, &me, TTL)).expect("the lease"),
    };
    let records = pollster::block_on(journal.read(&id, 0)).expect("records");
    let start = records.last().expect("a record").head().next_seq;
    let mut out = std::io::stdout().lock();
    for seq in start..start.saturating_add(rounds) {
        let appended = pollster::block_on(journal.append(&lease, seq, batch(&seq.to_string())));
        assert_eq!(appended.map(|head| head.next_seq), Ok(seq + 1));
        if told.is_ok() {
            writeln!(out, "acknowledged {seq}").expect("the parent listens");
        }
    }
}

#[test]
fn a_killed_writer_loses_nothing_acknowledged_and_its_lease_passes_on() {
    let place = Place::new();
    let id = rollout("r");
    let mut written = 0;
    // Each kill comes after another number of acknowledgements, so at another place in the work.
    for kill_after in [1, 2, 3, 5, 8, 40, 100, 173] {
        let mut child = child(&[], &place, u64::MAX);
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut last = 0;
        let acknowledged = lines.filter_map(|line| {
            line.ok()?
                .split_once("acknowledged ")?
                .1
                .parse::<u64>()
                .ok()
        });
        for (count, seq) in acknowledged.enumerate() {
            last = seq;
            if count + 1 == kill_after {
                child.kill().expect("a kill");
            }
        }
        child.wait().expect("the child's end");
        let records = place.reader().read(&id, 0).expect("records");
        let found = u64::try_from(records.len()).expect("a count");
        // One more than acknowledged at most: the answer to it was on its way.
        assert!(
            found > last && found <= last + 2,
            "{found} records, {last} acknowledged"
        );
        for record in &records {
            assert_eq!(record.payload, record.seq.to_string().as_bytes());
        }
        assert!(found > written, "nothing was written in this round");
        written = found;
    }
    // Another process takes over once the lease has expired, and writes on.
    let journal = place.journal();
    let other = holder("other");
    pollster::block_on(journal.acquire(&id, &other, TTL)).expect_err("the lease still stands");
    place.clock.pass(TTL);
    let lease = pollster::block_on(journal.acquire(&id, &other, TTL)).expect("the lease");
    let appended = pollster::block_on(journal.append(&lease, written, batch("x")));
    assert!(
        !matches!(appended, Err(AppendError::Conflict { .. })),
        "{appended:?}"
    );
}

#[test]
fn nothing_is_acknowledged_before_it_is_flushed() {
    let place = Place::new();
    let trace = place.folder.path().join("trace");
    if Command::new("strace").arg("--version").output().is_err() {
        let mut out = std::io::stdout().lock();
        writeln!(out, "SKIPPED: strace is not installed").expect("standard output");
        return;
    }
    let calls = "trace=fsync,fdatasync,write";
    let file = trace.to_str().expect("a path");
    let strace = ["strace", "-f", "-qq", "-e", calls, "-o", file];
    let output = child(&strace, &place, 30)
        .wait_with_output()
        .expect("the child's end");
    let trace = std::fs::read_to_string(&trace).expect("a trace");
    let traced = trace.contains("fsync(") || trace.contains("fdatasync(");
    if !output.status.success() && !traced {
        let mut out = std::io::stdout().lock();
        writeln!(out, "SKIPPED: strace may not trace here").expect("standard output");
        return;
    }
    assert!(output.status.success(), "{output:?}");
    let (mut flushed, mut acknowledged) = (false, 0);
    for line in trace.lines() {
        // A flush counts once it has returned; strace cuts a call in two when threads interleave.
        let flush = line.contains("fsync(") || line.contains("fdatasync(");
        let resumed = line.contains("fsync resumed") || line.contains("fdatasync resumed");
        if (flush || resumed) && line.ends_with("= 0") {
            flushed = true;
        }
        if line.contains("write(1, \"acknowledged") {
            assert!(flushed, "no flush before: {line}");
            (flushed, acknowledged) = (false, acknowledged + 1);
        }
    }
    assert_eq!(acknowledged, 30);
}
