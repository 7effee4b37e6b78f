//! What was declared: each incident with its clocks, its timeline, and what was done afterwards.

use phasegate_core::Timestamp;

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::view::{IncidentView, View};
use crate::words;

pub(crate) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let blocks = view
        .incidents
        .iter()
        .flat_map(|incident| one(incident, clock));
    Section::of("incidents", "Incidents", blocks)
}

fn one(incident: &IncidentView, clock: &Clock) -> Vec<Block> {
    let title = incident.title.as_deref().unwrap_or(&incident.scenario);
    let stands = match (incident.resolved, incident.follow_ups.is_empty()) {
        (Some(_), false) => Bits::mark(Tone::Good, "resolved and followed up"),
        (Some(_), true) => Bits::mark(Tone::Good, "resolved"),
        (None, _) => Bits::mark(Tone::Bad, "open"),
    };
    let word = if incident.drill { "Drill" } else { "Incident" };
    let heading = Bits::text(format!("{word} {}: {title} ", incident.number)).and(stands);
    let declared = if incident.drill {
        "Rehearsed"
    } else {
        "Declared"
    };
    let mut facts = vec![
        vec![
            Bits::text("Scenario"),
            Bits::code(incident.scenario.as_str()).and_quiet(
                incident
                    .severity
                    .map(|severity| format!(" {}", words::severity(severity)))
                    .unwrap_or_default(),
            ),
        ],
        vec![
            Bits::text(declared),
            clock
                .at(incident.declared)
                .and_text(format!(" by {}: {}", incident.by, incident.evidence)),
        ],
    ];
    let after = |at: Timestamp| Bits::text(words::span_text(at.since(incident.declared)));
    let response = match incident.responds {
        Some(true) => ", the response is carried out",
        Some(false) => ", nothing is done",
        None => "",
    };
    if incident.drill || incident.delivered.is_some() {
        let said = incident
            .delivered
            .map_or_else(|| Bits::mark(Tone::Bad, "no message has arrived"), after);
        facts.push(vec![Bits::text("First message after"), said]);
    }
    let steps = [
        ("Acknowledged after", incident.acknowledged, ""),
        ("Decided after", incident.decided, response),
        ("Resolved after", incident.resolved, ""),
    ];
    for (name, at, more) in steps {
        let said = at.map_or_else(
            || Bits::mark(Tone::Unsure, "not yet"),
            |at| after(at).and_text(more),
        );
        facts.push(vec![Bits::text(name), said]);
    }
    let timeline = incident.timeline.iter();
    let timeline =
        timeline.map(|moment| vec![clock.at(moment.at), Bits::text(moment.text.as_str())]);
    let blocks = [
        Some(Block::Heading(heading)),
        Block::table(&["", ""], facts),
        Block::table(&["When", "What"], timeline),
    ];
    blocks.into_iter().flatten().collect()
}
