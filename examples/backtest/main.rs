//! What would this plan have done with these numbers? Without arguments, a demonstration; with them, of your own plan:
//! `cargo run --release --example backtest [-- PLAN RECORDING]`. A recording is a table (`.csv`), the answer to a range
//! query of Prometheus (`.json`), or `OpenMetrics` text with timestamps. Its columns are found by their names:
//! `errors.canary.matching` and `errors.canary.total`, `latency.stable.le.250`, `load`; `requests` counts all requests.
//! Ends with 1 if something is wrong with plan or recording, with 2 if the arguments are.

mod asked;
mod demonstration;
mod own;

use std::process::ExitCode;

use phasegate::backtest::Backtest;
use phasegate_examples::say;

use asked::{Asked, USAGE};

fn main() -> ExitCode {
    let asked = match Asked::read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(fault) => {
            say::aside(format_args!("{fault}\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    let done = match asked {
        Asked::Help => {
            say::line(format_args!("{USAGE}"));
            Ok(())
        }
        Asked::Demonstration => demonstration::run(),
        Asked::Own(own) => own::run(&own),
    };
    done.map_or_else(
        |error| {
            say::aside(format_args!("{error}"));
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

/// More lines than this nobody reads.
const LINES_MAX: usize = 40;

/// How the verdict went.
fn over_time(found: &Backtest) {
    say::line(format_args!("The verdict over time:"));
    for change in found.verdicts.iter().take(LINES_MAX) {
        say::line(format_args!(
            "  {} {}: {}",
            change.at, change.of, change.sentence
        ));
    }
    let more = found.verdicts.len().saturating_sub(LINES_MAX);
    if more > 0 {
        say::line(format_args!("  and {more} more changes"));
    }
}
