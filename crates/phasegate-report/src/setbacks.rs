//! Setbacks: each going back as an incident, from the first sign to the validated end.

use phasegate_core::{CriterionId, Ratio, Span, TargetId, Timestamp, TriggerId};
use phasegate_engine::record::Cause;
use phasegate_sla::Verdict;
use serde::Serialize;

use crate::view::{Exposure, MomentSort, RollbackView, StretchSort, View};

/// A going back as an incident.
///
/// What is a length of time here is the difference of two moments of the journal; none is zero by default.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Setback {
    /// The first sign: since when the trigger that began it held, or the criterion failed. The same as `noticed`
    /// where a person, a gate or what nobody could see began it.
    pub began: Timestamp,
    /// What that sign was, in words; absent where it was what began the rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_sign: Option<String>,
    /// When the rollback began.
    pub noticed: Timestamp,
    /// When its end was validated, or its steps were done where the plan validates nothing; absent while it goes on
    /// and where it failed.
    pub restored: Option<Timestamp>,
    /// Did the plan validate that all was as before?
    pub validated: bool,
    /// Routes and flags that still showed the new version when it was over, to more than saw it before the rollout.
    pub left: Vec<Left>,
    /// Why, with the numbers.
    pub cause: String,
    /// The largest share of any route or flag that saw the new version when it was noticed.
    pub exposed: Option<Ratio>,
    /// Did it take longer than it may?
    pub over_budget: bool,
    /// What happened from the first sign to its end.
    pub timeline: Vec<SetbackMoment>,
}

/// A route or flag that a going back has left above where it stood before the rollout.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Left {
    /// The route or flag.
    pub target: TargetId,
    /// The share that still saw the new version.
    pub share: Ratio,
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

    /// From the first sign until it was over: by [`Setback::validated`] and [`Setback::left`] whether all was as before.
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
    let sign = first_sign(view, rollback).filter(|(at, _)| *at < noticed);
    let began = sign.as_ref().map_or(noticed, |(at, _)| *at);
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
    let share = |line: &Exposure, at: Timestamp| {
        let points = line.points.iter().take_while(|point| point.at <= at);
        points.last().map(|point| point.share).or(line.before)
    };
    let left = |line: &Exposure| {
        let (share, target) = (share(line, rollback.ended?)?, line.target.clone());
        (share > line.before.unwrap_or_default()).then_some(Left { target, share })
    };
    Setback {
        began,
        first_sign: sign.map(|(_, what)| what),
        noticed,
        restored: rollback.ended.filter(|_| rollback.validated == Some(true)),
        cause: rollback.sentence.clone(),
        validated: rollback.validated == Some(true) && rollback.validations > 0,
        left: view.exposure.iter().filter_map(left).collect(),
        exposed: view
            .exposure
            .iter()
            .filter_map(|line| share(line, noticed))
            .max(),
        over_budget: rollback.is_over_limit(),
        timeline: timeline.collect(),
    }
}

/// The first sign of what began it: when, and what.
fn first_sign(view: &View, rollback: &RollbackView) -> Option<(Timestamp, String)> {
    match &rollback.cause {
        Cause::Trigger { trigger, .. } => held_since(view, rollback, trigger),
        Cause::Criterion { check, .. } => failed_since(view, rollback, check),
        Cause::Blind { .. }
        | Cause::Drill { .. }
        | Cause::Gate { .. }
        | Cause::Incident { .. }
        | Cause::Operator { .. } => None,
    }
}

/// Since when the trigger held.
fn held_since(
    view: &View,
    rollback: &RollbackView,
    trigger: &TriggerId,
) -> Option<(Timestamp, String)> {
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
    let at = before.map_or(last.from, |before| before.from);
    Some((at, format!("{} began to hold", of.rule)))
}

/// Since when the criterion failed, as it was recorded: the first of its last failures in a row.
fn failed_since(
    view: &View,
    rollback: &RollbackView,
    check: &CriterionId,
) -> Option<(Timestamp, String)> {
    let of = view.criteria.iter().filter(|one| one.check == *check);
    let failing = of.filter_map(|criterion| {
        let before = criterion.readings.iter().rev();
        let before = before.skip_while(|reading| reading.at > rollback.started);
        let failed = before.take_while(|reading| reading.verdict == Verdict::Fail);
        Some((failed.last()?.at, criterion))
    });
    let (at, criterion) = failing.min_by_key(|(at, _)| *at)?;
    Some((at, format!("{} began to fail", criterion.rule)))
}
