//! Setbacks: each going back as an incident, from the first sign to the validated end.

use phasegate_core::{Ratio, Span, Timestamp};
use phasegate_engine::record::Cause;
use serde::Serialize;

use crate::view::{Exposure, MomentSort, RollbackView, StretchSort, View};

/// A going back as an incident.
///
/// What is a length of time here is the difference of two moments of the journal; none is zero by default.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Setback {
    /// The first sign: since when the trigger that began it held. The same as `noticed` where a person or a
    /// gate began it.
    pub began: Timestamp,
    /// When the rollback began.
    pub noticed: Timestamp,
    /// When its end was validated; absent while it goes on and where it failed.
    pub restored: Option<Timestamp>,
    /// Why, with the numbers.
    pub cause: String,
    /// The largest share of any route or flag that saw the new version when it was noticed.
    pub exposed: Option<Ratio>,
    /// Did it take longer than it may?
    pub over_budget: bool,
    /// What happened from the first sign to its end.
    pub timeline: Vec<SetbackMoment>,
}

/// Something that happened in a setback.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SetbackMoment {
    /// When.
    pub at: Timestamp,
    /// What sort of thing.
    pub sort: MomentSort,
    /// What, in words.
    pub text: String,
}

impl Setback {
    /// From the first sign until it was noticed.
    #[must_use]
    pub fn time_to_detect(&self) -> Span {
        self.noticed.since(self.began)
    }

    /// From the first sign until all was as before.
    #[must_use]
    pub fn time_to_restore(&self) -> Option<Span> {
        self.restored.map(|restored| restored.since(self.began))
    }
}

/// Each going back of a rollout as an incident, in order, without those that were rehearsed. They serialise, for tools.
#[must_use]
pub fn setbacks(view: &View) -> Vec<Setback> {
    view.rollbacks
        .iter()
        .filter(|rollback| !rollback.is_drill())
        .map(|rollback| setback(view, rollback))
        .collect()
}

fn setback(view: &View, rollback: &RollbackView) -> Setback {
    let noticed = rollback.started;
    let began = began(view, rollback).unwrap_or(noticed);
    let until = rollback.ended.unwrap_or(view.header.last);
    let inside = view
        .moments
        .iter()
        .filter(|moment| began <= moment.at && moment.at <= until);
    let timeline = inside.map(|moment| SetbackMoment {
        at: moment.at,
        sort: moment.sort,
        text: moment.text.clone(),
    });
    let share = |line: &Exposure| {
        let points = line.points.iter().take_while(|point| point.at <= noticed);
        points.last().map(|point| point.share).or(line.before)
    };
    Setback {
        began,
        noticed,
        restored: rollback.ended.filter(|_| rollback.validated == Some(true)),
        cause: rollback.sentence.clone(),
        exposed: view.exposure.iter().filter_map(share).max(),
        over_budget: rollback.is_over_limit(),
        timeline: timeline.collect(),
    }
}

/// Since when the trigger held that began it.
fn began(view: &View, rollback: &RollbackView) -> Option<Timestamp> {
    let Cause::Trigger { trigger, .. } = &rollback.cause else {
        return None;
    };
    let of = view.triggers.iter().find(|one| one.trigger == *trigger)?;
    let mut held = of
        .stretches
        .iter()
        .rev()
        .filter(|stretch| stretch.from <= rollback.started);
    let last = held.next()?;
    // It was pending until it fired.
    let before = held
        .next()
        .filter(|before| before.sort == StretchSort::Pending && before.until == Some(last.from));
    Some(before.map_or(last.from, |before| before.from))
}
