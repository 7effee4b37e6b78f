//! Shorter reports: what happened in a day or a week, and the whole on half a page.

use std::fmt::Write as _;

use phasegate_core::{Span, Timestamp};

use crate::doc::{self, Bits, Block, Clock, Table};
use crate::markdown::{escaped, inline, table};
use crate::view::{CriterionView, Exposure, KpiStatus, PhaseStanding, View};
use crate::words;

/// What happened from one moment (inclusive) to another (exclusive), as Markdown: for a day, a week, a
/// shift. The same view gives the same bytes.
///
/// Standings are those of the view: for a report on a time that is over, make the view from the records
/// up to its end, with [`View::of_until`].
#[must_use]
pub fn progress(view: &View, from: Timestamp, until: Timestamp) -> String {
    let clock = Clock::of(view);
    let inside = |at: Timestamp| from <= at && at < until;
    let mut out = String::new();
    let title = escaped(&view.header.title);
    paragraph(
        &mut out,
        &format!("# {title}: {} to {}", clock.full(from), clock.full(until)),
    );
    paragraph(&mut out, &standing(view));
    let exposure = view.exposure.iter().map(|line| exposed(line, from, until));
    list(&mut out, "Exposure", exposure.collect());
    let criteria = view
        .criteria
        .iter()
        .filter_map(|criterion| looked_at(criterion, &inside));
    section(
        &mut out,
        "Criteria",
        &["Criterion", "Stands at", "Recorded findings", "Failures"],
        criteria.collect(),
    );
    let moments = view
        .moments
        .iter()
        .filter(|moment| inside(moment.at))
        .map(|moment| {
            let what = Bits::text(words::moment(moment.sort));
            vec![clock.at(moment.at), what, Bits::text(moment.text.as_str())]
        });
    section(
        &mut out,
        "What happened",
        &["When", "What", "In words"],
        moments.collect(),
    );
    list(&mut out, "Open", open(view, &clock));
    let next = view
        .phases
        .iter()
        .filter(|phase| phase.standing == PhaseStanding::Waiting);
    list(
        &mut out,
        "Not begun",
        next.map(|phase| Bits::text(phase.title.as_str())).collect(),
    );
    finish(out)
}

/// The whole rollout on half a page, as Markdown, for somebody who has a minute.
#[must_use]
pub fn executive_summary(view: &View) -> String {
    let mut out = String::new();
    paragraph(&mut out, &format!("# {}", escaped(&view.header.title)));
    paragraph(&mut out, &standing(view));
    let facts = doc::facts(view)
        .into_iter()
        .map(|(name, value)| vec![Bits::text(name), value]);
    let mut rows: Vec<Vec<Bits>> = facts.collect();
    let done = view
        .phases
        .iter()
        .filter(|phase| phase.standing == PhaseStanding::Done)
        .count();
    let phases = format!("{done} of {} done", view.phases.len());
    rows.insert(0, vec![Bits::text("Phases"), Bits::text(phases)]);
    let people = view
        .questions
        .iter()
        .flat_map(|question| &question.answers)
        .count();
    let decided = doc::decisions(view).len();
    let decisions = format!("{decided} decisions, {people} answers of people");
    rows.push(vec![Bits::text("Decided"), Bits::text(decisions)]);
    rows.push(vec![Bits::text("Stood still"), Bits::text(still(view))]);
    table(
        &mut out,
        &Table {
            columns: &["", ""],
            rows,
        },
    );
    let missed = view
        .kpis
        .iter()
        .filter(|kpi| kpi.status != KpiStatus::Met)
        .map(|kpi| {
            Bits::text(kpi.title.as_str()).and_text(format!(": {}", words::kpi(kpi.status)))
        });
    list(&mut out, "Numbers that are not met", missed.collect());
    list(&mut out, "Open", open(view, &Clock::of(view)));
    finish(out)
}

fn standing(view: &View) -> String {
    let word = words::standing(view.header.standing);
    format!("**{word}**: {}", escaped(&doc::why(view)))
}

/// The share at the beginning and at the end of a time.
fn exposed(line: &Exposure, from: Timestamp, until: Timestamp) -> Bits {
    let at = |moment: Timestamp| {
        let points = line.points.iter().take_while(|point| point.at < moment);
        points.last().map(|point| point.share).or(line.before)
    };
    let word = |share: Option<phasegate_core::Ratio>| {
        share.map_or_else(|| "unknown".to_owned(), |share| share.to_string())
    };
    Bits::text(format!(
        "{}: from {} to {}",
        line.target,
        word(at(from)),
        word(at(until))
    ))
}

fn looked_at(criterion: &CriterionView, inside: &impl Fn(Timestamp) -> bool) -> Option<Vec<Bits>> {
    let readings = || {
        criterion
            .readings
            .iter()
            .filter(|reading| inside(reading.at))
    };
    let last = readings().last()?;
    let failures = readings()
        .filter(|r| r.verdict == phasegate_sla::Verdict::Fail)
        .count();
    Some(vec![
        Bits::code(criterion.rule.as_str()),
        Bits::verdict(Some(&last.verdict)),
        Bits::text(readings().count().to_string()),
        Bits::text(failures.to_string()),
    ])
}

/// What waits for somebody.
fn open(view: &View, clock: &Clock) -> Vec<Bits> {
    let stops = view.stops.iter().filter(|stop| stop.ended.is_none());
    let stops = stops.map(|stop| {
        Bits::text("nothing moves forward since ")
            .and(clock.at(stop.from))
            .and_text(format!(": {}", stop.why))
    });
    let questions = view
        .questions
        .iter()
        .filter(|question| question.closed.is_none());
    let questions = questions.map(|question| {
        let roles: Vec<&str> = question.roles.iter().map(|role| role.as_str()).collect();
        Bits::text(format!("{} is asked since ", roles.join(", ")))
            .and(clock.at(question.asked))
            .and_text(format!(": {}", question.text))
    });
    let failed = view
        .rollbacks
        .last()
        .filter(|rollback| rollback.validated == Some(false));
    let failed = failed.filter(|_| view.header.ended.is_none());
    let failed = failed.map(|_| Bits::text("the rollback failed: a person must take over"));
    stops.chain(questions).chain(failed).collect()
}

/// For how long nothing moved forward, and how often.
fn still(view: &View) -> String {
    let lasted = |stop: &crate::view::Stop| {
        stop.ended
            .as_ref()
            .map_or(view.header.last, |ended| ended.at)
            .since(stop.from)
    };
    let total = view
        .stops
        .iter()
        .map(lasted)
        .fold(Span::ZERO, Span::saturating_add);
    let down = view
        .audit
        .outages
        .iter()
        .map(|outage| outage.until.since(outage.from));
    let down = down.fold(Span::ZERO, Span::saturating_add);
    match (view.stops.len(), view.audit.outages.len()) {
        (0, 0) => "never".to_owned(),
        (holds, outages) => format!(
            "{holds} holds and pauses, {} in all; {outages} down times, at most {} in all",
            words::span_text(total),
            words::span_text(down)
        ),
    }
}

fn paragraph(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _written = write!(out, "{text}\n\n");
}

fn section(out: &mut String, title: &str, columns: &'static [&'static str], rows: Vec<Vec<Bits>>) {
    if let Some(Block::Table(rows)) = Block::table(columns, rows) {
        paragraph(out, &format!("## {title}"));
        table(out, &rows);
    }
}

fn list(out: &mut String, title: &str, items: Vec<Bits>) {
    if items.is_empty() {
        return;
    }
    paragraph(out, &format!("## {title}"));
    for item in items {
        let _written = writeln!(out, "- {}", inline(&item));
    }
    out.push('\n');
}

fn finish(mut out: String) -> String {
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}
