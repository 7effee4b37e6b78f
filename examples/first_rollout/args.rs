//! What can be asked for on the command line.

use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};

const JOURNAL: &str = "first-rollout.sqlite";
const CODES: &str = "Exit codes: 0 completed; 1 anything else; 2 wrong arguments; 3 rolled back; 4 aborted; \
                     5 stopped before its end; 6 the rollback failed and a person must take over";

/// Carries out a progressive rollout of a small HTTP service.
#[derive(Debug, Parser)]
#[command(after_help = CODES)]
pub struct Args {
    /// The plan [default: plans/first-rollout.yaml of the examples; with --resume the recorded one].
    #[arg(long)]
    pub plan: Option<PathBuf>,
    /// What its names stand for [default: plans/first-rollout.bindings.yaml; with --resume the recorded one].
    #[arg(long)]
    pub bindings: Option<PathBuf>,
    /// Where the journal is kept. A file that is there is never written over [default: first-rollout.sqlite].
    #[arg(long)]
    pub journal: Option<PathBuf>,
    /// Where the report is written.
    #[arg(long, default_value = "rollout-report.html")]
    pub report: PathBuf,
    /// Goes on with the rollout in the journal instead of beginning a new one.
    #[arg(long)]
    pub resume: bool,
    /// Makes the new version go bad; with --resume it goes bad again as before if nothing is said.
    #[arg(long)]
    pub regress: Option<Regress>,
    /// At which share of traffic it goes bad, in percent.
    #[arg(long, default_value_t = 25, requires = "regress",
          value_parser = clap::value_parser!(u32).range(0..=100))]
    pub at: u32,
    /// Kills this process (as kill -9 does) when exactly so many records are durable.
    #[arg(long, value_name = "RECORDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub kill_at: Option<u64>,
    /// Requests per second. Below about 100 there are too few samples to judge by: the rollout holds, and goes
    /// back when the plan's patience is over. This one process serves them all.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub rate: u32,
}

impl Args {
    pub fn journal(&self) -> &Path {
        self.journal.as_deref().unwrap_or(Path::new(JOURNAL))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Regress {
    Errors,
    Latency,
}
