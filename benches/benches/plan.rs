//! What does checking a plan cost, next to parsing the same bytes into the format library's untyped
//! value? Asked of the largest of the five plans and of a generated plan of ten thousand phases, in each format.
//! Checking holds every value with its place, types it and looks at its meaning; it may cost at most three times the
//! yardstick.
//!
//! `cargo bench -p phasegate-benches --bench plan`; in tests it runs a small plan and asserts.

use std::time::{Duration, Instant};

use phasegate_plan::{Format, PlanDocument, check};

fn generated(phases: usize) -> String {
    let mut text = String::from(
        "format: phasegate-plan/1\nid: generated\ntitle: Generated\nkpis:\n  - {id: errors, shape: ratio, unit: '%', direction: lower, source: metrics, query: {whole: errors}}\nphases:\n",
    );
    for phase in 0..phases {
        text.push_str(&format!(
            "  - id: phase-{phase}\n    title: Phase {phase}\n    objectives: [One step further]\n    steps:\n      - id: wait\n        wait: 1h\n      - id: shift\n        traffic:\n          binding: edge\n          target: route-{phase}\n          stages: [5%, {{weight: 50%, bake: 10m}}, 100%]\n    criteria:\n      - ratio(errors) < 1%\n    rollback:\n      limit: 5m\n      steps:\n        - {{id: back, budget: 1m, traffic: {{binding: edge, target: route-{phase}, stages: [0%]}}}}\n"
        ));
    }
    text
}

/// The shortest of several runs: what else the machine does only adds.
fn least(runs: u32, mut run: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn main() {
    let test = !std::env::args().any(|argument| argument == "--bench");
    let kept = [
        include_str!("../../examples/plans/ci-pipeline.yaml"),
        include_str!("../../examples/plans/code-review.yaml"),
        include_str!("../../examples/plans/enterprise-cicd.yaml"),
        include_str!("../../examples/plans/fast-deployment.yaml"),
        include_str!("../../examples/plans/unified-pipeline.yaml"),
    ];
    let kept = kept.into_iter().max_by_key(|text| text.len());
    let kept = kept.unwrap_or_default().to_owned();
    let phases = if test { 200 } else { 10_000 };
    let runs = if test { 3 } else { 15 };
    println!(
        "{:24} {:6} {:>9} {:>12} {:>12} {:>7}",
        "plan", "format", "KiB", "untyped", "checked", "ratio"
    );
    for (name, text) in [
        ("largest of the five", kept),
        ("ten thousand phases", generated(phases)),
    ] {
        for (format, text) in texts(text) {
            let file = format!("plan.{format}");
            let untyped = least(runs, || untyped(format, &text));
            let checked = least(runs, || {
                let found = check(&PlanDocument::read(&file, text.as_bytes()), None);
                assert!(found.plan.is_some(), "{}", found.faults.render());
            });
            let ratio = checked.as_secs_f64() / untyped.as_secs_f64();
            let kib = text.len() / 1024;
            println!(
                "{name:24} {format:6} {kib:>9} {untyped:>12.2?} {checked:>12.2?} {ratio:>7.2}"
            );
            // Unoptimised builds, as in tests, say nothing about the bound.
            assert!(
                cfg!(debug_assertions) || ratio <= 3.0,
                "checking {file} costs {ratio:.2} times parsing"
            );
        }
    }
}

/// The same plan in each format.
fn texts(yaml: String) -> [(&'static str, String); 3] {
    let draft = PlanDocument::read("plan.yaml", yaml.as_bytes()).draft();
    let draft = draft.expect("it can be read");
    let printed = |format| draft.to_text(format).expect("it prints");
    // Printed for people, ten thousand phases in JSON are longer than a document may be.
    let json: serde_json::Value = serde_json::from_str(&printed(Format::Json)).expect("JSON");
    let (json, toml) = (json.to_string(), printed(Format::Toml));
    [("yaml", yaml), ("json", json), ("toml", toml)]
}

/// What the format's own library makes of a text.
fn untyped(format: &str, text: &str) {
    match format {
        "json" => {
            let value: serde_json::Value = serde_json::from_str(text).expect("it parses");
            assert!(value.is_object());
        }
        "toml" => {
            let value: toml::Table = toml::from_str(text).expect("it parses");
            assert!(!value.is_empty());
        }
        _ => {
            // Its own budget is for configuration files, and refuses ten thousand phases.
            let options = serde_saphyr::options! { budget: None };
            let value: serde_json::Value =
                serde_saphyr::from_str_with_options(text, options).expect("it parses");
            assert!(value.is_object());
        }
    }
}
