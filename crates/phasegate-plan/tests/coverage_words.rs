//! The five source plans word by word: each word of a command, key, value and name of a file, each level and
//! day of the week stands in the part of the plan that covers its line, in the argument list of the command
//! that it names, or in what the bindings say of the adapter that it names. So does each threshold with its
//! sign and its unit.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

#[path = "support/coverage.rs"]
#[expect(dead_code, reason = "how coverage is written is tested elsewhere")]
mod coverage;
#[path = "support/numbers.rs"]
#[expect(dead_code, reason = "numbers are tested elsewhere")]
mod numbers;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use phasegate_core::BindingId;
use phasegate_plan::{Catalog, PlanDocument, Value};

const NAMES: [&str; 5] = [
    "ci-pipeline",
    "unified-pipeline",
    "code-review",
    "fast-deployment",
    "enterprise-cicd",
];

/// What stands in the plan in another way, or only carries what stands there: the plan, the lines, what, and why.
type Excuse = (
    &'static str,
    &'static [u32],
    &'static [&'static str],
    &'static str,
);

const AMOUNTS_OTHERWISE: [Excuse; 3] = [
    (
        "unified-pipeline",
        &[359],
        &["1m"],
        "two commands, half a minute each",
    ),
    (
        "unified-pipeline",
        &[373],
        &["2m"],
        "three messages, 40 seconds each",
    ),
    ("enterprise-cicd", &[578], &["24/7"], "around the clock"),
];

const OTHERWISE: [Excuse; 18] = [
    (
        "unified-pipeline",
        &[91],
        &["gh", "run", "workflow"],
        "a workflow step",
    ),
    ("unified-pipeline", &[92, 93], &["f"], "its inputs"),
    (
        "unified-pipeline",
        &[215, 253, 285],
        &["handle_process_issues_command"],
        "the code behind the command process-issues",
    ),
    (
        "unified-pipeline",
        &[216],
        &["logger", "warning"],
        "a message, at the stage 'warn'",
    ),
    ("unified-pipeline", &[254], &["info", "logger"], "a message"),
    (
        "unified-pipeline",
        &[257],
        &["handle_process_pipeline_command"],
        "the code behind process-pipeline, which replaces it",
    ),
    (
        "unified-pipeline",
        &[286],
        &["deprecatedcommanderror"],
        "the stage 'removed'",
    ),
    (
        "fast-deployment",
        &[56],
        &["update_all", "user", "where"],
        "a cohort by an attribute of users",
    ),
    (
        "fast-deployment",
        &[78, 85, 92],
        &["enable_percentage_of_actors"],
        "a flag with a weight",
    ),
    (
        "fast-deployment",
        &[143],
        &["critical"],
        "the head of a table",
    ),
    ("fast-deployment", &[98], &["enable"], "a flag at 100 %"),
    ("fast-deployment", &[180], &["disable"], "a flag at 0 %"),
    (
        "fast-deployment",
        &[154],
        &["n", "watch"],
        "an inspection every five seconds",
    ),
    (
        "fast-deployment",
        &[157, 164],
        &["c"],
        "what follows in the console is run without one",
    ),
    (
        "fast-deployment",
        &[179],
        &["bin", "c", "rails"],
        "what follows in the console is run without one",
    ),
    (
        "enterprise-cicd",
        &[183, 184],
        &["ishealthy"],
        "what the health check answers",
    ),
    (
        "enterprise-cicd",
        &[192, 198, 199, 205],
        &["errorrate", "monitorerrors", "switchtraffic"],
        "shares of traffic, watched by a criterion",
    ),
    (
        "enterprise-cicd",
        &[337],
        &["costsavings"],
        "what the calls that follow answer",
    ),
];

fn read(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans");
    fs::read_to_string(folder.join(name)).expect("the file is there")
}

/// The words of a text, as the facts about the sources have them.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

/// What the bindings say of the adapters that a value names.
fn adapters(value: &Value, catalog: &Catalog, out: &mut String) {
    for key in ["binding", "runner", "source"] {
        let named = value.get(key).and_then(Value::as_str);
        let Some(Ok(id)) = named.map(str::parse::<BindingId>) else {
            continue;
        };
        if let Some(binding) = catalog.binding(&id) {
            let config = serde_json::to_string(&binding.config).unwrap_or_default();
            out.push_str(&format!(" {} {config}", binding.adapter));
        }
    }
    for inner in value.as_list().unwrap_or_default() {
        adapters(inner, catalog, out);
    }
    for (_, inner) in value.as_map().unwrap_or_default() {
        adapters(inner, catalog, out);
    }
}

/// What a part of a plan says, with what it names in the bindings.
fn told(document: &PlanDocument, catalog: &Catalog, entries: &[&coverage::Entry]) -> String {
    let mut out = String::new();
    for entry in entries {
        let value = document.value_at(&entry.pointer).unwrap_or_default();
        // The names of fields say something too.
        out.push_str(&format!(" {} ", entry.pointer));
        out.push_str(&serde_json::to_string(&value).expect("JSON"));
        numbers::commands(&value, catalog, &mut out);
        adapters(&value, catalog, &mut out);
        // What is a limit is less than it.
        let limit = ["/limit", "/point", "/time"];
        if let Some(value) = value.as_str()
            && limit.iter().any(|end| entry.pointer.ends_with(end))
        {
            out.push_str(&format!(" < {value}"));
        }
    }
    out
}

/// Every line of the sources with what is wanted of it and what covers it, as a text.
fn lines(what: &str) -> Vec<(&'static str, u32, BTreeSet<String>, String)> {
    let sources: Value =
        serde_json::from_str(include_str!("data/sources.json")).expect("facts about the sources");
    let mut lines = Vec::new();
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let bindings = read(&format!("{name}.bindings.yaml"));
        let catalog = Catalog::read(&format!("{name}.bindings.yaml"), bindings.as_bytes());
        let catalog = catalog.catalog.expect("no fault");
        let entries = coverage::of(&document, &text);
        let wanted = sources.get(name).and_then(|source| source.get(what));
        for (line, wanted) in wanted.and_then(Value::as_map).expect("a map") {
            let line: u32 = line.parse().expect("a line");
            let here = entries
                .iter()
                .filter(|entry| (entry.lines.0..=entry.lines.1).contains(&line));
            let told = told(&document, &catalog, &here.collect::<Vec<_>>());
            let wanted = wanted.as_list().expect("a list").iter();
            let wanted = wanted.filter_map(Value::as_str).map(str::to_owned);
            lines.push((name, line, wanted.collect(), told));
        }
    }
    lines
}

/// Fails for what is missing and not excused, and for an excuse that is not needed.
fn compare(missing: Vec<(&str, u32, BTreeSet<String>)>, excuses: &[Excuse]) {
    let mut failed = Vec::new();
    for (name, line, missing) in missing {
        let excuse = excuses
            .iter()
            .filter(|one| one.0 == name && one.1.contains(&line));
        let excused: BTreeSet<String> = excuse
            .flat_map(|one| one.2.iter().map(|word| (*word).to_owned()))
            .collect();
        if !missing.is_subset(&excused) {
            failed.push(format!(
                "{name} {line}: nowhere in what covers it: {missing:?}"
            ));
        }
        if missing.is_disjoint(&excused) && !excused.is_empty() {
            failed.push(format!("{name} {line}: it needs no excuse"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_word_of_the_commands_and_the_code_stands_in_what_covers_its_line() {
    let lines = lines("words");
    assert!(lines.len() > 300, "{} lines", lines.len());
    let missing = lines.into_iter().map(|(name, line, wanted, told)| {
        let found = words(&told);
        (name, line, wanted.difference(&found).cloned().collect())
    });
    compare(missing.collect(), &OTHERWISE);
}

#[test]
fn every_threshold_of_the_sources_stands_with_its_sign_and_its_unit() {
    let lines = lines("amounts");
    assert!(lines.len() > 150, "{} lines", lines.len());
    let missing = lines.into_iter().map(|(name, line, wanted, told)| {
        let told = told
            .replace(' ', "")
            .replace("..", " ")
            .to_ascii_lowercase();
        let stands = |amount: &String| {
            told.match_indices(amount.as_str()).any(|(at, _)| {
                let digit = |c: &char| c.is_ascii_digit() || *c == '.';
                let before = told[..at].chars().next_back().filter(digit);
                let after = told[at + amount.len()..].chars().next();
                before.is_none() && after.filter(char::is_ascii_digit).is_none()
            })
        };
        let missing = wanted.into_iter().filter(|amount| !stands(amount));
        (name, line, missing.collect())
    });
    compare(missing.collect(), &AMOUNTS_OTHERWISE);
}
