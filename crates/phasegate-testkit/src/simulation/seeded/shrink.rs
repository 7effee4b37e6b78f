//! Makes a failing case smaller: what can be taken away without the failure going away is taken away.

use super::{Case, Report, run};

/// The smallest case that was found to fail as this one does, and its report. The first violation's
/// words up to the first colon are what must stay.
pub fn shrink(case: &Case) -> (Case, Report) {
    let mut best = case.clone();
    let mut report = run(&best);
    let Some(kind) = report.violations.first().map(|text| kind_of(text)) else {
        return (best, report);
    };
    loop {
        let mut smaller = None;
        for candidate in candidates(&best) {
            let tried = run(&candidate);
            if tried.violations.iter().any(|text| kind_of(text) == kind) {
                smaller = Some((candidate, tried));
                break;
            }
        }
        match smaller {
            Some((candidate, tried)) => (best, report) = (candidate, tried),
            None => return (best, report),
        }
    }
}

fn kind_of(violation: &str) -> String {
    violation.split(':').next().unwrap_or_default().to_owned()
}

/// The case with one thing less, each in turn.
fn candidates(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let mut without = |change: &dyn Fn(&mut Case)| {
        let mut smaller = case.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for index in 0..case.kills.len() {
        without(&|c| _ = c.kills.remove(index));
    }
    for key in case.faults.appends.keys() {
        without(&|c| _ = c.faults.appends.remove(key));
    }
    for key in &case.faults.doubled {
        without(&|c| _ = c.faults.doubled.remove(key));
    }
    for key in &case.faults.lost {
        without(&|c| _ = c.faults.lost.remove(key));
    }
    for key in case.faults.slow.keys() {
        without(&|c| _ = c.faults.slow.remove(key));
    }
    for index in 0..case.faults.clock_steps.len() {
        without(&|c| _ = c.faults.clock_steps.remove(index));
    }
    for index in 0..case.faults.meddling.len() {
        without(&|c| drop(c.faults.meddling.remove(index)));
    }
    for index in 0..case.faults.rivals.len() {
        without(&|c| _ = c.faults.rivals.remove(index));
    }
    for index in 0..case.world.outages.len() {
        without(&|c| drop(c.world.outages.remove(index)));
    }
    for index in 0..case.world.differences.len() {
        without(&|c| drop(c.world.differences.remove(index)));
    }
    if !case.world.regressions.is_empty() {
        without(&|c| c.world.regressions.clear());
    }
    for index in 0..case.amendments.len() {
        without(&|c| drop(c.amendments.remove(index)));
    }
    for index in 0..case.acts.len() {
        without(&|c| drop(c.acts.remove(index)));
    }
    all
}
