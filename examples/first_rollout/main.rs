//! Question: what does a whole rollout look like, on real sockets and under real load?
//!
//! Two versions of a small service, a weighted router in front of them and an open-loop load generator,
//! all in this process; the plan and its bindings come from `plans/`; the journal is a SQLite file.
//!
//!     cargo run --release --example first_rollout
//!     cargo run --release --example first_rollout -- --regress latency --at 25
//!     kill -9 it at any moment, then: cargo run --release --example first_rollout -- --resume
//!
//! While it runs, a person may type `release`, `pause`, `resume`, `rollback`, `drill REASON`, `abort`,
//! `declare SCENARIO`, `drill-incident SCENARIO`, or `amend PLAN REASON`: a revised plan, which is adopted if it leaves
//! alone what has begun.
//!
//! A journal is never written over: `--resume` goes on with the rollout in it. What is left of a finished
//! run at the default path is moved to the next free name, `first-rollout.1.sqlite` and so on.
//!
//! Exit codes: 0 completed; 1 anything else, such as a report that could not be written; 2 wrong arguments;
//! 3 rolled back; 4 aborted; 5 stopped before its end; 6 the rollback failed and a person must take over.

mod args;
mod console;
mod documents;
mod ended;
mod fits;
mod stage;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser as _, ValueEnum as _};
use phasegate::core::{PersonId, RolloutId, Span};
use phasegate::engine::record::Outcome;
use phasegate::engine::{Sources, Start};
use phasegate::journal::{Holder, Journal};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::runner::{Ended, Runner, SystemClock};
use phasegate_examples::kept::{self, Kept};
use phasegate_examples::kill::KillAt;
use phasegate_examples::lock::{self, Lock};
use phasegate_examples::say;

use args::{Args, Regress};
use documents::{can_write, documents};
use ended::{finish, report};
use fits::{fits, program};
use stage::set;
use watch::watch;

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(run(&args)) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say::aside(format_args!("{error}"));
            let mut cause = error.source();
            while let Some(why) = cause {
                say::aside(format_args!("  because {why}"));
                cause = why.source();
            }
            ExitCode::FAILURE
        }
    }
}

/// A start of this plan, or of a revised one, by this person.
fn start(by: PersonId) -> Start {
    Start {
        roll_up: Some(Span::from_secs(1)),
        ..Start::new(by)
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
        Ended::Failed(_) => 1,
    }
}

/// What a person does about a rollout that has not ended.
fn advise(args: &Args, ended: &Ended) {
    let journal = args.journal().display();
    match ended {
        Ended::Finished(_) => {}
        Ended::Stopped => say::aside(format_args!(
            "stopped before its end, and the router and both versions with it: --resume goes on where {journal} ends"
        )),
        Ended::LostLease => say::aside(format_args!(
            "another process carries the rollout in {journal} out now: this one has let go"
        )),
        Ended::Failed(why) => say::aside(format_args!(
            "failed: {why}\nwhat was decided is in {journal}: mend that, make room if the disk is full, and go on by --resume"
        )),
    }
}

async fn run(args: &Args) -> Result<u8, Error> {
    let clock = Arc::new(SystemClock::new());
    let kept = kept::look(args.journal(), clock.clone())?;
    let documents = documents(args, kept.as_ref())?;
    can_write(&args.report, args.journal())?;
    if let Some(Kept {
        rollout,
        outcome: Some(outcome),
        ..
    }) = &kept
        && args.resume
    {
        say::line(format_args!(
            "this rollout is finished already: nothing is left to do"
        ));
        let journal = SqliteJournal::open(args.journal(), clock)?;
        let (_, reported) = report(args, &journal, rollout).await?;
        return Ok(code(&Ended::Finished(*outcome)).max(u8::from(!reported)));
    }
    let by: PersonId = "author".parse()?;
    let program = program(&documents, &start(by.clone()))?;
    let stage = set(args, &documents, &clock).await?;
    fits(&program, &documents, &stage.registry).await?;
    let lock = lock::take(args.journal())?;
    let regress = regression(args, &lock)?;
    if kept.is_some() && !args.resume {
        let moved = kept::set_aside(args.journal())?;
        say::aside(format_args!(
            "the journal of the last run is now {}",
            moved.display()
        ));
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
        let rollout = RolloutId::new(documents.plan.id.as_str())?;
        let sources = Sources::of(&documents.plan, &documents.catalog);
        let handle = runner.start(rollout.clone(), program, sources, by).await?;
        (rollout, handle)
    };
    let ended = watch(regress, &stage, &documents, handle).await;
    if let Some(records) = args.kill_at {
        say::aside(format_args!(
            "the rollout ended before it had {records} records: nothing was killed"
        ));
    }
    // First, since where the disk is full a report may fail too.
    advise(args, &ended);
    let (last, reported) = report(args, &*journal, &rollout).await?;
    finish(stage, last.as_ref()).await;
    Ok(code(&ended).max(u8::from(!reported)))
}

/// How the new version goes bad. A run that goes on has the versions that it had before.
fn regression(args: &Args, lock: &Lock) -> Result<Option<(Regress, u32)>, Error> {
    if args.resume && args.regress.is_none() {
        let before = lock.remembered()?;
        let found = before.split_once(' ').and_then(|(sort, at)| {
            let sort = Regress::from_str(sort, true).ok()?;
            Some((sort, at.parse().ok()?))
        });
        if found.is_some() {
            say::aside(format_args!("version 2 goes bad as before: {before} %"));
        }
        return Ok(found);
    }
    let said = args.regress.map_or_else(String::new, |sort| {
        let name = sort.to_possible_value();
        let name = name.map_or_else(String::new, |name| name.get_name().to_owned());
        format!("{name} {}", args.at)
    });
    lock.remember(&said)?;
    Ok(args.regress.map(|sort| (sort, args.at)))
}

/// As `kill -9` does: no destructor runs, nothing is flushed.
fn kill_myself() {
    let pid = std::process::id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid])
        .status();
    // Where there is no kill command, this is the nearest thing.
    say::aside(format_args!("could not be killed: {killed:?}"));
    std::process::abort();
}
