//! When nothing moved forward, and when nobody was at the wheel.

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::view::{Stop, StopSort, View};
use crate::words;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view.stops.iter().map(|stop| row(stop, clock));
    let table = Block::table(&["What", "Began", "Why", "Lasted", "Ended by"], rows)?;
    Some(Section::new("stops", "Holds and pauses", vec![table]))
}

fn row(stop: &Stop, clock: &Clock) -> Vec<Bits> {
    let what = match &stop.sort {
        StopSort::Hold(_) => Bits::text("hold"),
        StopSort::Pause(by) => Bits::text("pause").and_quiet(format!(" by {by}")),
    };
    let (lasted, ended) = match &stop.ended {
        Some(ended) => {
            let by = match &ended.by {
                Some(by) => Bits::text(by.as_str()).and_text(format!(": {}", ended.why)),
                None => Bits::text(ended.why.as_str()),
            };
            (Bits::text(words::span_text(ended.at.since(stop.from))), by)
        }
        None => (Bits::mark(Tone::Unsure, "still"), Bits::text("–")),
    };
    vec![
        what,
        clock.at(stop.from),
        Bits::text(stop.why.as_str()),
        lasted,
        ended,
    ]
}

pub(super) fn outages(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view.audit.outages.iter().map(|outage| {
        let doubts: Vec<String> = outage.in_doubt.iter().map(u64::to_string).collect();
        let doubts = if doubts.is_empty() {
            "none".to_owned()
        } else {
            doubts.join(", ")
        };
        let lasted = words::span_text(outage.until.since(outage.from));
        vec![
            clock.at(outage.from),
            clock.at(outage.until),
            Bits::text(format!("at most {lasted}")),
            Bits::text(doubts),
        ]
    });
    let columns = &[
        "Last record before",
        "Taken up again",
        "Down",
        "Effects in doubt",
    ];
    let mut blocks: Vec<Block> = Block::table(columns, rows).into_iter().collect();
    let clocks = view.audit.clocks.iter();
    let clocks = clocks.map(|c| vec![clock.at(c.at), Bits::text(words::span_text(c.by))]);
    blocks.extend(Block::table(&["Clocks disagreed", "By"], clocks));
    (!blocks.is_empty()).then(|| Section::new("outages", "Down times and clocks", blocks))
}
