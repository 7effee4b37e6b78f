//! Question: what does a rollout cost that only waits, and what does a fleet cost while nothing is due?
//!
//! A fleet begins rollouts that wait for thirty days, in a SQLite file, and puts them away. Another process opens the
//! file, starts a fleet on it and does nothing: what it keeps in memory for each rollout is the difference between few
//! and many of them, and what it costs is the processor time of all its threads for each turn of its loop, of which there
//! are two in every heartbeat. It renews what it knows of the store twice in each lease, which is short here, so that
//! this is in the figures too. Wanted is less than 4 KiB for each, and a turn that costs the same for few and for many.
//!
//!     cargo bench -p phasegate-benches --bench fleet [folder]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phasegate_core::{PersonId, Span};
use phasegate_engine::program::Program;
use phasegate_engine::{Sources, Start, compile};
use phasegate_journal::Holder;
use phasegate_journal_sqlite::SqliteJournal;
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_provider::Registry;
use phasegate_runner::{Controller, Fleet, Runner, SystemClock};
use tokio::task::JoinSet;

/// At most so many bytes for a rollout that waits.
const BYTES_MAX: f64 = 4_096.0;
/// A turn with many may cost so much of one with few.
const RATIO_MAX: f64 = 1.5;
const LEASE: Span = Span::from_secs(2);
const BEAT: Span = Span::from_millis(5);
/// How many are begun at the same time.
const BEGUN_AT_ONCE: usize = 64;

/// It waits, so it needs nothing outside.
const BINDINGS: &str = "format: phasegate-bindings/1\nbindings: {}\n";
const PLAN: &str = "
format: phasegate-plan/1
id: patient
title: It waits
phases:
  - id: only
    title: Wait
    steps: [{id: long, wait: 30d}]
    no-way-back: It only waits.
";

fn program() -> (Program, Sources, PersonId) {
    let bindings = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bindings
        .catalog
        .unwrap_or_else(|| panic!("{}", bindings.faults.render()));
    let checked = check(
        &PlanDocument::read("plan.yaml", PLAN.as_bytes()),
        Some(&catalog),
    );
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    let by: PersonId = "author".parse().expect("an id");
    let program = compile(&plan, &catalog, &Start::new(by.clone())).expect("compiles");
    (program, Sources::of(&plan, &catalog), by)
}

fn fleet(store: &Path, name: &str) -> Fleet {
    let clock = Arc::new(SystemClock::new());
    let journal = SqliteJournal::open(store, clock.clone()).expect("a journal");
    let holder: Holder = name.parse().expect("a name");
    let runner = Runner::new(Arc::new(journal), Arc::new(Registry::new()), clock, holder);
    Fleet::new(runner.with_lease(LEASE))
}

/// Begins so many rollouts and waits until all are put away.
async fn plant(store: &Path, count: usize) {
    let controller = Arc::new(fleet(store, "planter").start());
    let (program, sources, by) = program();
    let mut begun = JoinSet::new();
    for number in 0..count {
        let controller = Arc::<Controller>::clone(&controller);
        let (program, sources, by) = (program.clone(), sources.clone(), by.clone());
        let rollout = format!("waits-{number}").parse().expect("an id");
        begun.spawn(async move { controller.begin(rollout, program, sources, by).await });
        if begun.len() >= BEGUN_AT_ONCE {
            let one = begun.join_next().await.expect("one");
            one.expect("no panic").expect("a rollout");
        }
    }
    while let Some(one) = begun.join_next().await {
        one.expect("no panic").expect("a rollout");
    }
    let mut view = controller.view();
    let put_away = view.wait_for(|view| view.running.is_empty() && view.waiting == count);
    put_away.await.expect("a controller that works");
    let controller = Arc::into_inner(controller).expect("nobody else has it");
    controller.shutdown().await;
}

/// What the process has cost so far: bytes of memory that it has, nanoseconds of all its threads.
fn cost() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let kib = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .split_whitespace()
                .next()?
                .parse::<u64>()
                .ok()
        })
        .expect("a size");
    let threads = std::fs::read_dir("/proc/self/task").expect("Linux");
    let nanos = threads.filter_map(|thread| {
        let path = thread.ok()?.path().join("schedstat");
        let text = std::fs::read_to_string(path).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    (kib * 1_024, nanos.sum())
}

/// The process that only watches: its memory once it knows all, then what a turn costs.
async fn watch(store: &Path, count: usize, time: Duration) {
    let fleet = fleet(store, "watcher").with_heartbeat(store.with_extension("beat"), BEAT);
    let controller = fleet.start();
    let mut view = controller.view();
    let known = view.wait_for(|view| view.running.is_empty() && view.waiting == count);
    known.await.expect("a controller that works");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ((bytes, before), began) = (cost(), Instant::now());
    tokio::time::sleep(time).await;
    let (_, after) = cost();
    let turns = 2.0 * began.elapsed().as_secs_f64() / BEAT.as_secs_f64();
    println!("{bytes} {}", (after - before) as f64 / turns);
    controller.shutdown().await;
}

/// Bytes in all and nanoseconds a turn, of another process.
fn measured(store: &Path, count: usize, time: Duration) -> (f64, f64) {
    let me = std::env::current_exe().expect("a program");
    let ran = Command::new(me)
        .env("FLEET_STORE", store)
        .env("FLEET_COUNT", count.to_string())
        .env("FLEET_MILLIS", time.as_millis().to_string())
        .output()
        .expect("a process");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let text = String::from_utf8(ran.stdout).expect("text");
    let mut numbers = text
        .split_whitespace()
        .map(|word| word.parse::<f64>().expect("a number"));
    (
        numbers.next().expect("bytes"),
        numbers.next().expect("nanoseconds"),
    )
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let of = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    if let (Ok(store), Some(count), Some(millis)) = (
        std::env::var("FLEET_STORE"),
        of("FLEET_COUNT"),
        of("FLEET_MILLIS"),
    ) {
        let count = usize::try_from(count).expect("a count");
        return runtime.block_on(watch(
            Path::new(&store),
            count,
            Duration::from_millis(millis),
        ));
    }
    // `cargo test --benches` runs each once.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (few, many, time) = match is_bench {
        true => (1_000, 100_000, Duration::from_secs(20)),
        false => (20, 200, Duration::from_millis(500)),
    };
    let folder = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let folder = folder.map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    let one = |count: usize| {
        let store = folder.path().join(format!("{count}.sqlite"));
        let began = Instant::now();
        runtime.block_on(plant(&store, count));
        let planted = began.elapsed().as_secs_f64();
        let (bytes, nanos) = measured(&store, count, time);
        println!(
            "{count:>7} wait: {:>6.1} MiB, {:>5.1} us a turn (begun and put away in {planted:.1} s)",
            bytes / 1_048_576.0,
            nanos / 1_000.0,
        );
        (bytes, nanos)
    };
    let ((bytes_few, nanos_few), (bytes_many, nanos_many)) = (one(few), one(many));
    let each = (bytes_many - bytes_few) / (many - few) as f64;
    let ratio = nanos_many / nanos_few;
    println!(
        "{each:.0} bytes for each that waits; a turn with {many} costs {ratio:.2} of one with {few}"
    );
    if is_bench {
        assert!(each < BYTES_MAX, "{each} bytes for each");
        assert!(ratio < RATIO_MAX, "a turn costs {ratio} of one with few");
    }
}
