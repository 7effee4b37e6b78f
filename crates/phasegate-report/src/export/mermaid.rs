//! Diagrams in Mermaid's language, for Markdown pages that draw it: when phases ran, and which waits
//! for which.

use std::fmt::Write as _;

use phasegate_core::Timestamp;

use crate::text::{clean, clip};
use crate::view::{PhaseStanding, View};

/// How many letters of a title a diagram shows.
const LETTERS: usize = 120;

/// When each phase ran and when the rollout went back, as a Mermaid Gantt chart.
#[must_use]
pub fn mermaid_gantt(view: &View) -> String {
    let last = view.header.last;
    let mut out = String::from("gantt\n");
    line(&mut out, &format!("title {}", plain(&view.header.title)));
    line(&mut out, "dateFormat x");
    line(&mut out, "axisFormat %m-%d %H:%M:%S");
    for phase in &view.phases {
        if phase.runs.is_empty() {
            continue;
        }
        line(&mut out, &format!("section {}", plain(&phase.title)));
        let tag = match phase.standing {
            PhaseStanding::Done => "done, ",
            PhaseStanding::Running => "active, ",
            PhaseStanding::Left | PhaseStanding::Undone | PhaseStanding::Waiting => "",
        };
        for run in &phase.runs {
            task(
                &mut out,
                phase.id.as_str(),
                tag,
                run.started,
                run.ended().unwrap_or(last),
            );
        }
    }
    if !view.rollbacks.is_empty() {
        line(&mut out, "section Going back");
    }
    for rollback in &view.rollbacks {
        task(
            &mut out,
            "rollback",
            "crit, ",
            rollback.started,
            rollback.ended.unwrap_or(last),
        );
    }
    out
}

/// Which phase waits for which and how each stands, as a Mermaid graph.
#[must_use]
pub fn mermaid_graph(view: &View) -> String {
    let mut out = String::from("graph LR\n");
    for (index, phase) in view.phases.iter().enumerate() {
        let class = match phase.standing {
            PhaseStanding::Done => "done",
            PhaseStanding::Left | PhaseStanding::Undone => "undone",
            PhaseStanding::Running => "running",
            PhaseStanding::Waiting => "waiting",
        };
        line(
            &mut out,
            &format!("p{index}[\"{}\"]:::{class}", plain(&phase.title)),
        );
        for before in &phase.after {
            let position = view.phases.iter().position(|other| other.id == *before);
            if let Some(before) = position {
                line(&mut out, &format!("p{before} --> p{index}"));
            }
        }
    }
    for (class, style) in [
        ("done", "fill:#cdebdf,stroke:#00664b,color:#000"),
        ("running", "fill:#e4d8f5,stroke:#6b3fa0,color:#000"),
        ("undone", "fill:#f6e3c5,stroke:#8a5300,color:#000"),
        ("waiting", "fill:#eceff2,stroke:#57606a,color:#000"),
    ] {
        line(&mut out, &format!("classDef {class} {style}"));
    }
    out
}

fn task(out: &mut String, name: &str, tag: &str, from: Timestamp, until: Timestamp) {
    let (from, until) = (from.as_unix_millis(), until.as_unix_millis());
    // A bar of no length is not drawn.
    line(
        out,
        &format!("{name} :{tag}{from}, {}", until.max(from.saturating_add(1))),
    );
}

fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _written = writeln!(out, "    {text}");
}

/// Letters, digits and a few signs: all others could end a text and begin something of the language.
fn plain(text: &str) -> String {
    let fits =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '(' | ')' | '?');
    let plain: String = clean(text)
        .chars()
        .map(|c| if fits(c) { c } else { ' ' })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    if words.is_empty() {
        "untitled".to_owned()
    } else {
        clip(&words.join(" "), LETTERS)
    }
}
