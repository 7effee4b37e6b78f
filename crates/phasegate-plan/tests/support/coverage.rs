//! Coverage of a source plan: made from the marks `#= 12-14,20` in the plan's text, each of which names
//! the lines of the source that the part on its line was made from.

use std::collections::{BTreeMap, BTreeSet};

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
const PROSE: [&str; 17] = [
    "actions",
    "audience",
    "body",
    "content",
    "covers",
    "fault",
    "lessons",
    "no-way-back",
    "objectives",
    "responsibilities",
    "rotation",
    "scope",
    "subject",
    "summary",
    "title",
    "to-improve",
    "went-well",
];
/// Keys under which a person states or does something.
const ATTESTED: [&str; 15] = [
    "action",
    "activities",
    "checks",
    "detection",
    "evidence",
    "instructions",
    "items",
    "measures",
    "mitigation",
    "no-go-measures",
    "recovery",
    "response",
    "statement",
    "steps",
    "when",
];
/// Keys that say which part it is, and whose. They hold no fact of their own within a part.
const NAMES: [&str; 6] = ["id", "label", "owner", "role", "scenario", "title"];
/// Keys whose value is a map with keys of its own choice: nothing says what may stand there, so what does is
/// no typed fact. The change that it is part of is one by its other fields.
const FREE: [&str; 3] = ["attributes", "inputs", "set"];

/// The coverage that a plan's marks say.
pub(crate) fn of(document: &PlanDocument, text: &str) -> Vec<Entry> {
    let mut first: BTreeMap<u32, String> = BTreeMap::new();
    for (line, pointer) in document.pointers() {
        first.entry(line).or_insert(pointer);
    }
    let form = form(document);
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
                let only_form = (from..=to).all(|line| form.contains(&line));
                entries.push(Entry {
                    lines: (from, to),
                    pointer: pointer.clone(),
                    kind: if only_form { "prose" } else { kind },
                });
            }
        }
    }
    entries.sort_by(|a, b| (a.lines, &a.pointer).cmp(&(b.lines, &b.pointer)));
    entries
}

/// The lines of a plan's source that are only form: headings, fences, the heads of tables. Whatever they stand
/// over, they say no more than where it begins.
fn form(document: &PlanDocument) -> BTreeSet<u32> {
    lines(document, "form")
}

fn lines(document: &PlanDocument, what: &str) -> BTreeSet<u32> {
    let sources: Value =
        serde_json::from_str(include_str!("../data/sources.json")).unwrap_or_default();
    let id = document.value_at("/id");
    let source = id
        .as_ref()
        .and_then(Value::as_str)
        .and_then(|id| sources.get(id));
    let lines = source
        .and_then(|source| source.get(what))
        .and_then(Value::as_list);
    let lines = lines.unwrap_or_default().iter().filter_map(Value::as_u64);
    lines.filter_map(|line| u32::try_from(line).ok()).collect()
}

/// What a part is: as much as the most exact of what it says. Whoever says more of a line marks the field.
fn kind(pointer: &str, value: &Value) -> &'static str {
    let mut segments = pointer.split('/').rev();
    let key = segments.find(|segment| segment.parse::<usize>().is_err());
    let free = pointer.split('/').any(|segment| FREE.contains(&segment));
    if free {
        return "prose";
    }
    class(key.unwrap_or_default(), value).name()
}

/// From the least exact to the most.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Class {
    Prose,
    Attested,
    Typed,
}

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::Prose => "prose",
            Self::Attested => "attested",
            Self::Typed => "typed",
        }
    }
}

fn class(key: &str, value: &Value) -> Class {
    match value {
        Value::Map(entries) => {
            let facts = entries
                .iter()
                .filter(|(key, _)| !NAMES.contains(&key.as_str()) && !FREE.contains(&key.as_str()));
            let classes = facts.map(|(key, value)| class(key, value));
            classes.max().unwrap_or(Class::Prose)
        }
        // A list of parts is what they are.
        Value::List(items) if items.iter().any(|item| item.as_map().is_some()) => {
            let classes = items.iter().map(|item| class(key, item));
            classes.max().unwrap_or(Class::Prose)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
            if PROSE.contains(&key) {
                Class::Prose
            } else if ATTESTED.contains(&key) {
                Class::Attested
            } else {
                Class::Typed
            }
        }
    }
}

/// How many lines are typed, attested, prose: each counted as the most exact of what covers it, and what is
/// only form as prose.
pub(crate) fn count(document: &PlanDocument, entries: &[Entry]) -> [usize; 3] {
    let mut lines: BTreeMap<u32, &str> = BTreeMap::new();
    for kind in ["prose", "attested", "typed"] {
        for entry in entries.iter().filter(|entry| entry.kind == kind) {
            lines.extend((entry.lines.0..=entry.lines.1).map(|line| (line, kind)));
        }
    }
    lines.extend(form(document).into_iter().map(|line| (line, "prose")));
    // A stretch may lead over blank lines.
    let filled = self::lines(document, "filled");
    lines.retain(|line, _| filled.contains(line));
    ["typed", "attested", "prose"].map(|kind| lines.values().filter(|one| **one == kind).count())
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
pub(crate) fn markdown(name: &str, document: &PlanDocument, entries: &[Entry]) -> String {
    let [typed, attested, prose] = count(document, entries);
    let mut out = format!(
        "# Coverage of {name}\n\nWhich lines of the source plan stand where in `{name}.yaml`. Made from the marks in it. Of its lines {typed} are typed, {attested} attested and {prose} prose.\n\n| source lines | part of the plan | as |\n|---|---|---|\n"
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
