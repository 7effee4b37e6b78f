//! The five source plans, whole: every line of them has its place in our plans, and what is a number,
//! a command or a configuration there is typed here.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

#[path = "support/coverage.rs"]
mod coverage;
#[path = "support/numbers.rs"]
mod numbers;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use phasegate_plan::{Catalog, Code, PlanDocument, Value, check};

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
        let last = sources.get(name).and_then(|source| source.get("lines"));
        let last = last.and_then(Value::as_u64).expect("a number of lines");
        for entry in &entries {
            let (from, to) = entry.lines;
            if from == 0 || to < from || u64::from(to) > last {
                failed.push(format!("{name}: there are no lines {from} to {to}"));
            }
            let filled = lines(&sources, name, "filled");
            if [from, to]
                .iter()
                .any(|line| !filled.contains(&u64::from(*line)))
            {
                failed.push(format!(
                    "{name}: lines {from} to {to} begin or end with a blank one"
                ));
            }
            if document.value_at(&entry.pointer).is_none() {
                failed.push(format!("{name}: nothing at {}", entry.pointer));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_item_of_a_list_of_the_sources_has_a_place_of_its_own() {
    let sources: Value =
        serde_json::from_str(include_str!("data/sources.json")).expect("line numbers");
    let mut failed = Vec::new();
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let items = lines(&sources, name, "items");
        assert!(items.len() > 90, "{name}: {} items", items.len());
        let mut alone = BTreeSet::new();
        for entry in coverage::of(&document, &text) {
            let (from, to) = (u64::from(entry.lines.0), u64::from(entry.lines.1));
            let mut within = items.range(from..=to);
            if let (Some(item), None) = (within.next(), within.next()) {
                alone.insert(*item);
            }
        }
        let missing: Vec<&u64> = items.difference(&alone).collect();
        if !missing.is_empty() {
            failed.push(format!("{name}: {missing:?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Numbers of the sources that do not stand in the plan as they are, and why.
const OTHERWISE: [(&str, u64, &[&str], &str); 9] = [
    (
        "unified-pipeline",
        359,
        &["1"],
        "one minute for two commands: half a minute each",
    ),
    (
        "unified-pipeline",
        373,
        &["2"],
        "two minutes for three messages: 40 seconds each",
    ),
    ("code-review", 5, &["4"], "the number of phases"),
    (
        "fast-deployment",
        211,
        &["10"],
        "ten times as fast is a tenth of the time: -90 %",
    ),
    (
        "fast-deployment",
        227,
        &["10"],
        "ten times as fast is a tenth of the time: -90 %",
    ),
    ("enterprise-cicd", 194, &["90"], "what is left of 10 %"),
    (
        "enterprise-cicd",
        198,
        &["60", "1000"],
        "five minutes, multiplied out to milliseconds",
    ),
    ("enterprise-cicd", 207, &["0"], "what is left of 100 %"),
    (
        "enterprise-cicd",
        578,
        &["24", "7"],
        "24/7 is around the clock",
    ),
];

#[test]
fn every_number_of_the_sources_stands_in_what_covers_its_line() {
    let sources: Value =
        serde_json::from_str(include_str!("data/sources.json")).expect("line numbers");
    let mut failed = Vec::new();
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let plan = document.value_at("").expect("a plan");
        let bindings = read(&format!("{name}.bindings.yaml"));
        let catalog = Catalog::read(&format!("{name}.bindings.yaml"), bindings.as_bytes());
        let catalog = catalog.catalog.expect("no fault");
        let entries = coverage::of(&document, &text);
        let stated = sources.get(name).and_then(|source| source.get("stated"));
        for (line, wanted) in stated.and_then(Value::as_map).expect("a map") {
            let line: u64 = line.parse().expect("a line");
            let here = entries.iter().filter(|entry| {
                (u64::from(entry.lines.0)..=u64::from(entry.lines.1)).contains(&line)
            });
            let mut found = BTreeSet::new();
            let mut pointers = Vec::new();
            for entry in here.filter(|entry| entry.kind != "prose") {
                let value = document.value_at(&entry.pointer).unwrap_or_default();
                found.extend(numbers::stated(&plan, &catalog, &entry.pointer, &value));
                pointers.push(entry.pointer.as_str());
            }
            let wanted = wanted.as_list().expect("a list").iter();
            let missing: Vec<&str> = wanted
                .filter_map(Value::as_str)
                .filter(|number| !numbers::has(&found, number))
                .collect();
            let excused = OTHERWISE.iter().find(|one| (one.0, one.1) == (name, line));
            if missing != excused.map_or(&[][..], |one| one.2) {
                failed.push(format!("{name} {line}: {missing:?} not at {pointers:?}"));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Lines that only people vouch for, or that explain: a list in a map makes no typed fact of them.
#[test]
fn what_people_state_is_attested_and_what_explains_is_prose() {
    type Stretches = &'static [(u32, u32)];
    const LINES: [(&str, &str, Stretches); 5] = [
        (
            "ci-pipeline",
            "attested",
            &[(57, 61), (203, 205), (393, 395)],
        ),
        (
            "unified-pipeline",
            "attested",
            &[(23, 24), (136, 138), (302, 305)],
        ),
        (
            "fast-deployment",
            "attested",
            &[(253, 256), (259, 262), (265, 268)],
        ),
        (
            "enterprise-cicd",
            "attested",
            &[(420, 423), (440, 443), (492, 495), (639, 642)],
        ),
        (
            "enterprise-cicd",
            "prose",
            &[
                (549, 554),
                (563, 568),
                (570, 575),
                (659, 662),
                (665, 668),
                (671, 674),
            ],
        ),
    ];
    for (name, kind, stretches) in LINES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let entries = coverage::of(&document, &text);
        for line in stretches.iter().flat_map(|(from, to)| *from..=*to) {
            let here = entries
                .iter()
                .filter(|entry| (entry.lines.0..=entry.lines.1).contains(&line));
            let kinds: BTreeSet<&str> = here.map(|entry| entry.kind).collect();
            assert_eq!(kinds, BTreeSet::from([kind]), "{name} {line}");
        }
    }
}

#[test]
fn code_of_the_sources_is_a_step_a_command_or_another_typed_part() {
    const TYPED: [&str; 12] = [
        "/steps",
        "/rollback",
        "/inspections",
        "/alerts",
        "/triggers",
        "/experiments",
        "/scaling",
        "/recovery",
        "/access",
        "/kpis",
        "/goals",
        "/messages",
    ];
    let sources: Value =
        serde_json::from_str(include_str!("data/sources.json")).expect("line numbers");
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let entries = coverage::of(&document, &text);
        for line in lines(&sources, name, "code") {
            let found = entries.iter().any(|entry| {
                let within = u64::from(entry.lines.0)..=u64::from(entry.lines.1);
                let typed = TYPED.iter().any(|part| entry.pointer.contains(part));
                within.contains(&line) && entry.kind == "typed" && typed
            });
            assert!(found, "{name} {line}");
        }
    }
}

#[test]
fn the_five_plans_check_against_their_bindings_without_an_error() {
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let bindings = read(&format!("{name}.bindings.yaml"));
        let catalog = Catalog::read(&format!("{name}.bindings.yaml"), bindings.as_bytes());
        assert!(catalog.faults.is_empty(), "{}", catalog.faults.render());
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let checked = check(&document, catalog.catalog.as_ref());
        assert!(checked.plan.is_some(), "{}", checked.faults.render());
        let unused = checked.faults.of(Code::UnusedBinding).count();
        assert_eq!(unused, 0, "{}", checked.faults.render());
    }
}

#[test]
fn the_coverage_files_are_current() {
    for name in NAMES {
        let text = read(&format!("{name}.yaml"));
        let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
        let entries = coverage::of(&document, &text);
        let current = read(&format!("{name}.coverage.json")) == coverage::json(&entries)
            && read(&format!("{name}.coverage.md"))
                == coverage::markdown(name, &document, &entries);
        assert!(
            current,
            "run the example 'coverage' of phasegate-plan on {name}.yaml"
        );
        let [typed, attested, prose] = coverage::count(&document, &entries);
        let row = format!("| `{name}` | {typed} | {attested} | {prose} |");
        let told = include_str!("../docs/testing.md").contains(&row);
        assert!(told, "docs/testing.md: {row}");
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

/// Warnings of a source plan under a code that say a word.
fn told(name: &str, code: Code, word: &str) -> usize {
    let text = read(&format!("{name}.yaml"));
    let document = PlanDocument::read(&format!("{name}.yaml"), text.as_bytes());
    let found = check(&document, None).faults;
    found
        .of(code)
        .filter(|fault| fault.message.contains(word))
        .count()
}

#[test]
fn ci_pipeline_states_15_business_days_over_phases_that_add_up_to_19() {
    assert_eq!(
        told(
            "ci-pipeline",
            Code::LengthsDoNotAddUp,
            "add up to 19 working days"
        ),
        1
    );
}

#[test]
fn unified_pipeline_promises_less_than_5_minutes_with_steps_that_sum_to_5() {
    assert_eq!(
        told("unified-pipeline", Code::BudgetFillsLimit, "may take 5m"),
        1
    );
}

#[test]
fn fast_deployment_begins_on_10_september_against_a_target_of_16_to_30() {
    assert_eq!(
        told("fast-deployment", Code::PhaseOutsideWindow, "2025-09-10"),
        1
    );
}

#[test]
fn fast_deployment_begins_its_beta_on_a_saturday() {
    assert_eq!(
        told(
            "fast-deployment",
            Code::StartsOnFreeDay,
            "2025-09-13 is a saturday"
        ),
        1
    );
}

#[test]
fn enterprise_cicd_backs_up_every_4_hours_against_a_recovery_point_of_5_minutes() {
    assert_eq!(
        told("enterprise-cicd", Code::BackupTooRare, "4h can lie between"),
        1
    );
}

#[test]
fn code_review_stops_its_security_score_at_85_percent_on_the_way_to_95() {
    assert!(
        told(
            "code-review",
            Code::GoalBeyondCriteria,
            "'security_score' is to reach 95%"
        ) > 0
    );
}

#[test]
fn enterprise_cicd_runs_phases_beside_a_migration_that_shares_their_names() {
    assert_eq!(told("enterprise-cicd", Code::DuplicateLabel, "Phase"), 4);
}
