//! Everything that is made of a rollout's journal, and of nothing else.

use std::error::Error;
use std::path::Path;

use phasegate::core::Span;
use phasegate::engine::record::Record;
use phasegate::journal::{Chain, Draft, Transcript};
use phasegate::report::export::{grafana_annotations, mermaid_gantt, mermaid_graph, openmetrics};
use phasegate::report::view::Head;
use phasegate::report::{
    Brief, View, delivery_report, executive_summary, explain, html, json, markdown, post_mortem,
    progress,
};
use phasegate_testkit::rehearsal::Rehearsal;

/// The journal as JSON lines, and from it the full report, a page for a minute, how the first day and the first week went,
/// why each decision was taken, and what other tools read.
pub fn of_rollout(name: &str, rehearsal: &Rehearsal, out: &Path) -> Result<View, Box<dyn Error>> {
    let view = kept(name, &rehearsal.records, out)?;
    let write =
        |ending: &str, text: String| std::fs::write(out.join(format!("{name}.{ending}")), text);
    write("html", html(&view))?;
    write("md", markdown(&view))?;
    write("json", json(&view)?)?;
    write("openmetrics", openmetrics(&view))?;
    write("gantt.mmd", mermaid_gantt(&view))?;
    write("graph.mmd", mermaid_graph(&view))?;
    write("annotations.jsonl", grafana_annotations(&view))?;
    write("why.txt", why(&view))?;
    brief(out, &format!("{name}.summary"), &executive_summary(&view))?;
    let start = view.header.started;
    for (word, days) in [("day", 1), ("week", 7)] {
        let end = start + Span::from_secs(days * 86_400);
        let view = View::of_until(&rehearsal.records, end)?;
        brief(out, &format!("{name}.{word}"), &progress(&view, start, end))?;
    }
    Ok(view)
}

/// Each decision explained.
fn why(view: &View) -> String {
    let decisions = view.moments.iter().filter(|one| one.sort.is_decision());
    let why: Vec<String> = decisions.filter_map(|one| explain(view, one.seq)).collect();
    why.join("\n")
}

/// Writes the journal as JSON lines, reads them back, and makes the view of what was read, its chain verified.
fn kept(name: &str, records: &[Record], out: &Path) -> Result<View, Box<dyn Error>> {
    let rollout = View::of(records)?.header.rollout;
    let mut chain = Chain::start(&rollout);
    let mut linked = Vec::new();
    for record in records {
        linked.push(chain.link(&Draft {
            at: record.at(),
            kind: record.kind().to_owned(),
            payload: record.encode()?,
        }));
    }
    let mut lines = Vec::new();
    Transcript::new(rollout, linked)?.write_to(&mut lines)?;
    std::fs::write(out.join(format!("{name}.jsonl")), &lines)?;
    let read = Transcript::read_from(lines.as_slice())?;
    let journal = read.records().iter();
    let view = View::read(journal.map(|one| (one.kind.as_str(), one.payload.as_slice())))?;
    Ok(view.with_head(Head {
        seq: read.head().next_seq.saturating_sub(1),
        hash: read.head().hash.to_string(),
        // Reading a transcript checks every link.
        verified: true,
    }))
}

/// The journal of a rollout with a fault, its full report, why each decision was taken, and a draft of a post-mortem where it went back.
pub fn of_fault(
    name: &str,
    number: u32,
    rehearsal: &Rehearsal,
    out: &Path,
) -> Result<bool, Box<dyn Error>> {
    let name = format!("{name}.fault-{number}");
    let view = kept(&name, &rehearsal.records, out)?;
    std::fs::write(out.join(format!("{name}.why.txt")), why(&view))?;
    std::fs::write(out.join(format!("{name}.html")), html(&view))?;
    std::fs::write(out.join(format!("{name}.md")), markdown(&view))?;
    std::fs::write(out.join(format!("{name}.json")), json(&view)?)?;
    let draft = post_mortem(&view);
    if let Some(draft) = &draft {
        brief(out, &format!("{name}.post-mortem"), draft)?;
    }
    Ok(draft.is_some())
}

/// The five together.
pub fn delivery(views: &[View], out: &Path) -> Result<(), Box<dyn Error>> {
    let from = views.iter().map(|view| view.header.started).min();
    let until = views.iter().map(|view| view.header.last).max();
    let (Some(from), Some(until)) = (from, until) else {
        return Err("no rollout".into());
    };
    let report = delivery_report(views, from, until + Span::from_secs(1));
    brief(out, "delivery", &report)
}

fn brief(out: &Path, name: &str, brief: &Brief<'_>) -> Result<(), Box<dyn Error>> {
    std::fs::write(out.join(format!("{name}.md")), brief.markdown())?;
    std::fs::write(out.join(format!("{name}.html")), brief.html())?;
    std::fs::write(out.join(format!("{name}.json")), brief.json()?)?;
    Ok(())
}
