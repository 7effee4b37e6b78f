//! Each code of a fault with a document that has it and one, nearly the same, that has not.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::collections::BTreeSet;

use phasegate_plan::{Catalog, Code, Faults, PlanDocument, check_with};

const PLAN: &str = include_str!("data/base.yaml");
const BINDINGS: &str = include_str!("data/base.bindings.yaml");
/// name | document | bad text | text in its place without the fault; `⏎` is a line break.
/// The marks `@x` stand in the documents as comments; a text is put in front of them.
const ROWS: &str = include_str!("data/codes.txt");

fn edited(base: &str, mark: &str, text: &str) -> String {
    let (text, mark) = (text.replace('⏎', "\n"), mark.replace('⏎', "\n"));
    if let Some(old) = mark.strip_prefix('=') {
        assert!(base.contains(old), "the base has no '{old}'");
        return base.replacen(old, &text, 1);
    }
    assert!(base.contains(&mark), "the base has no mark '{mark}'");
    // The mark's own indentation stands before the text.
    base.replacen(&mark, &format!("{}\n{mark}", text.trim_start()), 1)
}

/// Rows use what of the bindings they need.
fn faults(plan: &str, bindings: &str) -> Faults {
    let catalog = Catalog::read("bindings.yaml", bindings.as_bytes());
    if !catalog.faults.is_empty() {
        return catalog.faults;
    }
    let document = PlanDocument::read("plan.yaml", plan.as_bytes());
    let unused = if bindings == BINDINGS {
        "allow:unused-binding"
    } else {
        ""
    };
    let lints = unused.parse().expect("a level");
    check_with(&document, catalog.catalog.as_ref(), &lints).faults
}

#[test]
fn the_base_has_no_fault() {
    let found = faults(PLAN, BINDINGS);
    assert!(found.is_empty(), "{}", found.render());
}

#[test]
fn each_fault_is_found_where_it_is_and_not_where_it_is_not() {
    let mut failed = Vec::new();
    for line in ROWS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let fields: Vec<&str> = line.split(" | ").collect();
        let [slug, which, mark, bad, good] = fields.as_slice() else {
            panic!("a row has five fields: {line}");
        };
        let code: Code = slug.parse().expect("a code");
        let run = |text: &str| match *which {
            "plan" => faults(&edited(PLAN, mark, text), BINDINGS),
            "bindings" => faults(PLAN, &edited(BINDINGS, mark, text)),
            "whole" => faults(&text.replace('⏎', "\n"), BINDINGS),
            other => panic!("unknown document {other}"),
        };
        let with = run(bad);
        if with.of(code).count() == 0 {
            failed.push(format!("{line}\n  has it not:\n{}", with.render()));
        }
        let misplaced = with.of(code).any(|fault| fault.place.is_none());
        if misplaced {
            failed.push(format!("{line}\n  has no place"));
        }
        let without = run(good);
        if without.of(code).count() > 0 {
            failed.push(format!("{line}\n  has it still:\n{}", without.render()));
        }
    }
    assert!(
        failed.is_empty(),
        "{} rows\n{}",
        failed.len(),
        failed.join("\n")
    );
}

#[test]
fn a_binding_that_nothing_uses_is_told_and_one_that_asks_people_is_not() {
    let catalog = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let document = PlanDocument::read("plan.yaml", PLAN.as_bytes());
    let found = phasegate_plan::check(&document, catalog.catalog.as_ref()).faults;
    let unused: Vec<(&str, &str)> = found
        .of(Code::UnusedBinding)
        .filter_map(|fault| {
            let place = fault.place.as_ref()?;
            Some((fault.message.split('\'').nth(1)?, place.file.as_str()))
        })
        .collect();
    // In the order of the document in which they stand.
    assert_eq!(
        unused,
        ["flags", "run", "chaos"].map(|name| (name, "bindings.yaml"))
    );
}

#[test]
fn every_code_has_a_row() {
    // Made in tests of their own: they need documents too large to be written in a row, or a start date.
    let elsewhere = [
        "PG002", "PG003", "PG004", "PG005", "PG006", "PG013", "PG014", "PG420", "PG506",
    ];
    let rows: BTreeSet<&str> = ROWS
        .lines()
        .filter_map(|line| line.split(" | ").next())
        .collect();
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| !rows.contains(code.slug()) && !elsewhere.contains(&code.id()))
        .map(ToString::to_string)
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_fault_of_the_criterion_language_has_a_code_of_the_same_name_and_severity() {
    for code in phasegate_criterion::FaultCode::ALL {
        // Between what passes and what calls for a rollback lies what is watched: that is meant.
        if *code == phasegate_criterion::FaultCode::BandsGap {
            continue;
        }
        let ours: Code = code.text().parse().expect("a code of the same name");
        let severity = ours.severity().to_string();
        let level = match code.level() {
            phasegate_criterion::Level::Error => "error",
            phasegate_criterion::Level::Warning => "warning",
        };
        assert_eq!(severity, level, "{code}");
    }
}

#[test]
fn numbers_and_names_of_codes_are_each_once() {
    let ids: BTreeSet<_> = Code::ALL.iter().map(|code| code.id()).collect();
    let slugs: BTreeSet<_> = Code::ALL.iter().map(|code| code.slug()).collect();
    assert_eq!((ids.len(), slugs.len()), (Code::ALL.len(), Code::ALL.len()));
    assert!(Code::ALL.is_sorted_by_key(|code| code.id()));
}

#[test]
fn a_criterion_that_no_value_meets_is_one_error_wherever_it_stands() {
    const END: &str = "⏎    no-way-back: x";
    let places = [
        ("#criterion", "       - '@'", ""),
        (
            "#stage",
            "             - {weight: 50%, bake: 5m, criteria: ['@']}",
            "",
        ),
        ("#step", "       - {id: s, wait: 1m, criteria: ['@']}", ""),
        ("#a-gate", "       - {id: g, criteria: ['@']}", ""),
        ("#rollback-field", "       validation: ['@']", ""),
        ("#acceptance", "       - '@'", ""),
        (
            "#a-trigger",
            "   - {id: t, criterion: '@', respond: [hold]}",
            "",
        ),
        (
            "#end",
            " experiments: [{id: e, fault: latency, abort-when: ['@']}]",
            "",
        ),
        ("#end", " goals: [{title: G, criteria: ['@']}]", ""),
        (
            "#end",
            " alerts: [{id: a, criterion: '@', respond: [hold]}]",
            "",
        ),
        (
            "#step-two",
            "       - {id: w, waves: {binding: run, command: deploy, waves: [{targets: [a]}], criteria: ['@']}}",
            END,
        ),
    ];
    let criteria = [
        "ratio(errors) over 7m < 0%",
        "ratio(errors) over 7m > 100%",
        "ratio(errors) over 7m >= 101%",
        "mood > 6/5",
        "ratio(errors) over 7m > 5% and ratio(errors) over 7m < 1%",
    ];
    let mut wrong = Vec::new();
    for criterion in criteria {
        for (mark, text, end) in places {
            let text = format!("{}{end}", text.replace('@', criterion));
            let found = faults(&edited(PLAN, mark, &text), BINDINGS);
            let is_error =
                |fault: &&phasegate_plan::Fault| fault.severity == phasegate_plan::Severity::Error;
            let errors: Vec<_> = found.iter().filter(is_error).collect();
            let there = errors.iter().all(|fault| {
                let line = fault.place.as_ref().map(|place| place.snippet.as_str());
                line.is_some_and(|line| line.contains(criterion))
            });
            if errors.len() != 1 || !there {
                wrong.push(format!("{mark} {criterion}:\n{}", found.render()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Both documents at once: what could not be read of the bindings is not missed.
#[test]
fn a_plan_is_held_against_what_could_be_read_of_its_bindings() {
    let told = |bindings: &str| {
        let plan = edited(
            PLAN,
            "#step",
            "      - {id: s, command: {binding: run, name: nothing}}\n      - {id: t, wait: soon}",
        );
        let read = Catalog::read("bindings.yaml", bindings.as_bytes());
        assert!(read.catalog.is_none());
        let document = PlanDocument::read("plan.yaml", plan.as_bytes());
        let lints = Default::default();
        let faults = check_with(&document, read.readable.as_ref(), &lints).faults;
        let all = read.faults.and(faults);
        let errors = all
            .iter()
            .filter(|fault| fault.severity == phasegate_plan::Severity::Error);
        errors.map(|fault| fault.code).collect::<Vec<_>>()
    };
    let unknown = [Code::UnknownChoice, Code::UnknownCommand, Code::InvalidSpan];
    let edge = "adapter: router\n    roles: [traffic-router]";
    assert!(BINDINGS.contains(edge), "{BINDINGS}");
    let misspelt = BINDINGS.replacen(edge, "adapter: router\n    roles: [traffic-rooter]", 1);
    assert_eq!(told(&misspelt), unknown);
    let head = BINDINGS.replacen("phasegate-bindings/1", "phasegate-bindings/7", 1);
    let unknown = [Code::UnknownFormat, Code::UnknownCommand, Code::InvalidSpan];
    assert_eq!(told(&head), unknown);
    let nameless = BINDINGS.replacen("edge:", "'the edge':", 1);
    let unknown = [Code::InvalidId, Code::UnknownCommand, Code::InvalidSpan];
    assert_eq!(told(&nameless), unknown);
}
