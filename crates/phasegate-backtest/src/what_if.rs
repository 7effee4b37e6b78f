//! Other ramps: detection against duration.

use phasegate_core::{PhaseId, Ratio, Span, Timestamp};
use phasegate_engine::program::Program;
use serde::Serialize;

use crate::options::{BacktestError, Options, Traffic};
use crate::outcome::Backtest;
use crate::recording::Recording;
use crate::run::backtest;
use crate::series::Series;
use crate::variants::{first_shown, with_ramp};

/// What another ramp would have come to.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct WhatIf {
    /// Shares and bakes.
    pub ramp: Vec<(Ratio, Span)>,
    /// With what was recorded of a good version: how long it takes, and false alarms.
    pub good: Backtest,
    /// With a version that is bad from the first share of the ramp on: when that is found out, and who has met it until
    /// then. `None` where over the good recording it never got so far.
    pub bad: Option<Backtest>,
}

/// Tries several ramps of a phase over a good recording and a bad one: detection against duration.
///
/// So that they can be compared, each ramp meets the fault in the same place, whatever comes before it and whatever dates
/// the plan has: up to the moment at which it shows its first share all is as in the good recording, and then as in the bad
/// one from its [`Options::bad_from`] on, for as long as that lasts. Counters go on from where they were.
///
/// # Errors
/// As [`backtest`]; [`BacktestError::NoRamp`] where the phase is not there or has no ramp with a bake, and
/// [`BacktestError::NeverBad`] where the options of the bad recording do not say from when on it is bad.
pub fn what_if(
    program: &Program,
    phase: &PhaseId,
    ramps: &[Vec<(Ratio, Span)>],
    good: (&Recording, &Options),
    bad: (&Recording, &Options),
) -> Result<Vec<WhatIf>, BacktestError> {
    let from = bad.1.bad_from.ok_or(BacktestError::NeverBad)?;
    let one = |ramp: &Vec<(Ratio, Span)>| {
        let program = with_ramp(program, phase, ramp);
        let program = program.ok_or_else(|| BacktestError::NoRamp(phase.clone()))?;
        let done = backtest(&program, good.0, good.1)?;
        let mut records = done.records.iter();
        let shown = records.find_map(|records| first_shown(&program, phase, records));
        let bad = shown.map(|shown| {
            let options = options(good.1, bad.1, shown, from);
            backtest(&program, &good.0.followed_by(shown, bad.0, from), &options)
        });
        Ok(WhatIf {
            ramp: ramp.clone(),
            good: done,
            bad: bad.transpose()?,
        })
    };
    ramps.iter().map(one).collect()
}

/// It begins as the good one does, and is bad from when the share is shown until the bad recording ends.
fn options(good: &Options, bad: &Options, shown: Timestamp, from: Timestamp) -> Options {
    let mut options = bad.clone();
    options.start = good.start;
    options.until = shown + bad.until.since(from);
    options.bad_from = Some(shown);
    options.goes_on |= good.goes_on;
    let before = good.traffic.as_ref().map(|traffic| &traffic.requests);
    options.traffic = bad.traffic.as_ref().map(|traffic| {
        let nothing = Series::default();
        let before = before.unwrap_or(&nothing);
        Traffic {
            requests: before.followed_by(shown, &traffic.requests, from),
            users: traffic.users,
        }
    });
    options
}
