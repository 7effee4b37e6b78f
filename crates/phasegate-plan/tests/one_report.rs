//! One fault, one report: whatever single part of a plan cannot be read, nothing is told beside it that
//! would only follow from its absence.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use phasegate_plan::{Code, Faults, PlanDocument, Severity, Value, check};

/// The path of each part, outermost first.
fn paths(value: &Value, at: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Map(entries) => entries
            .iter()
            .map(|(key, one)| (key.clone(), one))
            .collect(),
        Value::List(items) => {
            let numbered = items.iter().enumerate();
            numbered
                .map(|(index, one)| (index.to_string(), one))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => Vec::new(),
    };
    for (name, one) in parts {
        at.push(name);
        out.push(at.clone());
        paths(one, at, out);
        at.pop();
    }
}

fn part<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    let Some((first, rest)) = path.split_first() else {
        return Some(value);
    };
    let inner = match value {
        Value::Map(entries) => entries
            .iter_mut()
            .find(|(key, _)| key == first)
            .map(|(_, one)| one),
        Value::List(items) => items.get_mut(first.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => None,
    };
    part(inner?, rest)
}

/// Meets every part of three plans, each with the plan it stands in.
fn each_part(mut meet: impl FnMut(&Value, &[String])) {
    for text in [
        include_str!("data/base.yaml"),
        include_str!("data/strategies.yaml"),
        include_str!("../../../examples/plans/first-rollout.yaml"),
    ] {
        let document = PlanDocument::read("a.yaml", text.as_bytes());
        let whole = document.value_at("").expect("a document");
        let mut all = Vec::new();
        paths(&whole, &mut Vec::new(), &mut all);
        all.iter().for_each(|path| meet(&whole, path));
    }
}

/// What nothing in a plan can be read from, be it text, a list or a map that is wanted.
fn unreadable() -> [Value; 2] {
    let list = Value::List(vec![Value::List(vec![Value::List(Vec::new())])]);
    [
        Value::Map(vec![("zzz".to_owned(), Value::List(Vec::new()))]),
        list,
    ]
}

fn errors(value: &Value) -> Faults {
    let text = serde_json::to_string(value).expect("json");
    check(&PlanDocument::read("a.json", text.as_bytes()), None).faults
}

fn mistyped(value: &mut Value, path: &[String]) -> bool {
    let Some((last, around)) = path.split_last() else {
        return false;
    };
    let Some(Value::Map(entries)) = part(value, around) else {
        return false;
    };
    let entry = entries.iter_mut().find(|(key, _)| key == last);
    let Some((key, _)) = entry else { return false };
    key.insert(1, 'q');
    true
}

#[test]
fn a_mistyped_key_is_one_report_that_says_what_was_meant() {
    let mut wrong = Vec::new();
    let mut mistyped_keys = 0;
    each_part(|whole, path| {
        let mut value = whole.clone();
        if !mistyped(&mut value, path) {
            return;
        }
        let faults = errors(&value);
        let errors: Vec<_> = faults
            .iter()
            .filter(|fault| fault.severity == Severity::Error)
            .collect();
        // Names of a plan's own, as of inputs, are not known to be mistyped.
        if !errors.iter().any(|fault| fault.code == Code::UnknownKey) {
            return;
        }
        mistyped_keys += 1;
        let meant = format!("did you mean '{}'?", path.last().expect("a key"));
        let one = errors.len() == 1 && errors[0].help.as_deref() == Some(meant.as_str());
        if !one {
            let told: Vec<String> = errors
                .iter()
                .map(|fault| format!("{fault} ({}) {:?}", fault.pointer, fault.help))
                .collect();
            wrong.push(format!("/{}: {}", path.join("/"), told.join("; ")));
        }
    });
    assert!(mistyped_keys > 300, "{mistyped_keys} keys");
    let shown: Vec<String> = wrong.iter().take(60).cloned().collect();
    assert!(
        wrong.is_empty(),
        "{} of {mistyped_keys}:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

#[test]
fn a_part_that_cannot_be_read_is_told_and_nothing_that_follows_from_it() {
    let mut wrong = Vec::new();
    let mut spoilt = 0;
    each_part(|whole, path| {
        let here = format!("/{}", path.join("/"));
        for with in unreadable() {
            let mut value = whole.clone();
            *part(&mut value, path).expect("a part") = with;
            spoilt += 1;
            for fault in &errors(&value) {
                let elsewhere = !fault.pointer.starts_with(&here);
                if fault.severity == Severity::Error && elsewhere {
                    wrong.push(format!("{here}: {fault} ({})", fault.pointer));
                }
            }
        }
    });
    assert!(spoilt > 1_000, "{spoilt} plans");
    let shown: Vec<String> = wrong.iter().take(80).cloned().collect();
    assert!(
        wrong.is_empty(),
        "{} told beside it:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

/// File name, text, and every code that is told, in order.
const ONCE: [(&str, &str, &[Code]); 17] = [
    (
        "a.yaml",
        "phases: [{id: a, title: A, outline: true, criteria: &c [k <]}, {id: b, title: B, outline: true, criteria: *c}, {id: c, title: C, outline: true, criteria: *c}]",
        &[Code::InvalidCriterion],
    ),
    (
        "a.yaml",
        "phases: [{id: a, title: A, outline: true, after: [c]}, {id: b, title: B, outline: true}, {id: c, title: C, outline: true}, {id: d, title: D, outline: true}]",
        &[Code::DependencyCycle],
    ),
    (
        "a.yaml",
        "phases: [{id: a, title: A, outline: true, after: [b], weeks: 1}, {id: b, title: B, outline: true, weeks: 2}]",
        &[Code::DependencyCycle],
    ),
    (
        "a.yaml",
        "lengths: [10bd]\nphases: [{id: a, title: A, outline: false, length: 5 days, activities: [{title: T}]}, {id: b, title: B, length: 5bd, activities: [{title: T}]}]",
        &[Code::InvalidMoment],
    ),
    (
        "a.yaml",
        "lengths: [10bd]\nphases: [{id: a b, title: A, length: 5bd, activities: [{title: T}]}, {id: b, title: B, after: [a-b], length: 5bd, activities: [{title: T}]}]",
        &[Code::InvalidId],
    ),
    (
        "a.yaml",
        "channels: [{id: c, binding: chat}]\nmessages: [{id: m, subject: S}]\nphases: [{id: a b, title: A, steps: [{id: s, notify: {channel: c, message: m}}]}, {id: b, title: B, outline: true}]",
        &[Code::InvalidId],
    ),
    (
        "a.yaml",
        "owner: []\nphases: {id: a}",
        &[Code::WrongShape, Code::WrongShape],
    ),
    (
        "a.toml",
        "owner = \"x\"\nowner = \"y\"",
        &[Code::DuplicateKey],
    ),
    (
        "a.yaml",
        "channels: [{id: c, binding: chat}]\nmessages: [{id: hello, subject: S}]\nphases: [{id: a, title: A, steps: [{id: s, notify: {channel: c, message: helo}}]}]",
        &[Code::UnknownMessage],
    ),
    (
        "a.yaml",
        "kpis: [{id: ok, shape: ratio, unit: '%', direction: higher, source: m, query: {whole: k}}]\nslos: [{id: s, kpi: ok, objective: 99%, period: 0d}]\nphases: [{id: a, title: A, steps: [{id: w, wait: 1h}], criteria: ['burn_rate(s, 1h) < 2']}]",
        &[Code::ZeroTime],
    ),
    (
        "a.yaml",
        "phases: [{id: a, title: A, steps: [{id: w, wait: 1h}], on-fail: [{rollback: start}]}, {id: b, title: B, after: [aa], steps: [{id: d, irreversible: true, wait: 1m}]}, {id: c, title: C, after: [a], steps: [{id: w, wait: 1h}], on-fail: [{rollback: start}]}]",
        &[Code::UnknownPhase],
    ),
    (
        "a.yaml",
        "kpis: [{id: e, shape: ratio, unit: '%', direction: lower, source: m, query: {whole: e}, window: 5m}]\nphases: [{id: a, title: A, steps: [{id: d, irreversible: true, wait: 1m}]}]\ntriggers: [{id: t, criterion: ratio(e) > 5%, phases: [aa], respond: [{rollback: start}]}]",
        &[Code::UnknownPhase],
    ),
    (
        "a.yaml",
        "phases: [{id: a, title: A, no-way-back: x, steps: [{id: w, deprecation: {binding: f, target: v1, stag: warn}}, {id: r, deprecation: {binding: f, target: v1, stage: removed}}]}]",
        &[Code::UnknownKey],
    ),
    (
        "a.yaml",
        "phases: [{id: a, title: A, steps: [{id: w, wait: 1h}], rollback: {limit: 0s, estimate: 1m, steps: [{id: b, budget: 1m, wait: 1s}]}}]",
        &[Code::ZeroTime],
    ),
    (
        "a.yaml",
        "owner: *x\nphases: [{id: a, title: A, outline: true}]",
        &[Code::UnknownAlias],
    ),
    (
        "a.toml",
        "owner = \"x\"\n[[roles]]\nid = \"cyd\"\nmembers = [\"cyd\"[, \"dov\"]\n[[roles]]\nid = \"eve\"\nmembers = [\"eve\"]",
        &[Code::Syntax],
    ),
    (
        "a.toml",
        "[phases]\nid = \"a\"\ntitle = \"A\"\n[phases]\nid = \"b\"\ntitle = \"B\"",
        &[Code::DuplicateKey],
    ),
];

#[test]
fn what_is_wrong_once_is_told_once() {
    let mut wrong = Vec::new();
    for (name, text, wanted) in ONCE {
        let head = if name.ends_with("toml") {
            "format = \"phasegate-plan/1\"\nid = \"x\"\ntitle = \"X\"\n"
        } else {
            "format: phasegate-plan/1\nid: x\ntitle: X\n"
        };
        let text = format!("{head}{text}\n");
        let found = check(&PlanDocument::read(name, text.as_bytes()), None).faults;
        let codes: Vec<Code> = found.iter().map(|fault| fault.code).collect();
        let rust = found.iter().any(|fault| fault.message.contains("Draft"));
        if codes != wanted || rust {
            wrong.push(format!("{text}{}", found.render()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_circle_names_those_that_stand_in_it_and_no_others() {
    let text = "format: phasegate-plan/1\nid: x\ntitle: X\nphases: [{id: a, title: A, outline: true, after: [c]}, {id: b, title: B, outline: true}, {id: c, title: C, outline: true}, {id: d, title: D, outline: true}, {id: e, title: E, outline: true, after: [d, f]}, {id: f, title: F, outline: true}]\n";
    let found = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
    let told: Vec<&str> = found
        .of(Code::DependencyCycle)
        .map(|fault| fault.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "the phases 'a', 'b', 'c' wait for each other in a circle",
            "the phases 'e', 'f' wait for each other in a circle"
        ]
    );
}

fn told(text: &str) -> Vec<String> {
    let faults = check(&PlanDocument::read("a.yaml", text.as_bytes()), None).faults;
    let errors = faults
        .iter()
        .filter(|fault| fault.severity == Severity::Error);
    errors
        .map(|fault| format!("{} {}", fault.code.id(), fault.pointer))
        .collect()
}

#[test]
fn what_stands_beside_a_criterion_that_cannot_be_read_is_told_with_it() {
    let found = told(
        "
format: phasegate-plan/1
id: a
title: A
phases:
  - id: one
    title: One
    outline: true
    triggers:
      - id: t
        criterion: 'ratio(errors) >'
        phases: [two]
        respond: [{notify: {channel: nobody}}]
",
    );
    let wanted = [
        "PG112 /phases/0/triggers/0/criterion",
        "PG202 /phases/0/triggers/0/phases/0",
        "PG206 /phases/0/triggers/0/respond/0/notify/channel",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_phase_that_waits_for_nobody_known_has_no_previous_one_to_be_unclear() {
    let found = told(
        "
format: phasegate-plan/1
id: a
title: A
kpis: [{id: errors, shape: ratio, unit: '%', source: m, query: {whole: e}}]
phases:
  - {id: one, title: One, outline: true}
  - id: two
    title: Two
    outline: true
    after: [onne]
    on-fail: [{rollback: previous-phase}]
    triggers:
      - {id: t, criterion: ratio(errors) > 5%, respond: [{rollback: previous-phase}]}
",
    );
    assert_eq!(found, ["PG202 /phases/1/after/0"]);
}
