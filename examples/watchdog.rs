//! Question: who rolls back when the process that does it is dead?
//!
//! Three processes: HAProxy, a controller that has given the new version 25 %, and a watchdog that knows nothing but the
//! controller's heartbeat file. The controller is killed with SIGKILL; the watchdog takes the rollout over from its
//! journal and rolls it back by the plan. HAProxy must be installed (`tests/setup` does that).
//!
//!     cargo run --release --example watchdog

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use phasegate::core::{PersonId, RolloutId, Span};
use phasegate::engine::record::{Body, Cause, Outcome, Record};
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, Plan, PlanDocument, check};
use phasegate::provider::Registry;
use phasegate::provider_haproxy::{HaproxyConfig, HaproxyRouter, Route, Socket};
use phasegate::runner::{Bitten, Reflex, Runner, SystemClock, Watchdog};
use phasegate_examples::{haproxy, say};
use phasegate_testkit::servers::{Folder, Process, find, free_port};

type Error = Box<dyn std::error::Error>;

#[derive(Debug, Parser)]
struct Args {
    /// What this process is; without it, it starts the others and kills one.
    #[arg(long)]
    part: Option<Part>,
    /// Where journal, heartbeat and HAProxy's socket are.
    #[arg(long, default_value = ".")]
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Controller,
    Watchdog,
}

const PLAN: &str = "format: phasegate-plan/1
id: shop
title: Version 2 of the shop
phases:
  - id: try
    title: Try
    steps:
      - {id: some, traffic: {binding: edge, target: shop, stages: [25%]}}
      - {id: watch, wait: 1h}
      - {id: all, traffic: {binding: edge, target: shop, stages: [100%]}}
    rollback:
      steps: [{id: off, budget: 10s, traffic: {binding: edge, target: shop, stages: [0%]}}]
";
const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  edge: {adapter: haproxy, roles: [traffic-router], capabilities: [weights, read-back]}
";
const BEAT: Span = Span::from_millis(100);
/// Ten beats may be missed.
const PATIENCE: Span = Span::from_secs(1);

fn main() -> Result<(), Error> {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    match args.part {
        Some(Part::Controller) => runtime.block_on(control(&args.folder)),
        Some(Part::Watchdog) => runtime.block_on(watch(&args.folder)),
        None => stage(&runtime),
    }
}

fn documents() -> Result<(Plan, Catalog), Error> {
    let bound = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bound.catalog.ok_or_else(|| bound.faults.render())?;
    let document = PlanDocument::read("plan.yaml", PLAN.as_bytes());
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    Ok((plan, catalog))
}

fn runner(folder: &Path, name: &str) -> Result<Runner, Error> {
    let clock = Arc::new(SystemClock::new());
    let socket = Socket::Unix(folder.join("admin.sock"));
    let config = HaproxyConfig::new(socket);
    let config = config.with_route("shop".parse()?, Route::new("shop", "canary", "stable"));
    let mut registry = Registry::new();
    registry.bind_traffic_router("edge".parse()?, Arc::new(HaproxyRouter::new(config)?))?;
    let journal = SqliteJournal::open(folder.join("journal.sqlite"), clock.clone())?;
    let runner = Runner::new(
        Arc::new(journal),
        Arc::new(registry),
        clock,
        Holder::new(name)?,
    );
    Ok(runner.with_lease(Span::from_secs(2)))
}

/// Carries the plan out, and says that it lives.
async fn control(folder: &Path) -> Result<(), Error> {
    let (plan, catalog) = documents()?;
    let by: PersonId = "author".parse()?;
    let program = compile(&plan, &catalog, &Start::new(by.clone()))?;
    let runner = runner(folder, "controller")?.with_heartbeat(folder.join("heart.prom"), BEAT);
    let rollout = RolloutId::new(plan.id.as_str())?;
    let sources = Sources::of(&plan, &catalog);
    let handle = runner.start(rollout, program, sources, by).await?;
    Err(format!("the controller ended: {:?}", handle.ended().await).into())
}

/// Needs neither the journal nor HAProxy until the heart stops.
async fn watch(folder: &Path) -> Result<(), Error> {
    let by = PersonId::new("watchdog")?;
    let watchdog = Watchdog::new(folder.join("heart.prom"), PATIENCE, Reflex::Revert, by);
    let stopped = watchdog.stopped(&SystemClock::new()).await;
    let bitten = watchdog.bite(&runner(folder, "watchdog")?, &stopped).await;
    for (rollout, bitten) in &bitten {
        say::line(format_args!("watchdog: {rollout}: {bitten:?}"));
    }
    let all = bitten.iter();
    let mut others = all.filter(|(_, one)| *one != Bitten::Reverted(Outcome::RolledBack));
    others.next().map_or(Ok(()), |(rollout, bitten)| {
        Err(format!("{rollout}: {bitten:?}").into())
    })
}

fn stage(runtime: &tokio::runtime::Runtime) -> Result<(), Error> {
    let Some(program) = find("haproxy") else {
        say::line(format_args!("SKIPPED: haproxy is not installed"));
        return Ok(());
    };
    let folder = Folder::new()?;
    let (socket, front) = (folder.path().join("admin.sock"), free_port()?);
    let config = format!(
        "global\n  stats socket {} mode 600 level admin\n\
         defaults\n  mode http\n  timeout connect 500ms\n  timeout client 20s\n  timeout server 1s\n\
         frontend front\n  bind 127.0.0.1:{front}\n  default_backend shop\n\
         backend shop\n  server stable 127.0.0.1:{front} weight 100\n  server canary 127.0.0.1:{front} weight 0\n",
        socket.display()
    );
    let config = folder.write("haproxy.cfg", &config)?;
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(config);
    let _haproxy = Process::start(command, || UnixStream::connect(&socket).is_ok())?;

    let mut controller = spawn("controller", folder.path())?;
    let mut watchdog = spawn("watchdog", folder.path())?;
    let seen = (|| {
        let raised = until(&socket, |share| share == 25)?;
        say::line(format_args!("25% after {raised:?}"));
        // It lives, and the watchdog lets it.
        std::thread::sleep(2 * PATIENCE.to_duration());
        assert_eq!(share(&socket)?, 25, "nothing happened to it");
        controller.kill()?;
        let back = until(&socket, |share| share == 0)?;
        say::line(format_args!("0% {back:?} after the controller was killed"));
        let status = watchdog.wait()?;
        assert!(status.success(), "the watchdog ended with {status}");
        Ok::<_, Error>(())
    })();
    for child in [&mut controller, &mut watchdog] {
        // One that has ended cannot be killed.
        let _ended = child.kill();
        child.wait()?;
    }
    seen?;
    let records = runtime.block_on(records(folder.path()))?;
    let by_whom = records.iter().find_map(|record| match &record.body {
        Body::RollbackStarted {
            cause: Cause::Operator { by, reason },
            ..
        } => Some(format!("{by}: {reason}")),
        _ => None,
    });
    say::line(format_args!(
        "the journal says: {}",
        by_whom.unwrap_or_default()
    ));
    let end = records.last().map(|record| &record.body);
    let outcome = Outcome::RolledBack;
    assert_eq!(end, Some(&Body::Finished { outcome }));
    Ok(())
}

fn spawn(part: &str, folder: &Path) -> Result<Child, Error> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--part", part, "--folder"]).arg(folder);
    Ok(command.stdin(Stdio::null()).spawn()?)
}

async fn records(folder: &Path) -> Result<Vec<Record>, Error> {
    let clock = Arc::new(SystemClock::new());
    let journal = SqliteJournal::open(folder.join("journal.sqlite"), clock)?;
    let records = journal.read(&"shop".parse()?, 0).await?;
    let decode = |one: &phasegate::journal::Record| Record::decode(&one.kind, &one.payload);
    Ok(records.iter().map(decode).collect::<Result<_, _>>()?)
}

/// The new version's share by HAProxy's own weights, in percent.
fn share(socket: &Path) -> Result<u32, Error> {
    let all = haproxy::weights(socket)?;
    let of = |name: &str| {
        all.get("shop")
            .and_then(|servers| servers.get(name))
            .copied()
    };
    let (canary, stable) = (of("canary").unwrap_or(0), of("stable").unwrap_or(0));
    Ok((100 * canary).checked_div(canary + stable).unwrap_or(0))
}

/// How long it took until that was so.
fn until(socket: &Path, is_so: impl Fn(u32) -> bool) -> Result<Duration, Error> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        if is_so(share(socket)?) {
            return Ok(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(format!("HAProxy still gives it {}%", share(socket)?).into())
}
