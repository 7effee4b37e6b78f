//! Setbacks: each going back as an incident, from the first sign to the validated end; a draft of a
//! post-mortem; delivery performance over many rollouts.

use std::fmt::Write as _;

use phasegate_core::{Ratio, Span, Timestamp};
use phasegate_engine::record::Cause;
use phasegate_sla::kpi::{DeliveryPerformance, Deployment, Incident};
use serde::Serialize;

use crate::doc::{Bits, Clock, Table};
use crate::markdown::{escaped, table};
use crate::view::{Exposure, MomentSort, RollbackView, StretchSort, View};
use crate::words;

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

/// Each going back of a rollout as an incident, in order. They serialise, for tools.
#[must_use]
pub fn setbacks(view: &View) -> Vec<Setback> {
    view.rollbacks
        .iter()
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

/// A draft of a post-mortem, as Markdown: what happened with its timeline, and headings for what only people
/// know. `None` for a rollout that never went back. The same view gives the same bytes.
///
/// ```
/// # fn draft(view: &phasegate_report::View) -> Option<String> {
/// let draft = phasegate_report::post_mortem(view)?;
/// assert!(draft.contains("## What is done about it"));
/// # Some(draft)
/// # }
/// ```
#[must_use]
pub fn post_mortem(view: &View) -> Option<String> {
    let all = setbacks(view);
    if all.is_empty() {
        return None;
    }
    let clock = Clock::of(view);
    let header = &view.header;
    let mut out = format!("# Post-mortem: {}\n\n", escaped(&header.title));
    let stands = words::stands(header.standing);
    // Writing to a string cannot fail.
    let _written = writeln!(
        out,
        "Draft, from the journal of {}: {stands}.\n",
        escaped(header.rollout.as_str())
    );
    for (number, one) in (1u32..).zip(&all) {
        going_back(&mut out, number, one, &clock);
    }
    for title in [
        "What users noticed",
        "Why it happened",
        "What went well",
        "What went badly",
        "What is done about it",
    ] {
        let _written = writeln!(out, "## {title}\n\nTo be filled in.\n");
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Some(out)
}

/// One going back: its facts and its timeline.
fn going_back(out: &mut String, number: u32, one: &Setback, clock: &Clock) {
    let _written = writeln!(out, "## Going back {number}\n");
    let span = |span: Option<Span>| span.map_or_else(|| "not yet".to_owned(), words::span_text);
    let exposed = one
        .exposed
        .map_or_else(|| "unknown".to_owned(), |share| share.to_string());
    let over = if one.over_budget {
        ", over its budget"
    } else {
        ""
    };
    let rows = [
        ("Cause", Bits::text(one.cause.as_str())),
        ("First sign", clock.at(one.began)),
        (
            "Noticed after",
            Bits::text(words::span_text(one.time_to_detect())),
        ),
        (
            "Restored after",
            Bits::text(format!("{}{over}", span(one.time_to_restore()))),
        ),
        ("Saw the new version", Bits::text(exposed)),
    ];
    let rows = rows
        .into_iter()
        .map(|(name, value)| vec![Bits::text(name), value]);
    table(
        out,
        &Table {
            columns: &["", ""],
            rows: rows.collect(),
        },
    );
    let rows = one.timeline.iter().map(|moment| {
        let what = Bits::text(words::moment(moment.sort));
        vec![clock.at(moment.at), what, Bits::text(moment.text.as_str())]
    });
    table(
        out,
        &Table {
            columns: &["When", "What", "In words"],
            rows: rows.collect(),
        },
    );
}

/// Delivery performance over rollouts, each with its view: a rollout that exposed the new version to anybody
/// is a deployment, when it ended or was last seen, and has failed if it went back; each going back is an
/// incident that a change caused. When changes were committed, and what was rework, no journal knows.
///
/// Moments from `from` (inclusive) to `until` (exclusive) count.
#[must_use]
pub fn delivery_performance(
    views: &[View],
    from: Timestamp,
    until: Timestamp,
) -> DeliveryPerformance {
    let mut deployments = Vec::new();
    let mut incidents = Vec::new();
    for view in views {
        let shown = |line: &Exposure| line.points.iter().any(|point| point.share > Ratio::ZERO);
        if view.exposure.iter().any(shown) {
            deployments.push(Deployment {
                at: view.header.ended.unwrap_or(view.header.last),
                committed: None,
                failed: !view.rollbacks.is_empty(),
                rework: false,
            });
        }
        incidents.extend(setbacks(view).into_iter().map(|one| Incident {
            began: one.began,
            restored: one.restored,
            from_change: true,
        }));
    }
    DeliveryPerformance::over(from, until, &deployments, &incidents)
}
