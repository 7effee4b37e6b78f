//! The five source plans, whole: every line of them has its place in our plans, and what is a number,
//! a command or a configuration there is typed here.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

#[path = "support/coverage.rs"]
mod coverage;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use phasegate_plan::{PlanDocument, Value, check};

const NAMES: [&str; 5] = [
    "ci-pipeline",
    "unified-pipeline",
    "code-review",
    "fast-deployment",
    "enterprise-cicd",
];

fn read(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans");
    fs::read_to_string(folder.join(name)).expect("the file is there")
}

fn lines(sources: &Value, name: &str, what: &str) -> BTreeSet<u64> {
    let list = sources.get(name).and_then(|source| source.get(what));
    let list = list.and_then(Value::as_list).expect("a list of lines");
    list.iter().filter_map(Value::as_u64).collect()
}

#[test]
fn every_line_of_the_sources_has_its_place_and_numbers_and_code_are_typed() {
    let sources = include_str!("data/sources.json");
    let sources: Value = serde_json::from_str(sources).expect("line numbers");
    let mut failed = Vec::new();
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let entries = coverage::of(&document, &text);
        let covered = |kinds: &[&str]| -> BTreeSet<u64> {
            entries
                .iter()
                .filter(|entry| kinds.contains(&entry.kind))
                .flat_map(|entry| u64::from(entry.lines.0)..=u64::from(entry.lines.1))
                .collect()
        };
        let any = covered(&["typed", "attested", "prose"]);
        let typed = covered(&["typed"]);
        for (what, among) in [("filled", &any), ("numbers", &typed), ("code", &typed)] {
            let wanted = lines(&sources, name, what);
            let missing: Vec<u64> = wanted.difference(among).copied().collect();
            if !missing.is_empty() {
                failed.push(format!("{name}, {what}: {missing:?}"));
            }
        }
        for entry in &entries {
            if document.value_at(&entry.pointer).is_none() {
                failed.push(format!("{name}: nothing at {}", entry.pointer));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn the_coverage_files_are_current() {
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let entries = coverage::of(&document, &text);
        let current = read(&format!("{name}.coverage.json")) == coverage::json(&entries)
            && read(&format!("{name}.coverage.md")) == coverage::markdown(name, &entries);
        assert!(
            current,
            "run the example 'coverage' of phasegate-plan on {name}.yaml"
        );
    }
}

#[test]
fn the_five_plans_check_without_an_error() {
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let checked = check(&document, None);
        assert!(checked.plan.is_some(), "{}", checked.faults.render());
        let printed = checked.plan.expect("no error").to_yaml();
        let again = check(&PlanDocument::read("again.yaml", printed.as_bytes()), None);
        let plan = check(&document, None).plan.expect("no error");
        assert_eq!(again.plan.expect("no error").draft(), plan.draft());
    }
}

#[test]
fn the_faults_of_the_sources_are_found() {
    for (name, slug, words) in [
        ("ci-pipeline", "lengths-do-not-add-up", "19"),
        ("unified-pipeline", "budget-fills-limit", "5m"),
        ("fast-deployment", "phase-outside-window", "2025-09-10"),
        ("fast-deployment", "starts-on-free-day", "saturday"),
        ("enterprise-cicd", "backup-too-rare", "4h"),
        ("code-review", "goal-beyond-criteria", "security_score"),
        ("enterprise-cicd", "duplicate-label", "Phase 1"),
    ] {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let found = check(&document, None).faults;
        let code = slug.parse().expect("a code");
        assert!(
            found.of(code).any(|fault| fault.message.contains(words)),
            "{name} {slug}\n{}",
            found.render()
        );
    }
}
