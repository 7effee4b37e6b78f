//! Going back: the cause with its numbers, every step against its budget, and how it ended.

use crate::doc::bits::{Bits, Block, Clock, Section, Tone, against};
use crate::doc::phases::steps;
use crate::view::{RollbackView, View};
use crate::words;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let blocks: Vec<Block> = view
        .rollbacks
        .iter()
        .flat_map(|rollback| one(rollback, clock))
        .collect();
    (!blocks.is_empty()).then(|| Section::new("rollback", "Rollback", blocks))
}

fn one(rollback: &RollbackView, clock: &Clock) -> Vec<Block> {
    let undone: Vec<&str> = rollback.phases.iter().map(|phase| phase.as_str()).collect();
    let result = match rollback.validated {
        Some(true) if rollback.validations == 0 => {
            Bits::mark(Tone::Good, "done").and_text(": the plan validates nothing here")
        }
        Some(true) => Bits::mark(Tone::Good, "validated"),
        Some(false) => Bits::mark(Tone::Bad, "not validated").and_text(": a person must take over"),
        None => Bits::mark(Tone::Unsure, "under way"),
    };
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
        vec![Bits::text("Result"), result],
    ];
    for extension in &rollback.extensions {
        let further = format!("{}: {}", words::back(&extension.back), extension.sentence);
        facts.push(vec![
            Bits::text("Further back"),
            clock.at(extension.at).and_text(format!(", {further}")),
        ]);
    }
    let mut blocks: Vec<Block> = Block::table(&["", ""], facts).into_iter().collect();
    blocks.extend(steps(&rollback.steps, clock));
    blocks
}
