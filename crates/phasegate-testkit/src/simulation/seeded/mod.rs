//! Deterministic simulation: a seed gives a plan, a world, faults and what operators do. The real engine
//! and driver carry it out, and what must always hold is checked against the journal and the world.
//!
//! A failing seed is made smaller by [`shrink`]: faults and acts that are not needed are taken away, and
//! what is left replays to the same failure.

mod acts;
mod by_calendar;
mod by_scaling;
mod case;
mod chance;
mod counting;
mod going_back;
mod grounds;
mod invariants;
mod on_time;
mod plan;
mod shrink;
mod sweep;

use std::collections::BTreeMap;

use phasegate_core::Span;

pub use case::Case;
pub use shrink::shrink;
pub use sweep::{Sweep, Swept, history};

use super::{Ended, Simulation};

/// What came of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// How it ended.
    pub ended: Option<Ended>,
    /// How many records its journal has.
    pub records: usize,
    /// What did not hold.
    pub violations: Vec<String>,
    /// How often each fault struck, each step kind began and each act was taken.
    pub counts: BTreeMap<String, u64>,
    /// What happened when, one line a record, where something did not hold.
    pub history: Vec<String>,
}

/// Five hours after the last act of an operator.
const LIMIT: Span = Span::from_secs(14 * 3_600);

/// Everything that is counted, so that what never occurs shows.
pub fn countable() -> Vec<String> {
    let faults = [
        "answer doubled",
        "answer lost",
        "answer slow",
        "append: answer lost",
        "append: database unreachable",
        "append: disk full",
        "append: request lost",
        "append: sync failed, data kept",
        "append: sync failed, data lost",
        "clock set back",
        "clock set forward",
        "crash",
        "crash with a boot",
        "lost lease noticed",
        "provider out",
        "regression",
        "somebody else changes it",
        "two controllers",
    ];
    let acts = [
        "abort",
        "acknowledge",
        "amend",
        "amend: not permitted",
        "answer",
        "break-glass",
        "called",
        "called: the next",
        "declare",
        "drill",
        "drill of an incident",
        "follow-up",
        "maintenance announced",
        "maintenance begun",
        "maintenance over",
        "pause",
        "procedure",
        "re-enable",
        "re-enable: not well",
        "release",
        "resolve",
        "resume",
        "retry",
        "retry-rollback",
        "scaled down",
        "scaled up",
        "scaling at its limit",
        "scaling told",
        "roll-back",
        "skip",
        "stage not enough",
        "stages spared",
        "take-over",
        "undecided at the next phase",
        "update",
        "announce",
        "withdraw",
    ];
    let kinds = plan::KINDS.iter().chain(&plan::FIXED);
    let mut all: Vec<String> = faults.iter().map(|name| format!("fault: {name}")).collect();
    all.extend(acts.iter().map(|name| format!("act: {name}")));
    all.extend(kinds.map(|name| format!("step: {name}")));
    all
}

/// Carries a case out and checks it.
pub fn run(case: &Case) -> Report {
    let mut report = Report {
        ended: None,
        records: 0,
        violations: Vec::new(),
        counts: BTreeMap::new(),
        history: Vec::new(),
    };
    let setup = match case.setup() {
        Ok(setup) => setup,
        Err(why) => {
            report.violations.push(format!("the plan is none: {why}"));
            return report;
        }
    };
    let program = setup.program.clone();
    let mut simulation = match Simulation::new(setup) {
        Ok(simulation) => simulation,
        Err(error) => {
            report.violations.push(error.to_string());
            return report;
        }
    };
    let mut ended = simulation.run(LIMIT);
    // What began anew late, after a drill for one, needs its time.
    if matches!(ended, Ok(Ended::OutOfTime)) && !invariants::waits(&simulation) {
        ended = simulation.run(LIMIT);
    }
    match ended {
        Ok(ended) => report.ended = Some(ended),
        Err(error) => report.violations.push(error.to_string()),
    }
    match simulation.records() {
        Ok(records) => {
            report.records = records.len();
            invariants::check(&program, &records, &simulation, &mut report);
            // Nobody reads it otherwise, and it is long.
            if !report.violations.is_empty() {
                report.history = records
                    .iter()
                    .map(|record| {
                        let body: String = format!("{:?}", record.body).chars().take(240).collect();
                        format!("{} {body}", record.at())
                    })
                    .collect();
            }
            case.count(&records, &simulation, &mut report.counts);
        }
        Err(error) => report.violations.push(error.to_string()),
    }
    report
}
