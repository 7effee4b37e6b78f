//! Coverage of a source plan: made from the marks `#= 12-14,20` in the plan's text, each of which names
//! the lines of the source that the part on its line was made from.

use std::collections::BTreeMap;

use phasegate_plan::{PlanDocument, Value};

/// One stretch of source lines and the part of the plan that holds what they say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// First and last line of the source.
    pub(crate) lines: (u32, u32),
    /// JSON pointer into the plan.
    pub(crate) pointer: String,
    /// `typed`, `attested` or `prose`.
    pub(crate) kind: &'static str,
}

/// Keys whose text is for people: headings, aims, explanations.
const PROSE: [&str; 16] = [
    "title",
    "summary",
    "objectives",
    "content",
    "responsibilities",
    "went-well",
    "to-improve",
    "actions",
    "scope",
    "subject",
    "body",
    "rotation",
    "audience",
    "on-call",
    "lessons",
    "transitions",
];
/// Keys under which a person states something.
const ATTESTED: [&str; 5] = ["checks", "instructions", "items", "task", "when"];
/// Keys of what people do; what of it has a time or a name of its own is typed.
const FOLLOWED: [&str; 6] = [
    "activities",
    "detection",
    "measures",
    "mitigation",
    "recovery",
    "response",
];

/// The coverage that a plan's marks say.
pub(crate) fn of(document: &PlanDocument, text: &str) -> Vec<Entry> {
    let mut first: BTreeMap<u32, String> = BTreeMap::new();
    for (line, pointer) in document.pointers() {
        first.entry(line).or_insert(pointer);
    }
    let mut entries = Vec::new();
    for (number, line) in (1u32..).zip(text.lines()) {
        let Some((_, marks)) = line.split_once("#= ") else {
            continue;
        };
        if line.trim_start().starts_with('#') {
            continue;
        }
        let Some(pointer) = first.get(&number) else {
            continue;
        };
        let value = document.value_at(pointer).unwrap_or_default();
        let kind = kind(pointer, &value);
        for part in marks.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(from), Ok(to)) = (from.trim().parse(), to.trim().parse()) {
                entries.push(Entry {
                    lines: (from, to),
                    pointer: pointer.clone(),
                    kind,
                });
            }
        }
    }
    entries.sort_by(|a, b| (a.lines, &a.pointer).cmp(&(b.lines, &b.pointer)));
    entries
}

fn kind(pointer: &str, value: &Value) -> &'static str {
    let segments: Vec<&str> = pointer
        .split('/')
        .filter(|segment| segment.parse::<usize>().is_err())
        .collect();
    let last = segments.last().copied().unwrap_or_default();
    let measured = value.get("criteria").is_some() || value.get("fact").is_some();
    let followed = FOLLOWED.contains(&last) || pointer.starts_with("/incidents/steps");
    let prose = PROSE.contains(&last) && matches!(value, Value::Text(_) | Value::List(_));
    if measured {
        "typed"
    } else if ATTESTED.contains(&last) || followed && is_statement(value) {
        "attested"
    } else if prose {
        "prose"
    } else {
        "typed"
    }
}

/// Is it a statement, or a list of them?
fn is_statement(value: &Value) -> bool {
    match value {
        Value::Text(_) => true,
        Value::List(items) => items.iter().all(is_statement),
        Value::Map(_) => value.get("statement").is_some(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// As JSON, one entry a line.
pub(crate) fn json(entries: &[Entry]) -> String {
    let lines: Vec<String> = entries
        .iter()
        .map(|entry| {
            format!(
                "  {{\"lines\": [{}, {}], \"pointer\": \"{}\", \"kind\": \"{}\"}}",
                entry.lines.0, entry.lines.1, entry.pointer, entry.kind
            )
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// As a table for people.
pub(crate) fn markdown(name: &str, entries: &[Entry]) -> String {
    let mut out = format!(
        "# Coverage of {name}\n\nWhich lines of the source plan stand where in `{name}.yaml`. Made from the marks in it.\n\n| source lines | part of the plan | as |\n|---|---|---|\n"
    );
    for entry in entries {
        let (from, to) = entry.lines;
        let lines = if from == to {
            from.to_string()
        } else {
            format!("{from}-{to}")
        };
        out.push_str(&format!(
            "| {lines} | `{}` | {} |\n",
            entry.pointer, entry.kind
        ));
    }
    out
}
