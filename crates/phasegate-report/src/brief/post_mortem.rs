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
        incidents: view
            .incidents
            .iter()
            .filter(|one| !one.drill)
            .cloned()
            .collect(),
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
        let real = view.rollbacks.iter().filter(|back| !back.is_drill());
        let backs = self.setbacks.iter().zip(real);
        for (number, (one, rollback)) in (1u32..).zip(backs) {
            happened.extend(going_back(number, one, view));
            happened.extend(doc::way_back(rollback, &clock));
        }
        let [well, badly, done] = doc::lessons(&self.lessons);
        let open = || Block::Paragraph(Bits::text("To be filled in."));
        let filled = |found: Option<Block>| found.into_iter().chain([open()]).collect();
        let of_plan = doc::of_plan(view);
        let of_plan = (!of_plan.is_empty())
            .then(|| Section::new("plan", "What the plan itself says", of_plan));
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
            of_plan,
        ];
        Document {
            front,
            sections: sections.into_iter().flatten().collect(),
            view: Some(view),
        }
    }
}

/// One going back: its facts and its timeline.
fn going_back(number: u32, one: &Setback, view: &View) -> Vec<Block> {
    let clock = Clock::of(view);
    let span = |span: Option<Span>| span.map_or_else(|| "not yet".to_owned(), words::span_text);
    let exposed = match one.exposed {
        Some(share) => share.to_string(),
        None if view.header.sets_shares => "unknown".to_owned(),
        None => words::no_share(view).to_owned(),
    };
    let restored = span(one.time_to_restore());
    let restored = if one.over_budget {
        Bits::mark(Tone::Bad, format!("{restored}, over its budget"))
    } else {
        Bits::text(restored)
    };
    let restored = match one.restored {
        Some(_) if !one.validated => {
            restored.and_text(": its steps are done, the plan validates nothing here")
        }
        Some(_) | None => restored,
    };
    let left = one
        .left
        .iter()
        .map(|left| format!("{} of {}", left.share, left.target));
    let left: Vec<String> = left.collect();
    let first_sign = match &one.first_sign {
        Some(sign) => clock.at(one.began).and_text(format!(": {sign}")),
        None => clock.at(one.began).and_text(": what began it"),
    };
    let rows = [
        ("Cause", Bits::text(one.cause.as_str())),
        ("First sign", first_sign),
        (
            "Noticed after",
            Bits::text(words::span_text(one.time_to_detect())),
        ),
        ("Restored after", restored),
        ("Saw the new version", Bits::text(exposed)),
    ];
    let left =
        (!left.is_empty()).then(|| ("Still saw it afterwards", Bits::strong(left.join(", "))));
    let rows = rows.into_iter().chain(left);
    let rows = rows.map(|(name, value)| vec![Bits::text(name), value]);
    let sign = one.first_sign.iter().map(|sign| {
        let (at, sign) = (clock.at(one.began), Bits::text(sign.as_str()));
        vec![at, Bits::mark(Tone::Watch, "first sign"), sign]
    });
    let timeline = one.timeline.iter().map(|moment| {
        vec![
            clock.at(moment.at),
            Bits::mark(doc::tone(moment.sort), words::moment(moment.sort)),
            Bits::text(moment.text.as_str()),
        ]
    });
    let timeline = sign.chain(timeline);
    let heading = Block::Heading(Bits::text(format!("Going back {number}")));
    let blocks = [
        Some(heading),
        Block::table(&["", ""], rows),
        Block::table(&["When", "What", "In words"], timeline),
    ];
    blocks.into_iter().flatten().collect()
}
