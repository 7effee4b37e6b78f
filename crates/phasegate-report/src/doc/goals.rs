//! What the whole was to reach, and what was reached.

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::doc::criteria::{measured_last, status_why};
use crate::doc::gates::answer;
use crate::view::{GoalCheck, GoalNumber, GoalView, View};

pub(crate) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let blocks = view.goals.iter().flat_map(|goal| one(goal, clock));
    Section::of("goals", "Goals", blocks)
}

fn one(goal: &GoalView, clock: &Clock) -> Vec<Block> {
    let mut heading = Bits::text(goal.title.as_str());
    if let Some(phase) = &goal.phase {
        heading = heading.and_quiet(" from ").and_code(phase.as_str());
    }
    let numbers = goal.numbers.iter().map(|number| row(number, clock));
    let checks = goal.checks.iter().map(|check| attested(check, clock));
    let blocks = [
        Some(Block::Heading(heading)),
        Block::table(&["Target", "Baseline", "Measured last", "Status"], numbers),
        Block::table(&["To be so", "Attested"], checks),
    ];
    blocks.into_iter().flatten().collect()
}

fn row(number: &GoalNumber, clock: &Clock) -> Vec<Bits> {
    vec![
        Bits::code(number.target.as_str()),
        Bits::text(number.baseline.as_str()),
        measured_last(&number.actual, clock),
        status_why(number.status, number.why.as_ref()),
    ]
}

fn attested(check: &GoalCheck, clock: &Clock) -> Vec<Bits> {
    let said = check.said.as_ref();
    vec![
        Bits::text(check.statement.as_str()),
        said.map_or_else(
            || Bits::mark(Tone::Calm, "nobody was asked"),
            |said| answer(said, clock),
        ),
    ]
}
