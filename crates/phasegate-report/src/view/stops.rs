//! When nothing moved forward: holds and pauses, why they began and who or what ended them.

use phasegate_core::{PersonId, Timestamp};
use phasegate_engine::record::{Body, Finish, HoldReason};
use serde::Serialize;

use super::Step;
use super::causes;

/// A stretch of time in which nothing moved forward.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Stop {
    /// A hold or a pause.
    pub sort: StopSort,
    /// When it began.
    pub from: Timestamp,
    /// Why, in words.
    pub why: String,
    /// How it ended; not yet, if absent.
    pub ended: Option<Ended>,
}

/// Who stopped it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever shows it has a word for each"
)]
pub enum StopSort {
    /// The rollout itself.
    Hold(HoldReason),
    /// A person.
    Pause(PersonId),
}

/// How a hold or a pause ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Who ended it, if it was a person.
    pub by: Option<PersonId>,
    /// Why, or what ended it.
    pub why: String,
}

#[derive(Default)]
pub(super) struct Fold {
    stops: Vec<Stop>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Step<'_>) {
        let at = step.record.at();
        if let Body::Paused { by, reason } = &step.record.body
            && !step.before.paused
        {
            let sort = StopSort::Pause(by.clone());
            self.stops.push(Stop {
                sort,
                from: at,
                why: reason.clone(),
                ended: None,
            });
        }
        if !step.after.paused {
            let ended = ended(step);
            self.end(&ended, |sort| matches!(sort, StopSort::Pause(_)));
        }
        if let Body::Held { reason } = &step.record.body {
            let sort = StopSort::Hold(reason.clone());
            self.stops.push(Stop {
                sort,
                from: at,
                why: causes::hold(reason, step),
                ended: None,
            });
        }
        let holds = &step.after.holds;
        let is_over = |sort: &StopSort| match sort {
            StopSort::Hold(reason) => !holds.contains(reason),
            StopSort::Pause(_) => false,
        };
        self.end(&ended(step), is_over);
        if matches!(step.record.body, Body::Finished { .. }) {
            self.end(&ended(step), |_| true);
        }
    }

    fn end(&mut self, ended: &Ended, is_over: impl Fn(&StopSort) -> bool) {
        for stop in self.stops.iter_mut().filter(|stop| stop.ended.is_none()) {
            if is_over(&stop.sort) {
                stop.ended = Some(ended.clone());
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Stop> {
        self.stops
    }
}

/// What this record says about whatever it ends.
fn ended(step: &Step<'_>) -> Ended {
    let (at, body) = (step.record.at(), &step.record.body);
    if let Body::Released { by, reason }
    | Body::Resumed { by, reason }
    | Body::Retried { by, reason, .. }
    | Body::OpFinished {
        finish: Finish::Skipped { by, reason },
        ..
    } = body
    {
        return Ended {
            at,
            by: Some(by.clone()),
            why: reason.clone(),
        };
    }
    let why = if matches!(body, Body::OpFinished { .. }) {
        "the step came to its end"
    } else if matches!(body, Body::RollbackStarted { .. }) {
        "the rollout went back"
    } else if matches!(body, Body::Finished { .. }) {
        "the rollout ended"
    } else {
        body.kind()
    };
    Ended {
        at,
        by: None,
        why: why.to_owned(),
    }
}
