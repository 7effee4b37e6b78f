//! A rollout that scales by real processes: a command tells the load, one how many there are, and one changes that.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use phasegate_core::{PersonId, Span};
use phasegate_engine::program::Program;
use phasegate_engine::record::{Body, Outcome, Record};
use phasegate_engine::{Sources, Start, compile};
use phasegate_journal::{Journal as _, MemoryJournal};
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_provider::{Registry, ScaleLimits};
use phasegate_provider_command::{
    CommandConfig, CommandMetrics, CommandScaler, MeasureConfig, MetricsConfig, ScaledConfig,
    ScalerConfig, Tells,
};
use phasegate_runner::{Ended, Runner, SystemClock, preflight};
use phasegate_testkit::servers::Folder;

const PLAN: &[u8] = b"format: phasegate-plan/1
id: scaled
title: Scaled
kpis:
  - {id: load, shape: gauge, unit: '%', window: 1s, source: numbers, query: {whole: load}}
evaluation: {every: 200ms}
scaling:
  - title: Workers
    binding: pool
    target: workers
    min: 2
    max: 9
    cooldown: 2s
    policies: [load target 60% up > 80% by 2 down < 40% by 1]
phases:
  - {id: one, title: One, steps: [{id: rest, wait: 7s}], no-way-back: Nothing moves.}
";
const BINDINGS: &[u8] = b"format: phasegate-bindings/1
bindings:
  numbers: {adapter: command, roles: [metric-source], capabilities: [measure-scalar]}
  pool: {adapter: command, roles: [scaler], capabilities: [read-back]}
";

fn planned() -> (Program, Sources, PersonId) {
    let catalog = Catalog::read("bindings.yaml", BINDINGS).catalog;
    let catalog = catalog.expect("bindings");
    let checked = check(&PlanDocument::read("plan.yaml", PLAN), Some(&catalog));
    let told = checked.faults.render();
    let plan = checked.plan.expect(&told);
    let by: PersonId = "ana".parse().expect("an id");
    let program = compile(&plan, &catalog, &Start::new(by.clone())).expect("a program");
    (program, Sources::of(&plan, &catalog), by)
}

fn shell(script: &str, folder: &Folder) -> CommandConfig {
    let place = folder.path().display().to_string();
    let mut command = CommandConfig::new("/bin/sh", ["-c", script, "sh", &place]);
    command
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    command
}

fn registry(folder: &Folder) -> Registry {
    let load = MeasureConfig {
        command: shell(r#"cat "$1/load""#, folder),
        tells: Tells::Now,
    };
    let numbers = MetricsConfig::new(BTreeMap::from([("load".to_owned(), load)]));
    let set = r#"[ -e "$1/full" ] && { echo no room >&2; exit 1; }
        echo "count=$PHASEGATE_COUNT" > "$1/new" && mv "$1/new" "$1/count"; echo "$PHASEGATE_COUNT" >> "$1/log""#;
    let workers = ScaledConfig {
        read: shell(r#"cat "$1/count""#, folder),
        set: shell(set, folder),
        limits: ScaleLimits {
            min: 1,
            max: 20,
            cooldown: Span::ZERO,
        },
    };
    let targets = BTreeMap::from([("workers".parse().expect("an id"), workers)]);
    let scaler = CommandScaler::new(ScalerConfig { targets }).expect("bounds");
    let mut registry = Registry::new();
    let id = |id: &str| id.parse().expect("an id");
    let bound = registry.bind_metric_source(id("numbers"), Arc::new(CommandMetrics::new(numbers)));
    bound.expect("free");
    let bound = registry.bind_scaler(id("pool"), Arc::new(scaler));
    bound.expect("free");
    registry
}

/// Runs to the end while the load is 90 %, at first and then 20 %; the counts that were set, and how it was scaled.
async fn run(folder: &Folder) -> (String, Vec<(u32, u32)>) {
    folder.write("count", "count=3\n").expect("written");
    folder.write("load", "value=90\n").expect("written");
    let (program, sources, by) = planned();
    let registry = registry(folder);
    let at = "2026-09-07T12:00:00Z".parse().expect("a moment");
    assert_eq!(preflight(&program, &registry, at).await, []);
    let clock = Arc::new(SystemClock::new());
    let journal = Arc::new(MemoryJournal::new(Arc::<SystemClock>::clone(&clock)));
    let holder = "one".parse().expect("a name");
    let store = Arc::<MemoryJournal>::clone(&journal);
    let runner = Runner::new(store, Arc::new(registry), clock, holder);
    let rollout = "scaled".parse().expect("an id");
    let started = runner.start(rollout, program, sources, by).await;
    let handle = started.expect("a rollout");
    tokio::time::sleep(Duration::from_millis(3_500)).await;
    folder.write("load", "value=20\n").expect("written");
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));

    let rollout = "scaled".parse().expect("an id");
    let records = journal.read(&rollout, 0).await.expect("records");
    let bodies = records
        .iter()
        .map(|one| Record::decode(&one.kind, &one.payload));
    let scaled = bodies.filter_map(|record| {
        let Body::Scaled { from, count, .. } = record.expect("a record").body else {
            return None;
        };
        Some((from, count))
    });
    let log = std::fs::read_to_string(folder.path().join("log"));
    (log.unwrap_or_default(), scaled.collect())
}

#[tokio::test]
async fn workers_follow_their_load() {
    let folder = Folder::new().expect("a folder");
    let (log, scaled) = run(&folder).await;
    // Up by two within the first seconds, once a cooldown; down by one when there is little to do.
    let set: Vec<String> = scaled
        .iter()
        .map(|(_, count)| format!("{count}\n"))
        .collect();
    assert_eq!(log, set.concat());
    assert_eq!(scaled.first(), Some(&(3, 5)));
    let ups = scaled.iter().filter(|(from, count)| *count == from + 2);
    let downs = scaled.iter().filter(|(from, count)| *count + 1 == *from);
    let (ups, downs) = (ups.count(), downs.count());
    assert!(
        (1..=2).contains(&ups) && (1..=2).contains(&downs),
        "{scaled:?}"
    );
    assert_eq!(ups + downs, scaled.len(), "{scaled:?}");
}

#[tokio::test]
async fn a_command_that_fails_holds_nothing() {
    let folder = Folder::new().expect("a folder");
    folder.write("full", "").expect("written");
    let (log, scaled) = run(&folder).await;
    assert_eq!(log, "");
    assert!(scaled.iter().all(|(from, _)| *from == 3), "{scaled:?}");
    assert!(!scaled.is_empty());
}
