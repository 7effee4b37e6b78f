//! Question: what happens to rollouts when the process that carries them out is killed?
//!
//! Three controllers, each a process of its own, share the rollouts of one journal, in PostgreSQL or in a SQLite file,
//! and shift the traffic of one HAProxy. Every few seconds one of them is killed with SIGKILL, whatever it is doing, and
//! another one started. At the end the journal is verified and HAProxy asked by another way: every rollout has
//! completed, no shift was lost, none was done that no record asked for. PostgreSQL and HAProxy must be installed
//! (`tests/setup` does that); both are started on free loopback ports and end with the example.
//!
//!     cargo run --release --example three_controllers                                        # 5 kills
//!     cargo run --release --example three_controllers -- --kills 500 --every 600ms           # five minutes
//!     cargo run --release --example three_controllers -- --kills 500 --every 600ms --sqlite  # the same on SQLite

mod checks;
mod controller;
mod documents;
mod stage;
mod store;

use std::time::{Duration, Instant};

use clap::Parser;
use phasegate::core::Span;
use phasegate::resilience::Rng;
use phasegate_examples::say;

use checks::Checked;
use controller::Pool;
use stage::Stage;
use store::Store;

pub type Error = Box<dyn std::error::Error>;

/// A rollout takes two seconds, and one that is taken over a lease more: what is not over by then is stuck.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills controllers while they carry rollouts out.
#[derive(Debug, Parser)]
struct Args {
    /// How many controllers are killed.
    #[arg(long, default_value_t = 5)]
    kills: u32,
    /// The mean time from one kill to the next.
    #[arg(long, default_value = "2s")]
    every: Span,
    /// How many rollouts run at the same time.
    #[arg(long, default_value_t = 4)]
    rollouts: usize,
    /// The seed of what is killed and when.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The journal is a SQLite file that all of them have open, and not in PostgreSQL.
    #[arg(long)]
    sqlite: bool,
    /// This process is a controller of that name.
    #[arg(long, hide = true, requires_all = ["store", "socket"])]
    controller: Option<String>,
    /// Where the journal is.
    #[arg(long, hide = true)]
    store: Option<Store>,
    /// Where HAProxy's runtime API is.
    #[arg(long, hide = true)]
    socket: Option<std::path::PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args = Args::parse();
    if let (Some(name), Some(store), Some(socket)) = (&args.controller, &args.store, &args.socket) {
        return controller::run(name, store, socket, args.rollouts).await;
    }
    let Some(stage) = Stage::set(args.rollouts, args.sqlite)? else {
        say::line(format_args!(
            "SKIPPED: PostgreSQL or HAProxy cannot be started here"
        ));
        return Ok(());
    };
    let began = Instant::now();
    let checked = killed_all_the_time(&stage, &args).await?;
    say::line(format_args!(
        "{} kills in {:.0?} on {}: {} rollouts completed with {} records, {} shifts, {} of them in doubt when a controller was killed",
        args.kills,
        began.elapsed(),
        stage.store().name(),
        checked.rollouts,
        checked.records,
        checked.shifts,
        checked.in_doubt,
    ));
    say::line(format_args!(
        "taken over {} times, after {} at the median and {} at most (a lease is {})",
        checked.take_overs.len(),
        checked.median(),
        checked.worst(),
        controller::LEASE,
    ));
    Ok(())
}

/// Kills controllers and begins rollouts until all kills are done and all rollouts over, and checks what is left.
async fn killed_all_the_time(stage: &Stage, args: &Args) -> Result<Checked, Error> {
    let journal = stage.store().open().await?;
    let mut pool = Pool::start(stage, args.rollouts)?;
    let mut dice = Rng::new(args.seed);
    let mut watch = stage::Watch::default();
    let mut backends = vec![0_u32; args.rollouts];
    let (mut kills, mut due) = (
        Vec::new(),
        Instant::now() + up_to_twice(args.every, &mut dice),
    );
    loop {
        let killing = kills.len() < usize::try_from(args.kills)?;
        let mut running = 0;
        for (backend, generation) in backends.iter_mut().enumerate() {
            if !documents::is_over(&*journal, backend, *generation).await? {
                running += 1;
                continue;
            }
            if killing {
                // The next version begins where nothing is: the last one is everywhere now.
                watch.forget(backend);
                stage.reset(backend)?;
                *generation += 1;
                documents::begin(journal.clone(), backend, *generation).await?;
                running += 1;
            }
        }
        if running == 0 {
            break;
        }
        if !killing && due.elapsed() > PATIENCE {
            return Err(format!(
                "{running} rollouts are not over {PATIENCE:?} after the last kill"
            )
            .into());
        }
        watch.look(stage)?;
        if killing && Instant::now() >= due {
            let last = u64::try_from(pool.len())?.saturating_sub(1);
            let victim = usize::try_from(dice.up_to(last))?;
            kills.push(pool.kill(victim, stage, &*journal).await?);
            due = Instant::now() + up_to_twice(args.every, &mut dice);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    pool.stop()?;
    watch.look(stage)?;
    checks::check(&*journal, stage, &backends, &kills).await
}

/// A time up to twice the mean.
fn up_to_twice(mean: Span, dice: &mut Rng) -> Duration {
    Duration::from_millis(dice.up_to(2 * mean.as_millis()))
}
