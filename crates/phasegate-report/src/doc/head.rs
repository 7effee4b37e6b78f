//! The head of a report: what it is, how it stands, why, and the figures one asks for first.

use phasegate_engine::program::holds_plan_gates;
use phasegate_sla::Verdict;

use crate::doc::bits::{Bits, Clock, Tone, against};
use crate::view::{Counted, PhaseStanding, PhaseView, Standing, View};
use crate::words;

/// What stands at the top of a document.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) title: String,
    /// How the rollout stands, and why; a document about several has none.
    pub(crate) standing: Option<(Standing, String)>,
    /// A paragraph below.
    pub(crate) summary: Option<String>,
    /// Figures: a name and what it is.
    pub(crate) facts: Vec<(&'static str, Bits)>,
}

impl Front {
    /// That of the full report.
    pub(crate) fn of(view: &View) -> Self {
        let header = &view.header;
        Self {
            title: header.title.clone(),
            standing: Some((header.standing, why(view))),
            summary: header.summary.clone(),
            facts: facts(view),
        }
    }
}

/// How a standing reads at a glance.
pub(crate) const fn standing_tone(standing: Standing) -> Tone {
    match standing {
        Standing::Completed => Tone::Good,
        Standing::Aborted | Standing::RolledBack => Tone::Watch,
        Standing::RollbackFailed => Tone::Bad,
        Standing::Held | Standing::Paused | Standing::RollingBack => Tone::Unsure,
        Standing::Running => Tone::Calm,
    }
}

/// One sentence on why it stands so.
pub(crate) fn why(view: &View) -> String {
    let header = &view.header;
    let of_whole = |phase: &&PhaseView| holds_plan_gates(&phase.id);
    let own = || view.phases.iter().filter(|phase| !of_whole(phase));
    let done = own().filter(|phase| phase.standing == PhaseStanding::Done);
    let (done, total) = (done.count(), own().count());
    // They stand among the phases below.
    let gates = if view.phases.iter().any(|phase| of_whole(&phase)) {
        ", and the gates of the whole plan are passed"
    } else {
        ""
    };
    match (&header.why, header.standing) {
        (Some(why), _) => why.clone(),
        (None, Standing::Completed) => {
            format!("all {total} phases are done{gates}")
        }
        (None, Standing::Running) => format!("{done} of {total} phases are done"),
        (
            None,
            Standing::Aborted
            | Standing::Held
            | Standing::Paused
            | Standing::RolledBack
            | Standing::RollbackFailed
            | Standing::RollingBack,
        ) => words::stands(header.standing).to_owned(),
    }
}

/// The figures at the head: a name and what it is.
fn facts(view: &View) -> Vec<(&'static str, Bits)> {
    let header = &view.header;
    let clock = Clock::of(view);
    let mut facts = vec![
        ("Rollout", Bits::code(header.rollout.as_str())),
        ("Plan", Bits::code(header.plan.as_str())),
        (
            "Started",
            Bits::text(clock.full(header.started)).and_quiet(format!(" by {}", header.started_by)),
        ),
        match header.ended {
            Some(ended) => ("Ended", Bits::text(clock.full(ended))),
            None => ("Last record", Bits::text(clock.full(header.last))),
        },
        ("Duration", Bits::text(words::span_text(header.duration))),
        ("Exposure now", exposure(view)),
        ("Criteria", criteria(view)),
    ];
    if let Some(rollback) = view.rollbacks.last() {
        let took = against(rollback.took, rollback.limit, rollback.is_over_limit());
        let took = match rollback.limit {
            Some(_) => took,
            None => took.and_quiet(", no limit is set"),
        };
        facts.push(("Rollback", took));
    }
    facts
}

fn exposure(view: &View) -> Bits {
    let line = |line: &crate::view::Exposure| {
        let share = line
            .last()
            .map_or_else(|| "unknown".to_owned(), |share| share.to_string());
        Bits::strong(share).and_quiet(format!(" of {}", line.target))
    };
    let lines: Vec<Bits> = view.exposure.iter().map(line).collect();
    if lines.is_empty() {
        Bits::text(words::no_share(view))
    } else {
        Bits::joined(lines, ", ")
    }
}

/// How all criteria stand, by their last verdict; and how many stand better than they did: one that failed may hold the
/// rollout long after it has passed.
fn criteria(view: &View) -> Bits {
    let mut counted = Counted::default();
    let (mut unseen, mut failed_before) = (0u64, 0u64);
    for criterion in &view.criteria {
        match criterion.verdict() {
            Some(verdict) => {
                counted.count(verdict);
                let better = *verdict != Verdict::Fail && criterion.counted.fail > 0;
                failed_before = failed_before.saturating_add(u64::from(better));
            }
            None => unseen = unseen.saturating_add(1),
        }
    }
    let parts = [
        (counted.fail, Tone::Bad, "fail"),
        (failed_before, Tone::Watch, "failed before and no longer"),
        (counted.inconclusive, Tone::Unsure, "inconclusive"),
        (counted.warn, Tone::Watch, "warn"),
        (counted.pass, Tone::Good, "pass"),
        (unseen, Tone::Calm, "not looked at"),
    ];
    let seen = parts.into_iter().filter(|(count, ..)| *count > 0);
    let parts: Vec<Bits> = seen
        .map(|(count, tone, word)| Bits::mark(tone, format!("{count} {word}")))
        .collect();
    if parts.is_empty() {
        Bits::text("none")
    } else {
        Bits::joined(parts, ", ")
    }
}
