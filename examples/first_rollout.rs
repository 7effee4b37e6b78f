//! Question: what does a whole rollout look like, on real sockets and under real load?
//!
//! Two versions of a small service, a weighted router in front of them and an open-loop load generator,
//! all in this process; the plan and its bindings come from `plans/`; the journal is a SQLite file.
//!
//!     cargo run --release --example first_rollout
//!     cargo run --release --example first_rollout -- --regress latency --at 25
//!     kill -9 it at any moment, then: cargo run --release --example first_rollout -- --resume
//!
//! Exit codes: 0 completed, 3 rolled back, 4 aborted, 5 stopped before its end, 1 anything else.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use phasegate::core::{Arm, Clock, PersonId, Ratio, RolloutId, Span, TargetId};
use phasegate::engine::record::{Body, Outcome, Record};
use phasegate::engine::state::PhaseState;
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, Plan, PlanDocument, check};
use phasegate::provider::{Decision, Registry};
use phasegate::provider_inprocess::{
    ApprovalDesk, Ended as Served, LogNotifier, Recorder, RecorderConfig, Router, RouterConfig,
    RunningRouter,
};
use phasegate::report::{View, html, summary};
use phasegate::runner::{Ended, Handle, Runner, SystemClock, View as Progress};
use phasegate_examples::load::{Load, LoadConfig, Observer};
use phasegate_examples::service::{Regression, Service, Version};

type Error = Box<dyn std::error::Error>;

/// Carries out a progressive rollout of a small HTTP service.
#[derive(Debug, Parser)]
struct Args {
    /// The plan.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/first-rollout.yaml"))]
    plan: PathBuf,
    /// What its names stand for.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/first-rollout.bindings.yaml"))]
    bindings: PathBuf,
    /// Where the journal is kept.
    #[arg(long, default_value = "first-rollout.sqlite")]
    journal: PathBuf,
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
    #[arg(long, default_value_t = 25)]
    at: u32,
    /// Kills this process (as kill -9 does) once so many records are durable.
    #[arg(long, value_name = "RECORDS")]
    kill_at: Option<u64>,
    /// Requests per second.
    #[arg(long, default_value_t = 400)]
    rate: u32,
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
    _stable: Service,
    canary: Arc<Service>,
    registry: Registry,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(run(&args)) {
        Ok(ended) => ExitCode::from(match ended {
            Ended::Finished(Outcome::Completed) => 0,
            Ended::Finished(Outcome::RolledBack | Outcome::RollbackFailed) => 3,
            Ended::Finished(Outcome::Aborted) => 4,
            Ended::Stopped | Ended::LostLease => 5,
            Ended::Failed(why) => {
                eprintln!("failed: {why}");
                1
            }
        }),
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

async fn run(args: &Args) -> Result<Ended, Error> {
    let (plan, catalog) = read(&args.plan, &args.bindings)?;
    let clock = Arc::new(SystemClock::new());
    let stage = set(args, &plan, &clock).await?;
    if !args.resume {
        for ending in ["", "-wal", "-shm"] {
            // A journal of an earlier run may not be there.
            let _absent = std::fs::remove_file(format!("{}{ending}", args.journal.display()));
        }
    }
    let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(&args.journal, clock.clone())?);
    let rollout = RolloutId::new(plan.id.as_str())?;
    let registry = Arc::new(stage.registry.clone());
    let holder = Holder::new("first_rollout")?;
    let runner = Runner::new(journal.clone(), registry, clock.clone(), holder)
        .with_people_polled_every(Span::from_millis(250));
    let handle = if args.resume {
        runner.resume(&rollout).await?
    } else {
        let by: PersonId = "author".parse()?;
        let start = Start {
            roll_up: Some(Span::from_secs(1)),
            ..Start::new(by.clone())
        };
        let program = compile(&plan, &catalog, &start)?;
        let sources = Sources::of(&plan, &catalog);
        runner.start(rollout.clone(), program, sources, by).await?
    };
    let ended = watch(args, &stage, handle).await;
    let records = journal.read(&rollout, 0).await?;
    let head = journal.head(&rollout).await?;
    finish(args, stage, &records, head).await?;
    Ok(ended)
}

/// Reads and checks both documents; everything that is wrong is said at once.
fn read(plan: &Path, bindings: &Path) -> Result<(Plan, Catalog), Error> {
    let document = |path: &Path| {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, Error>((path.display().to_string(), bytes))
    };
    let (name, bytes) = document(bindings)?;
    let checked = Catalog::read(&name, &bytes);
    let catalog = checked.catalog.ok_or_else(|| checked.faults.render())?;
    let (name, bytes) = document(plan)?;
    let checked = check(&PlanDocument::read(&name, &bytes), Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    Ok((plan, catalog))
}

/// Starts the services, the router, the load, and binds the plan's names to them.
async fn set(args: &Args, plan: &Plan, clock: &Arc<SystemClock>) -> Result<Stage, Error> {
    let stable = Service::start(Version::stable()).await?;
    let canary = Arc::new(Service::start(Version::canary()).await?);
    let target: TargetId = "greeter".parse()?;
    let quiet = Arc::new(Recorder::new(RecorderConfig::default())?);
    let config = RouterConfig::new(
        target,
        stable.address().to_string(),
        canary.address().to_string(),
    );
    let router = Router::start(config, "127.0.0.1:0".parse()?, quiet, clock.clone()).await?;

    // What counts is what the client sees, from the moment a request was meant to leave.
    let mut config = RecorderConfig::default();
    config.slot = Span::from_millis(100);
    config.thresholds = [60, 250].map(Span::from_millis).into();
    let recorder = Arc::new(Recorder::new(config)?);
    let mut load = LoadConfig::new(router.address());
    load.per_second = args.rate;
    let (told, now) = (recorder.clone(), clock.clone());
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
        told.record(arm, now.now().wall, Span::from(latency), ended);
    })));

    let mut desk = ApprovalDesk::new("standing order of the example");
    for role in &plan.roles {
        if let Some(member) = role.members.first() {
            desk = desk.with_standing_order(role.id.clone(), member.clone(), Decision::Yes);
        }
    }
    let mut registry = Registry::new();
    registry.bind_traffic_router("edge".parse()?, router.router().clone())?;
    registry.bind_metric_source("metrics".parse()?, recorder.clone())?;
    registry.bind_approval_source("people".parse()?, Arc::new(desk))?;
    registry.bind_notifier("chat".parse()?, Arc::new(LogNotifier::new(std::io::sink())))?;
    let load = Load::start(load);
    Ok(Stage {
        router,
        recorder,
        load,
        _stable: stable,
        canary,
        registry,
    })
}

/// Shows how it goes, and lets the new version go bad when that is asked for.
async fn watch(args: &Args, stage: &Stage, handle: Handle) -> Ended {
    let mut view = handle.view();
    let bar = bar();
    let (mut bad, mut shown) = (false, String::new());
    let ended = handle.ended();
    tokio::pin!(ended);
    loop {
        let progress = view.borrow_and_update().clone();
        if args
            .kill_at
            .is_some_and(|records| progress.next_seq >= records)
        {
            kill_myself();
        }
        let weight = stage.router.router().canary();
        if let Some(regress) = args.regress
            && !bad
            && weight >= Ratio::from_percent(args.at.min(100)).unwrap_or(Ratio::ONE)
        {
            bad = true;
            stage.canary.regress(match regress {
                Regress::Errors => Regression::Errors,
                Regress::Latency => Regression::Latency,
            });
        }
        let (line, criteria) = lines(&progress, stage, weight);
        if std::io::stderr().is_terminal() {
            bar.set_message(format!("{line}\n{criteria}"));
        } else if line != shown {
            eprintln!("{line} {criteria}");
            shown = line;
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

/// Phase, weight and percentiles in one line; the criteria as they stand in another.
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
    let report = stage.load.report();
    let arm = |name: &str| {
        report.arms.get(name).map_or_else(
            || "-".to_owned(),
            |arm| {
                let q = |q| {
                    arm.latency
                        .quantile(q)
                        .map_or(0.0, |estimate| estimate.value)
                };
                format!("{:.0}/{:.0}/{:.0} ms", q(0.5), q(0.95), q(0.99))
            },
        )
    };
    let line = format!(
        "{phase} | {weight} | p50/p95/p99 stable {} canary {}{mode}",
        arm("stable"),
        arm("canary")
    );
    let left = state.bakes.iter().next().map(|(place, bake)| {
        let span = state.op(place).map(|op| match op.kind {
            phasegate::engine::program::OpKind::Bake { span, .. } => span,
            _ => Span::ZERO,
        });
        let left = span.unwrap_or_default().saturating_sub(bake.covered);
        format!("bake left {:.1} s", left.as_secs_f64())
    });
    let criteria = state
        .checks
        .values()
        .flat_map(|here| here.values())
        .map(|check| check.finding.sentence.clone());
    let all: Vec<String> = left.into_iter().chain(criteria).collect();
    (line, all.join("; "))
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

/// Writes the report and says how it ended, with the numbers.
async fn finish(
    args: &Args,
    stage: Stage,
    records: &[phasegate::journal::Record],
    head: phasegate::journal::Head,
) -> Result<(), Error> {
    let decoded: Result<Vec<Record>, _> = records
        .iter()
        .map(|record| Record::decode(&record.kind, &record.payload))
        .collect();
    let decoded = decoded?;
    let view = View::of(&decoded)?;
    std::fs::write(&args.report, html(&view))?;
    println!("{}", summary(&view));
    println!(
        "requests: {} stable, {} canary, {} not served",
        stage.recorder.requests(Arm::Stable),
        stage.recorder.requests(Arm::Canary),
        stage.recorder.failures(Arm::Stable) + stage.recorder.failures(Arm::Canary)
    );
    println!("report:  {}", args.report.display());
    println!(
        "journal: {} ({} records, head {})",
        args.journal.display(),
        head.next_seq,
        head.hash
    );
    let report = stage.load.stop().await;
    assert_eq!(report.lost(), 0, "every request came to an end");
    // What was decided is what stands.
    let outcome = decoded.last().map(|record| &record.body);
    let weight = stage.router.router().canary();
    match outcome {
        Some(Body::Finished {
            outcome: Outcome::Completed,
        }) => assert_eq!(weight, Ratio::ONE),
        Some(Body::Finished {
            outcome: Outcome::RolledBack,
        }) => assert_eq!(weight, Ratio::ZERO),
        _ => {}
    }
    Ok(())
}
