//! Question: what does a whole rollout look like, on real sockets and under real load?
//!
//! Two versions of a small service, a weighted router in front of them and an open-loop load generator,
//! all in this process; the plan and its bindings come from `plans/`; the journal is a SQLite file.
//!
//!     cargo run --release --example first_rollout
//!     cargo run --release --example first_rollout -- --regress latency --at 25
//!     kill -9 it at any moment, then: cargo run --release --example first_rollout -- --resume
//!
//! A journal is never written over: `--resume` goes on with the rollout in it. What is left of a finished
//! run at the default path is moved to the next free name, `first-rollout.1.sqlite` and so on.
//!
//! Exit codes: 0 completed; 1 anything else, such as a report that could not be written; 2 wrong arguments;
//! 3 rolled back; 4 aborted; 5 stopped before its end; 6 the rollback failed and a person must take over.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use phasegate::core::{Arm, Clock, PersonId, Ratio, RolloutId, Span, TargetId};
use phasegate::engine::record::{Body, Outcome, Record};
use phasegate::engine::state::PhaseState;
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, Plan, PlanDocument, Value, check};
use phasegate::provider::{Decision, Registry};
use phasegate::provider_inprocess::{
    ApprovalDesk, Ended as Served, LogNotifier, Recorder, RecorderConfig, Router, RouterConfig,
    RunningRouter,
};
use phasegate::report::{View, html, summary};
use phasegate::runner::{Ended, Handle, Runner, SystemClock, View as Progress};
use phasegate_examples::kept::{self, Kept};
use phasegate_examples::kill::KillAt;
use phasegate_examples::load::{Load, LoadConfig, Observer};
use phasegate_examples::recent::{self, Recent};
use phasegate_examples::service::{Regression, Service, Version};

type Error = Box<dyn std::error::Error>;

const PLANS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/plans");
const JOURNAL: &str = "first-rollout.sqlite";
const CODES: &str = "Exit codes: 0 completed; 1 anything else; 2 wrong arguments; 3 rolled back; 4 aborted; \
                     5 stopped before its end; 6 the rollback failed and a person must take over";

/// Carries out a progressive rollout of a small HTTP service.
#[derive(Debug, Parser)]
#[command(after_help = CODES)]
struct Args {
    /// The plan [default: plans/first-rollout.yaml of the examples; with --resume the recorded one].
    #[arg(long)]
    plan: Option<PathBuf>,
    /// What its names stand for [default: plans/first-rollout.bindings.yaml; with --resume the recorded one].
    #[arg(long)]
    bindings: Option<PathBuf>,
    /// Where the journal is kept. A file that is there is never written over [default: first-rollout.sqlite].
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Where the report is written.
    #[arg(long, default_value = "rollout-report.html")]
    report: PathBuf,
    /// Goes on with the rollout in the journal instead of beginning a new one.
    #[arg(long)]
    resume: bool,
    /// Makes the new version go bad.
    #[arg(long)]
    regress: Option<Regress>,
    /// At which share of traffic it goes bad, in percent.
    #[arg(long, default_value_t = 25, requires = "regress",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    at: u32,
    /// Kills this process (as kill -9 does) when exactly so many records are durable.
    #[arg(long, value_name = "RECORDS", value_parser = clap::value_parser!(u64).range(1..))]
    kill_at: Option<u64>,
    /// Requests per second. Below about 100 there are too few samples to judge by, and the rollout holds.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    rate: u32,
}

impl Args {
    fn journal(&self) -> &Path {
        self.journal.as_deref().unwrap_or(Path::new(JOURNAL))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Regress {
    Errors,
    Latency,
}

/// Everything that is rolled out, and what it is rolled out with.
struct Stage {
    router: RunningRouter,
    recorder: Arc<Recorder>,
    load: Load,
    recent: Arc<Recent>,
    _stable: Service,
    canary: Arc<Service>,
    registry: Registry,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(run(&args)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            let mut cause = error.source();
            while let Some(why) = cause {
                eprintln!("  because {why}");
                cause = why.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// The exit code of how it ended.
fn code(ended: &Ended) -> u8 {
    match ended {
        Ended::Finished(Outcome::Completed) => 0,
        Ended::Finished(Outcome::RolledBack) => 3,
        Ended::Finished(Outcome::Aborted) => 4,
        Ended::Finished(Outcome::RollbackFailed) => 6,
        Ended::Stopped | Ended::LostLease => 5,
        Ended::Failed(why) => {
            eprintln!("failed: {why}");
            1
        }
    }
}

async fn run(args: &Args) -> Result<u8, Error> {
    let clock = Arc::new(SystemClock::new());
    let kept = kept::look(args.journal(), clock.clone())?;
    let (plan, catalog) = documents(args, kept.as_ref())?;
    can_write(&args.report, args.journal())?;
    if let Some(Kept {
        rollout,
        outcome: Some(outcome),
        ..
    }) = &kept
        && args.resume
    {
        println!("this rollout is finished already: nothing is left to do");
        let journal = SqliteJournal::open(args.journal(), clock)?;
        let (_, reported) = report(args, &journal, rollout).await?;
        return Ok(code(&Ended::Finished(*outcome)).max(u8::from(!reported)));
    }
    let stage = set(args, &plan, &catalog, &clock).await?;
    if kept.is_some() && !args.resume {
        let moved = kept::set_aside(args.journal())?;
        eprintln!("the journal of the last run is now {}", moved.display());
    }
    let journal = SqliteJournal::open(args.journal(), clock.clone()).map_err(|error| {
        let path = args.journal().display();
        format!("the journal cannot be kept at {path} ({error}): give --journal another path")
    })?;
    let mut journal: Arc<dyn Journal> = Arc::new(journal);
    if let Some(records) = args.kill_at {
        journal = Arc::new(KillAt::new(journal, records, kill_myself));
    }
    let registry = Arc::new(stage.registry.clone());
    let holder = Holder::new("first_rollout")?;
    let runner = Runner::new(journal.clone(), registry, clock.clone(), holder)
        .with_people_polled_every(Span::from_millis(250));
    let (rollout, handle) = if let Some(kept) = kept.filter(|_| args.resume) {
        let handle = runner.resume(&kept.rollout).await?;
        (kept.rollout, handle)
    } else {
        let rollout = RolloutId::new(plan.id.as_str())?;
        let by: PersonId = "author".parse()?;
        let start = Start {
            roll_up: Some(Span::from_secs(1)),
            ..Start::new(by.clone())
        };
        let program = compile(&plan, &catalog, &start)?;
        let sources = Sources::of(&plan, &catalog);
        let handle = runner.start(rollout.clone(), program, sources, by).await?;
        (rollout, handle)
    };
    let ended = watch(args, &stage, handle).await;
    if let Some(records) = args.kill_at {
        eprintln!("the rollout ended before it had {records} records: nothing was killed");
    }
    let (last, reported) = report(args, &*journal, &rollout).await?;
    finish(stage, last.as_ref()).await;
    Ok(code(&ended).max(u8::from(!reported)))
}

/// What is to be carried out: of a new rollout the documents that were given, of one that goes on those
/// in its journal. Everything that speaks against beginning or going on is said here, before anything is done.
fn documents(args: &Args, kept: Option<&Kept>) -> Result<(Plan, Catalog), Error> {
    let path = args.journal().display();
    let open = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    match kept {
        None if args.resume => Err(format!(
            "there is no journal at {path}: leave --resume out to begin a rollout, or name its --journal"
        )
        .into()),
        Some(kept) if args.resume => {
            if let Some(plan) = &args.plan {
                kept::same("plan", plan, &open(plan)?, &kept.sources.plan)?;
            }
            if let Some(bindings) = &args.bindings {
                kept::same("bindings", bindings, &open(bindings)?, &kept.sources.bindings)?;
            }
            read(
                ("the recorded plan", &kept.sources.plan),
                ("the recorded bindings", &kept.sources.bindings),
            )
        }
        Some(Kept { outcome: None, .. }) => Err(format!(
            "{path} holds a rollout that has not ended: go on with it by --resume, begin another one with \
             another --journal, or remove the file if nobody needs it"
        )
        .into()),
        Some(_) if args.journal.is_some() => Err(format!(
            "{path} holds a finished rollout and is not written over: give --journal another path, remove \
             the file, or see by --resume how it ended"
        )
        .into()),
        Some(_) | None => {
            let or = |given: &Option<PathBuf>, name: &str| {
                given.clone().unwrap_or_else(|| Path::new(PLANS).join(name))
            };
            let plan = or(&args.plan, "first-rollout.yaml");
            let bindings = or(&args.bindings, "first-rollout.bindings.yaml");
            let (plan_text, bindings_text) = (open(&plan)?, open(&bindings)?);
            read(
                (&plan.display().to_string(), &plan_text),
                (&bindings.display().to_string(), &bindings_text),
            )
        }
    }
}

/// Reads and checks both documents; everything that is wrong is said at once.
fn read(plan: (&str, &str), bindings: (&str, &str)) -> Result<(Plan, Catalog), Error> {
    let checked = Catalog::read(bindings.0, bindings.1.as_bytes());
    let catalog = checked.catalog.ok_or_else(|| checked.faults.render())?;
    let document = PlanDocument::read(plan.0, plan.1.as_bytes());
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    Ok((plan, catalog))
}

/// Looks whether a report can be written, and leaves no trace of the look.
fn can_write(report: &Path, journal: &Path) -> Result<(), Error> {
    let whole = |path: &Path| std::path::absolute(path);
    if whole(report)? == whole(journal)? {
        return Err(format!(
            "the report would be written over the journal {}",
            journal.display()
        )
        .into());
    }
    let existed = report.exists();
    let opened = std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(report);
    opened.map_err(|error| {
        let path = report.display();
        format!("the report cannot be written to {path} ({error}): give --report another path")
    })?;
    if !existed {
        std::fs::remove_file(report)?;
    }
    Ok(())
}

/// Starts the services, the router, the load, and binds the plan's names to them.
async fn set(
    args: &Args,
    plan: &Plan,
    catalog: &Catalog,
    clock: &Arc<SystemClock>,
) -> Result<Stage, Error> {
    let stable = Service::start(Version::stable()).await?;
    let canary = Arc::new(Service::start(Version::canary()).await?);
    let target: TargetId = "greeter".parse()?;
    let quiet = Arc::new(Recorder::new(RecorderConfig::default())?);
    let config = RouterConfig::new(
        target,
        stable.address().to_string(),
        canary.address().to_string(),
    );
    let listen = listen(catalog)?;
    let router = Router::start(config, listen, quiet, clock.clone()).await?;

    // What counts is what the client sees, from the moment a request was meant to leave.
    let mut config = RecorderConfig::default();
    config.slot = Span::from_millis(100);
    config.thresholds = [60, 250].map(Span::from_millis).into();
    let recorder = Arc::new(Recorder::new(config)?);
    let mut load = LoadConfig::new(router.address());
    load.per_second = args.rate;
    let recent = Arc::new(Recent::new()?);
    let (told, seen, now) = (recorder.clone(), recent.clone(), clock.clone());
    load.observer = Some(Observer(Arc::new(move |answer, latency| {
        let arm = match answer.arm.as_deref() {
            Some("canary") => Arm::Canary,
            _ => Arm::Stable,
        };
        let ended = if answer.ok {
            Served::Served
        } else {
            Served::Failed
        };
        seen.record(arm, latency);
        told.record(arm, now.now().wall, Span::from(latency), ended);
    })));

    let mut desk = ApprovalDesk::new("standing order of the example");
    for role in &plan.roles {
        if let Some(member) = role.members.first() {
            desk = desk.with_standing_order(role.id.clone(), member.clone(), Decision::Yes);
        }
    }
    let registry = bind(catalog, &router, &recorder, Arc::new(desk))?;
    let load = Load::start(load);
    Ok(Stage {
        router,
        recorder,
        load,
        recent,
        _stable: stable,
        canary,
        registry,
    })
}

const ROUTER: &str = "in-process-router";

/// Where the router listens: what the bindings say, or any free port.
fn listen(catalog: &Catalog) -> Result<SocketAddr, Error> {
    for (name, binding) in catalog.bindings() {
        if let (ROUTER, Value::Map(config)) = (&*binding.adapter, &binding.config)
            && let Some((_, Value::Text(listen))) = config.iter().find(|(key, _)| key == "listen")
        {
            return listen.parse().map_err(|error| {
                format!("binding {name}: '{listen}' is no address to listen on: {error}").into()
            });
        }
    }
    Ok(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Gives each name of the bindings document what its `adapter` says.
fn bind(
    catalog: &Catalog,
    router: &RunningRouter,
    recorder: &Arc<Recorder>,
    desk: Arc<ApprovalDesk>,
) -> Result<Registry, Error> {
    let mut registry = Registry::new();
    for (name, binding) in catalog.bindings() {
        let name = name.clone();
        match &*binding.adapter {
            "in-process-approvals" => registry.bind_approval_source(name, desk.clone())?,
            "in-process-messages" => {
                registry.bind_notifier(name, Arc::new(LogNotifier::new(std::io::sink())))?;
            }
            "in-process-metrics" => registry.bind_metric_source(name, recorder.clone())?,
            ROUTER => registry.bind_traffic_router(name, router.router().clone())?,
            other => {
                return Err(format!(
                    "binding {name}: this program has no adapter '{other}': it has in-process-approvals, \
                     in-process-messages, in-process-metrics and {ROUTER}"
                )
                .into());
            }
        }
    }
    Ok(registry)
}

/// Shows how it goes, and lets the new version go bad when that is asked for.
async fn watch(args: &Args, stage: &Stage, handle: Handle) -> Ended {
    let mut view = handle.view();
    let bar = bar();
    let began = Instant::now();
    let (mut bad, mut shown, mut shown_at) = (false, String::new(), began);
    let ended = handle.ended();
    tokio::pin!(ended);
    loop {
        let progress = view.borrow_and_update().clone();
        let weight = stage.router.router().canary();
        if let Some(regress) = args.regress
            && !bad
            && weight >= Ratio::from_percent(args.at).unwrap_or(Ratio::ONE)
        {
            bad = true;
            stage.canary.regress(match regress {
                Regress::Errors => Regression::Errors,
                Regress::Latency => Regression::Latency,
            });
        }
        let (place, numbers) = lines(&progress, stage, weight);
        if std::io::stderr().is_terminal() {
            bar.set_message(format!("{place}{numbers}\n{}", criteria(&progress)));
        } else if place != shown || shown_at.elapsed() >= PLAIN_EVERY {
            eprintln!("{:5.1} s | {place}{numbers}", began.elapsed().as_secs_f64());
            (shown, shown_at) = (place, Instant::now());
        }
        tokio::select! {
            ended = &mut ended => {
                bar.finish_and_clear();
                return ended;
            }
            _ = view.changed() => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    if std::io::stderr().is_terminal() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

/// Where there is no terminal, a line comes when something has changed, and else so often.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Where it is: phase, weight and mode. And its numbers: recent percentiles and the time left.
fn lines(progress: &Progress, stage: &Stage, weight: Ratio) -> (String, String) {
    let state = &progress.state;
    let phase = state.program.phases.iter().find(|phase| {
        matches!(
            state.phases.get(&phase.id),
            Some(PhaseState::Running { .. })
        )
    });
    let phase = phase.map_or("between phases", |phase| phase.title.as_str());
    let mode = match (&state.rollback, state.holds.first()) {
        (Some(rollback), _) => format!(" | going back: {}", rollback.cause),
        (None, Some(hold)) => format!(" | held: {hold}"),
        (None, None) => String::new(),
    };
    let left = if state.rollback.is_some() {
        String::new()
    } else {
        let left = kept::left_at_least(state).as_secs_f64();
        format!(" | bakes and waits left: {left:.0} s")
    };
    let numbers = format!(
        " | p50/p95/p99 of {} s: stable {} canary {}{left}",
        recent::SECONDS,
        stage.recent.shown(Arm::Stable),
        stage.recent.shown(Arm::Canary)
    );
    (format!("{phase} | {weight}{mode}"), numbers)
}

/// The criteria as they stand.
fn criteria(progress: &Progress) -> String {
    let checks = progress
        .state
        .checks
        .values()
        .flat_map(|here| here.values());
    let all: Vec<&str> = checks
        .map(|check| check.finding.sentence.as_str())
        .collect();
    all.join("\n")
}

/// As `kill -9` does: no destructor runs, nothing is flushed.
fn kill_myself() {
    let pid = std::process::id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid])
        .status();
    // Where there is no kill command, this is the nearest thing.
    eprintln!("could not be killed: {killed:?}");
    std::process::abort();
}

/// Says how it ended, with the numbers, and writes the report. Whether that could be written is the second
/// part of the answer: what was decided does not depend on it.
async fn report(
    args: &Args,
    journal: &dyn Journal,
    rollout: &RolloutId,
) -> Result<(Option<Body>, bool), Error> {
    let records = journal.read(rollout, 0).await?;
    let head = journal.head(rollout).await?;
    let decoded: Result<Vec<Record>, _> = records
        .iter()
        .map(|record| Record::decode(&record.kind, &record.payload))
        .collect();
    let mut decoded = decoded?;
    let view = View::of(&decoded)?;
    print!("{}", summary(&view));
    println!(
        "journal: {} ({} records, head {})",
        args.journal().display(),
        head.next_seq,
        head.hash
    );
    let path = args.report.display();
    let written = std::fs::write(&args.report, html(&view));
    match &written {
        Ok(()) => println!("report:  {path}"),
        Err(error) => eprintln!(
            "the report cannot be written to {path} ({error}): --resume with another --report writes it"
        ),
    }
    Ok((decoded.pop().map(|record| record.body), written.is_ok()))
}

/// Ends the load, and asserts that what was decided is what stands.
async fn finish(stage: Stage, last: Option<&Body>) {
    println!(
        "requests: {} stable, {} canary, {} not served",
        stage.recorder.requests(Arm::Stable),
        stage.recorder.requests(Arm::Canary),
        stage.recorder.failures(Arm::Stable) + stage.recorder.failures(Arm::Canary)
    );
    let report = stage.load.stop().await;
    assert_eq!(report.lost(), 0, "every request came to an end");
    let weight = stage.router.router().canary();
    match last {
        Some(Body::Finished {
            outcome: Outcome::Completed,
        }) => assert_eq!(weight, Ratio::ONE),
        Some(Body::Finished {
            outcome: Outcome::RolledBack,
        }) => assert_eq!(weight, Ratio::ZERO),
        _ => {}
    }
}
