//! How fast does the SQLite journal make records durable, next to the least that a disk needs for it?
//!
//! The yardstick is a plain file: append 300 bytes, `fdatasync`, repeat. It runs before and after the
//! journal, on the same disk, because the speed of a flush changes with what else the machine does. What
//! counts is the ratio to it; an engine writes perhaps ten records a second, so the absolute figure never
//! decides. With more writers at once the journal commits several calls with one flush; the last column
//! says how many.
//!
//! `cargo bench -p phasegate-benches --bench journal [folder]`; in tests it runs a moment and asserts.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use phasegate_core::{BootId, Clock, Now, RolloutId, Span, Timestamp};
use phasegate_journal::{Batch, Draft, Journal, MemoryJournal};
use phasegate_journal_sqlite::SqliteJournal;

const PAYLOAD_LEN: usize = 300;
const TTL: Span = Span::from_secs(3600);

struct SystemClock(Instant);

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        Now {
            wall: Timestamp::EPOCH + Span::from(wall),
            boot: BootId(1),
            since_boot: Span::from(self.0.elapsed()),
        }
    }
}

/// Appends to a plain file and flushes each time; appends per second.
fn bare(folder: &Path, time: Duration) -> f64 {
    let mut file = File::create(folder.join("bare")).unwrap();
    let (bytes, start, mut count) = ([0x5a; PAYLOAD_LEN], Instant::now(), 0);
    while start.elapsed() < time {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn batch(records: usize) -> Batch {
    let draft = Draft {
        at: Timestamp::EPOCH,
        kind: "observed".to_owned(),
        payload: vec![0x5a; PAYLOAD_LEN],
    };
    Batch::of(vec![draft; records])
}

/// Each writer appends to a rollout of its own; appends per second in all.
fn appends(journal: &dyn Journal, writers: usize, records: usize, time: Duration) -> f64 {
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let count: u32 = thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|n| {
                scope.spawn({
                    let stop = &stop;
                    move || {
                        write(
                            journal,
                            &format!("w{writers}-r{records}-{n}"),
                            records,
                            stop,
                        )
                    }
                })
            })
            .collect();
        thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .sum()
    });
    f64::from(count) / start.elapsed().as_secs_f64()
}

fn write(journal: &dyn Journal, id: &str, records: usize, stop: &AtomicBool) -> u32 {
    let (id, holder): (RolloutId, _) = (id.parse().unwrap(), "bench".parse().unwrap());
    let made = journal.create(&id, &holder, TTL, &[], batch(1));
    let (lease, mut head) = pollster::block_on(made).unwrap();
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let append = journal.append(&lease, head.next_seq, batch(records));
        head = pollster::block_on(append).unwrap();
        count += 1;
    }
    // What was measured must have happened.
    let read = pollster::block_on(journal.read(&id, 0)).unwrap();
    assert_eq!(read.last().map(|record| record.head()), Some(head));
    count
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let measured = arguments.iter().any(|argument| argument == "--bench");
    let time = Duration::from_millis(if measured { 2000 } else { 50 });
    let folder = arguments.iter().find(|argument| !argument.starts_with('-'));
    let folder = match folder {
        Some(folder) => tempfile::tempdir_in(folder).unwrap(),
        None => tempfile::tempdir().unwrap(),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock(Instant::now()));
    let path = folder.path().join("journal.db");
    let sqlite = SqliteJournal::open(path, Arc::clone(&clock)).unwrap();
    let memory = MemoryJournal::new(clock);

    let before = bare(folder.path(), time);
    println!(
        "{:<34} {:>10} {:>10} {:>14}",
        "", "appends/s", "to bare", "calls/commit"
    );
    println!(
        "{:<34} {before:>10.0} {:>10.2}",
        "bare file and fdatasync", 1.0
    );
    for (writers, records) in [(1, 1), (1, 16), (4, 1), (16, 1), (64, 1)] {
        let counts = sqlite.counts();
        let speed = appends(&sqlite, writers, records, time);
        let after = sqlite.counts();
        let calls = u32::try_from(after.calls - counts.calls).unwrap();
        let commits = u32::try_from(after.commits - counts.commits).unwrap();
        let group = f64::from(calls) / f64::from(commits);
        let name = format!("sqlite, {writers} writers, {records} per batch");
        println!(
            "{name:<34} {speed:>10.0} {:>10.2} {group:>14.1}",
            speed / before
        );
        assert!(speed > 0.0 && group >= 1.0);
    }
    let again = bare(folder.path(), time);
    println!(
        "{:<34} {again:>10.0} {:>10.2}",
        "bare file and fdatasync, again",
        again / before
    );
    let speed = appends(&memory, 1, 1, time / 10);
    println!(
        "{:<34} {speed:>10.0} {:>10.2}",
        "memory (not durable), for scale",
        speed / before
    );
}
