//! What would this plan have done with these numbers? Without arguments, a demonstration; with them, of your own plan:
//! `cargo run --release --example backtest [-- PLAN RECORDING]`. A recording is a table (`.csv`), the answer to a range
//! query of Prometheus (`.json`), or `OpenMetrics` text with timestamps. Its columns are found by their names:
//! `errors.canary.matching` and `errors.canary.total`, `latency.stable.le.250`, `load`; `requests` counts all requests.
//! Ends with 1 if something is wrong with plan or recording, with 2 if the arguments are.

mod asked;
mod demonstration;
mod own;

use std::process::ExitCode;

use phasegate::backtest::{Backtest, WhatIf};
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

/// What another ramp would have come to, in a line.
fn tried(one: &WhatIf) -> String {
    let rungs = one.ramp.iter();
    let rungs = rungs.map(|(share, bake)| match bake.is_zero() {
        true => share.to_string(),
        false => format!("{share} for {bake}"),
    });
    let ramp = rungs.collect::<Vec<_>>().join(", ");
    let alarms = match one.good.false_alarms() {
        0 => String::new(),
        1 => ", with one false alarm".to_owned(),
        alarms => format!(", with {alarms} false alarms in all"),
    };
    let good = match one.good.duration() {
        Some(took) => format!("a good version takes {took}{alarms}"),
        None => format!("a good version is not let through in what was recorded{alarms}"),
    };
    let bad = one.bad.as_ref().map(|bad| {
        let found = match bad.time_to_detect() {
            Some(after) => format!("a bad one is found out after {after}"),
            None => "a bad one is never found out".to_owned(),
        };
        match bad.exposed.counted {
            true => format!(
                "{found}; {} requests and {} users at most meet it",
                bad.exposed.requests, bad.exposed.users
            ),
            false => found,
        }
    });
    let bad = bad.unwrap_or_else(|| "it never gets there over the good recording".to_owned());
    format!("{ramp}: {good}; {bad}")
}

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
