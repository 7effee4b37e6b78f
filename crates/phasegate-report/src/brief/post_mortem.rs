//! A draft of a post-mortem: what happened with its timeline, what the journal teaches, and headings for what only
//! people know.

use phasegate_core::{RolloutId, Span};
use serde::Serialize;

use super::{Brief, Data};
use crate::doc::{self, Bits, Block, Clock, Document, Front, Section, Tone};
use crate::lessons::{Lessons, lessons};
use crate::setbacks::{Setback, setbacks};
use crate::view::{IncidentView, View};
use crate::words;

/// What it says, as data.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct PostMortem {
    rollout: RolloutId,
    title: String,
    setbacks: Vec<Setback>,
    incidents: Vec<IncidentView>,
    lessons: Lessons,
}

/// A draft of a post-mortem: what happened with its timeline, what the journal teaches, and headings for what only
/// people know. `None` for a rollout that never went back and in which nothing was declared.
///
/// ```
/// # fn draft(view: &phasegate_report::View) -> Option<String> {
/// let draft = phasegate_report::post_mortem(view)?.markdown();
/// assert!(draft.contains("## What is done about it"));
/// # Some(draft)
/// # }
/// ```
#[must_use]
pub fn post_mortem(view: &View) -> Option<Brief<'_>> {
    let data = PostMortem {
        rollout: view.header.rollout.clone(),
        title: view.header.title.clone(),
        setbacks: setbacks(view),
        incidents: view.incidents.clone(),
        lessons: lessons(view),
    };
    let happened = !data.setbacks.is_empty() || !data.incidents.is_empty();
    happened.then(|| Brief {
        document: data.document(view),
        data: Data::PostMortem(Box::new(data)),
    })
}

impl PostMortem {
    fn document<'v>(&self, view: &'v View) -> Document<'v> {
        let clock = Clock::of(view);
        let mut front = Front::of(view);
        front.title = format!("Post-mortem: {}", self.title);
        front.summary = Some(format!("Draft, from the journal of {}.", self.rollout));
        let mut happened = vec![Block::ExposureChart];
        for (number, one) in (1u32..).zip(&self.setbacks) {
            happened.extend(going_back(number, one, &clock));
        }
        let [well, badly, done] = doc::lessons(&self.lessons);
        let open = || Block::Paragraph(Bits::text("To be filled in."));
        let filled = |found: Option<Block>| found.into_iter().chain([open()]).collect();
        let sections = [
            Some(Section::new("happened", "What happened", happened)),
            doc::incidents(view, &clock),
            Some(Section::new("users", "What users noticed", vec![open()])),
            Some(Section::new("why", "Why it happened", vec![open()])),
            Some(Section::new("well", "What went well", filled(well))),
            Some(Section::new(
                "better",
                "What could be better",
                filled(badly),
            )),
            Some(Section::new(
                "actions",
                "What is done about it",
                filled(done),
            )),
        ];
        Document {
            front,
            sections: sections.into_iter().flatten().collect(),
            view: Some(view),
        }
    }
}

/// One going back: its facts and its timeline.
fn going_back(number: u32, one: &Setback, clock: &Clock) -> Vec<Block> {
    let span = |span: Option<Span>| span.map_or_else(|| "not yet".to_owned(), words::span_text);
    let exposed = one
        .exposed
        .map_or_else(|| "unknown".to_owned(), |share| share.to_string());
    let restored = span(one.time_to_restore());
    let restored = if one.over_budget {
        Bits::mark(Tone::Bad, format!("{restored}, over its budget"))
    } else {
        Bits::text(restored)
    };
    let rows = [
        ("Cause", Bits::text(one.cause.as_str())),
        ("First sign", clock.at(one.began)),
        (
            "Noticed after",
            Bits::text(words::span_text(one.time_to_detect())),
        ),
        ("Restored after", restored),
        ("Saw the new version", Bits::text(exposed)),
    ];
    let rows = rows.map(|(name, value)| vec![Bits::text(name), value]);
    let timeline = one.timeline.iter().map(|moment| {
        vec![
            clock.at(moment.at),
            Bits::mark(doc::tone(moment.sort), words::moment(moment.sort)),
            Bits::text(moment.text.as_str()),
        ]
    });
    let heading = Block::Heading(Bits::text(format!("Going back {number}")));
    let blocks = [
        Some(heading),
        Block::table(&["", ""], rows),
        Block::table(&["When", "What", "In words"], timeline),
    ];
    blocks.into_iter().flatten().collect()
}
