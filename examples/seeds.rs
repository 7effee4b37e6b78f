//! Question: what must hold whatever goes wrong, and how is that tried?
//!
//! Each seed gives a plan, a world, faults (crashes at any point, lost and doubled answers, failed syncs, a full
//! disk, clocks that are set, two controllers that believe in their lease, and more) and what operators do. The real
//! engine and driver carry the plan out, and the invariants are checked against the journal and the world. The table
//! says how often each fault struck, each kind of step began and each act was taken; with 5,000 seeds or more none may
//! be missing. A seed that fails prints its smallest case and that case's history, and replays by `--first`.
//!
//!     cargo run --release --example seeds                        # 1,000 seeds of 200 records or more
//!     cargo run --release --example seeds -- --seeds 100000
//!     cargo run --release --example seeds -- --first 4711 --seeds 1

use std::time::Instant;

use clap::Parser;
use phasegate_examples::say;
use phasegate_testkit::simulation::seeded::{Sweep, history};

/// Tries seeds until so many of them are long enough, or one fails.
#[derive(Debug, Parser)]
struct Args {
    /// How many seeds are to have enough records.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// How many records are enough; a seed with fewer is checked all the same.
    #[arg(long, default_value_t = 200)]
    records: usize,
    /// On how many threads; as many as there are processors if it is not said.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() {
    let args = Args::parse();
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let sweep = Sweep {
        first: args.first,
        seeds: args.seeds,
        records_min: args.records,
        threads: args.threads.unwrap_or_else(all),
    };
    let began = Instant::now();
    let swept = sweep.run();
    if let Some(seed) = swept.failed {
        panic!("{}", history(seed));
    }
    say::line(format_args!(
        "{} seeds with {} records in {:.0?} on {} threads; {} of the seeds with {} records or more, {} in all",
        swept.tried,
        swept.records,
        began.elapsed(),
        sweep.threads,
        swept.counted,
        sweep.records_min,
        swept.records_counted,
    ));
    say::text(&swept.table());
    let never = swept.never();
    assert!(
        sweep.seeds < 5_000 || never.is_empty(),
        "never seen: {never:?}"
    );
}
