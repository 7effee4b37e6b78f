//! Lessons and action items, as far as the records know them.

use crate::doc::bits::{Bits, Block, Section, Tone};
use crate::lessons::{Improvement, Lessons, lessons};
use crate::view::View;

pub(super) fn section(view: &View) -> Option<Section> {
    let found = lessons(view);
    let blocks = blocks(&found).into_iter().flatten();
    let blocks = blocks.chain(of_plan(view));
    Section::of("lessons", "Lessons and action items", blocks)
}

/// What people have written into the plan itself.
pub(crate) fn of_plan(view: &View) -> Vec<Block> {
    let told = [
        ("What went well", &view.lessons.went_well),
        ("What could be better", &view.lessons.to_improve),
        ("What is to be done about it", &view.lessons.actions),
    ];
    let rows = told.into_iter().flat_map(|(name, texts)| {
        let row = move |text: &String| vec![Bits::text(name), Bits::text(text.as_str())];
        texts.iter().map(row)
    });
    let table = Block::table(&["The plan's own lessons", "In its words"], rows);
    table.into_iter().collect()
}

/// What went well, what could be better with what to do about it, what was done.
pub(crate) fn blocks(found: &Lessons) -> [Option<Block>; 3] {
    let well = Block::list(found.went_well.iter().map(|text| good(text)));
    let better = Block::table(
        &["What could be better", "What to do about it", "Who"],
        found.to_improve.iter().map(row),
    );
    let done = Block::table(
        &["What was done about it"],
        found.done.iter().map(|text| vec![good(text)]),
    );
    [well, better, done]
}

/// The action items alone, as points.
pub(crate) fn lists(found: &Lessons) -> Option<Block> {
    let items = found
        .to_improve
        .iter()
        .map(|item| Bits::text(format!("{}: ", item.what)).and(Bits::strong(item.action.as_str())));
    Block::list(items)
}

fn good(text: &str) -> Bits {
    Bits::mark(Tone::Good, "").and_text(text)
}

fn row(item: &Improvement) -> Vec<Bits> {
    vec![
        Bits::text(item.what.as_str()),
        Bits::text(item.action.as_str()),
        Bits::none().and_quiet("to be named"),
    ]
}
