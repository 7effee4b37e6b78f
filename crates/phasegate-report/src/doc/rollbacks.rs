//! Going back: the cause with its numbers, every step against its budget, and how it ended.

use phasegate_core::Span;
use phasegate_engine::program::holds_plan_gates;

use crate::doc::bits::{Bits, Block, Clock, Section, Tone, against};
use crate::doc::phases::{not_reached, outcome, title};
use crate::view::{RollbackView, StepRun, StepStanding, View};
use crate::words;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    goings_back(view.rollbacks.iter(), clock)
}

/// Some of the goings back, each with its steps.
pub(crate) fn goings_back<'v>(
    which: impl Iterator<Item = &'v RollbackView>,
    clock: &Clock,
) -> Option<Section> {
    let blocks = which.flat_map(|rollback| one(rollback, clock));
    Section::of("rollback", "Rollback", blocks)
}

fn one(rollback: &RollbackView, clock: &Clock) -> Vec<Block> {
    // Gates of the whole plan are asked anew; they are no phases.
    let own = rollback.phases.iter().filter(|id| !holds_plan_gates(id));
    let undone: Vec<&str> = own.map(|phase| phase.as_str()).collect();
    let mut facts = vec![
        vec![Bits::text("Cause"), Bits::text(rollback.sentence.as_str())],
        vec![Bits::text("Began"), clock.at(rollback.started)],
        vec![
            Bits::text("How far"),
            Bits::text(words::back(&rollback.back)),
        ],
        vec![Bits::text("Phases undone"), Bits::text(undone.join(", "))],
        vec![
            Bits::text("Time against budget"),
            against(rollback.took, rollback.limit, rollback.is_over_limit()),
        ],
        vec![Bits::text("Result"), result(rollback)],
    ];
    for extension in &rollback.extensions {
        let further = format!("{}: {}", words::back(&extension.back), extension.sentence);
        facts.push(vec![
            Bits::text("Further back"),
            clock.at(extension.at).and_text(format!(", {further}")),
        ]);
    }
    let mut blocks: Vec<Block> = Block::table(&["", ""], facts).into_iter().collect();
    blocks.extend(way_back(rollback, clock));
    blocks
}

/// Every step of the way back with its time, its budget and whether it was late, and all of it at the end.
pub(crate) fn way_back(rollback: &RollbackView, clock: &Clock) -> Vec<Block> {
    let reached = |step: &&StepRun| step.standing != StepStanding::Waiting;
    let mut rows: Vec<Vec<Bits>> = rollback
        .steps
        .iter()
        .filter(reached)
        .map(|step| row(step, clock))
        .collect();
    let (took, limit) = (rollback.took, rollback.limit);
    let mut whole = vec![
        Bits::strong("All of it"),
        Bits::none(),
        clock.at(rollback.started),
    ];
    whole.extend(times(took, limit, rollback.is_over_limit()));
    whole.push(result(rollback));
    rows.push(whole);
    let columns = &[
        "Step of the way back",
        "Does",
        "Began",
        "Took",
        "Budget",
        "In time",
        "Result",
    ];
    let table = Block::table(columns, rows);
    table
        .into_iter()
        .chain(not_reached(&rollback.steps))
        .collect()
}

fn row(step: &StepRun, clock: &Clock) -> Vec<Bits> {
    let mut row = vec![
        title(step),
        Bits::text(step.what.as_str()),
        clock.maybe(step.started),
    ];
    row.extend(times(step.took, step.budget, step.is_over_budget()));
    row.push(outcome(&step.standing));
    row
}

/// How long it took, how long it may take, and whether that was kept.
fn times(took: Option<Span>, budget: Option<Span>, over: bool) -> [Bits; 3] {
    let span = |span: Option<Span>, none: &str| {
        Bits::text(span.map_or_else(|| none.to_owned(), words::span_text))
    };
    let in_time = match (budget, took) {
        (None, _) => Bits::text("–"),
        (Some(_), _) if over => Bits::mark(Tone::Bad, "late"),
        (Some(_), Some(_)) => Bits::mark(Tone::Good, "in time"),
        (Some(_), None) => Bits::mark(Tone::Unsure, "still runs"),
    };
    [span(took, "–"), span(budget, "none set"), in_time]
}

fn result(rollback: &RollbackView) -> Bits {
    match rollback.validated {
        Some(true) if rollback.validations == 0 => {
            Bits::mark(Tone::Good, "done").and_text(": the plan validates nothing here")
        }
        Some(true) => Bits::mark(Tone::Good, "validated"),
        Some(false) => Bits::mark(Tone::Bad, "not validated").and_text(": a person must take over"),
        None => Bits::mark(Tone::Unsure, "under way"),
    }
}
