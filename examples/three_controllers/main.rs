//! Question: what happens to rollouts when the process that carries them out is killed?
//!
//! Three controllers, each a process of its own, share the rollouts of one PostgreSQL journal and shift the traffic
//! of one HAProxy. Every few seconds one of them is killed with SIGKILL, whatever it is doing, and another one
//! started. At the end the journal is verified and HAProxy asked by another way: every rollout has completed, no
//! shift was lost, none was done that no record asked for. PostgreSQL and HAProxy must be installed (`tests/setup`
//! does that); both are started on free loopback ports and end with the example.
//!
//!     cargo run --release --example three_controllers                               # 5 kills
//!     cargo run --release --example three_controllers -- --kills 500 --every 600ms  # five minutes

mod checks;
mod controller;
mod documents;
mod stage;

use std::time::{Duration, Instant};

use clap::Parser;
use phasegate::core::Span;
use phasegate_examples::say;

use checks::Checked;
use controller::Pool;
use stage::Stage;

pub type Error = Box<dyn std::error::Error>;

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
    /// This process is a controller of that name.
    #[arg(long, hide = true, requires_all = ["port", "socket"])]
    controller: Option<String>,
    /// Where PostgreSQL listens.
    #[arg(long, hide = true)]
    port: Option<u16>,
    /// Where HAProxy's runtime API is.
    #[arg(long, hide = true)]
    socket: Option<std::path::PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args = Args::parse();
    if let (Some(name), Some(port), Some(socket)) = (&args.controller, args.port, &args.socket) {
        return controller::run(name, port, socket, args.rollouts).await;
    }
    let Some(stage) = Stage::set(args.rollouts)? else {
        say::line(format_args!(
            "SKIPPED: PostgreSQL or HAProxy cannot be started here"
        ));
        return Ok(());
    };
    let began = Instant::now();
    let checked = killed_all_the_time(&stage, &args).await?;
    say::line(format_args!(
        "{} kills in {:.0?}: {} rollouts completed with {} records, {} shifts, {} of them in doubt when a controller was killed",
        args.kills,
        began.elapsed(),
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
    let journal = controller::journal(stage.port()).await?;
    let mut pool = Pool::start(stage, args.rollouts)?;
    let mut dice = Dice(args.seed);
    let mut watch = stage::Watch::default();
    let mut backends = vec![0_u32; args.rollouts];
    let (mut kills, mut due) = (Vec::new(), Instant::now() + dice.next(args.every));
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
        watch.look(stage)?;
        if killing && Instant::now() >= due {
            let victim = dice.below(pool.len());
            kills.push(pool.kill(victim, stage, &*journal).await?);
            due = Instant::now() + dice.next(args.every);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    pool.stop()?;
    watch.look(stage)?;
    checks::check(&*journal, stage, &backends, &kills).await
}

/// Numbers that look random, the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(1).max(1);
        usize::try_from(self.roll() % end).unwrap_or(0)
    }

    /// A time up to twice the mean.
    fn next(&mut self, mean: Span) -> Duration {
        let millis = mean.as_millis().max(1);
        Duration::from_millis(self.roll() % (2 * millis))
    }
}
