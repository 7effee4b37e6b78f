//! Faults of meaning stand where a person mends them: line and column of what is wrong, not of what is around it.

use phasegate_plan::{Code, PlanDocument, check};

const HEAD: &str = "format: phasegate-plan/1\nid: x\ntitle: X\n";

/// Code, document behind the head, and the text at which the fault begins; `|` breaks lines.
const ROWS: [(&str, &str, &str); 18] = [
    (
        "lengths-contradict",
        "lengths: [4w, 15bd]|phases: [{id: a, title: A, outline: true}]",
        "15bd",
    ),
    (
        "beyond-stated-length",
        "lengths: [8w]|phases:|  - {id: a, title: A, weeks: 1..6, steps: [{id: s, wait: 1m}]}|  - {id: b, title: B, weeks: 7..12, steps: [{id: s, wait: 1m}]}",
        "7..12",
    ),
    (
        "beyond-stated-length",
        "lengths: [2w]|phases:|  - {id: a, title: A, window: 2025-09-01..2025-10-31, steps: [{id: s, wait: 1m}]}",
        "2025-09-01..2025-10-31",
    ),
    (
        "lengths-do-not-add-up",
        "lengths: [10bd]|phases:|  - {id: a, title: A, length: 8bd, steps: [{id: s, wait: 1m}]}|  - {id: b, title: B, length: 8bd, steps: [{id: s, wait: 1m}]}|  - {id: c, title: C, length: 4bh, steps: [{id: s, wait: 1m}]}",
        "10bd",
    ),
    (
        "timeline-disagrees",
        "timeline:|  - {title: T, weeks: 3, day: 1, until-day: 2, phases: [a]}|phases:|  - {id: a, title: A, length: 4bd, steps: [{id: s, wait: 1m}]}",
        "{title: T",
    ),
    (
        "backup-too-rare",
        "recovery:|  point: 5m|  backups: [{kind: full, schedule: quarterly}]|phases: [{id: a, title: A, outline: true}]",
        "5m",
    ),
    (
        "never-comes",
        "phases:|  - id: a|    title: A|    watch:|      - {title: W, every: \"0 0 30 2 *\", activities: [x]}",
        "\"0 0 30 2 *\"",
    ),
    (
        "notice-too-short",
        "phases:|  - id: a|    title: A|    length: 2w|    no-way-back: x|    steps: [{id: s, deprecation: {binding: f, target: v1, stage: warn, notice: 6mo}}]|  - id: b|    title: B|    length: 2w|    no-way-back: x|    steps: [{id: s, deprecation: {binding: f, target: v1, stage: removed}}]",
        "removed",
    ),
    (
        "rollback-over-irreversible",
        "phases:|  - {id: a, title: A, steps: [{id: s, irreversible: true, wait: 1h}]}|procedures:|  - {id: p, title: P, rollback: {target: start, steps: [{id: b, wait: 1s}]}}",
        "start,",
    ),
    (
        "slot-outside-phase",
        "phases:|  - id: a|    title: A|    window: 2025-09-10..2025-09-12|    steps: [{id: s, slot: {day: 9}, wait: 1m}]",
        "9}",
    ),
    (
        "stages-and-curve",
        "phases:|  - id: a|    title: A|    no-way-back: x|    steps: [{id: u, traffic: {binding: f, target: z, stages: [5%, 100%], curve: {shape: linear, from: 1%, rungs: 5}}}]",
        "curve",
    ),
    (
        "empty-rollback",
        "phases:|  - id: a|    title: A|    steps: [{id: u, traffic: {binding: f, target: z, stages: [100%]}}]|    rollback: {limit: 5m}",
        "rollback",
    ),
    (
        "rollback-goes-forward",
        "phases:|  - id: a|    title: A|    steps: [{id: u, traffic: {binding: f, target: z, stages: [5%, 100%]}}]|    rollback: {steps: [{id: b, traffic: {binding: f, target: z, stages: [ 100%]}}]}",
        "stages: [ 100%]",
    ),
    (
        "rollback-misses-target",
        "phases:|  - id: a|    title: A|    steps: [{id: u, traffic: {binding: f, target: z, stages: [100%]}}]|    rollback: {steps: [{id: b, traffic: {binding: f, target: y, stages: [0%]}}]}",
        "{id: b",
    ),
    (
        "step-exceeds-budget",
        "phases:|  - id: a|    title: A|    steps: [{id: s, wait: 1m}]|    rollback: {limit: 5m, steps: [{id: b, budget: 61s, wait: 30m}]}",
        "61s",
    ),
    (
        "trigger-holds-too-long",
        "kpis: [{id: load, shape: gauge, source: m, query: {whole: q}, window: 1m}]|phases:|  - {id: a, title: A, steps: [{id: s, wait: 5m}]}|triggers:|  - {id: t, criterion: load > 5 for 10m, phases: [a], respond: [hold]}",
        "load > 5",
    ),
    (
        "one-person-for-many",
        "roles: [{id: a, members: [lea]}, {id: b, members: [lea]}]|phases:|  - id: p|    title: P|    gates: [{id: g, approvals: [a, b]}]",
        "approvals",
    ),
    (
        "severity-order",
        "matrix:|  - {id: a, scenario: A, severity: critical, complete-within: 4h}|  - {id: b, scenario: B, severity: low, complete-within: 1m}|phases: [{id: a, title: A, outline: true}]",
        "4h",
    ),
];

#[test]
fn a_fault_stands_at_the_line_and_column_of_what_is_wrong() {
    let mut wrong = Vec::new();
    for (slug, body, at) in ROWS {
        let code: Code = slug.parse().expect("a code");
        let text = format!("{HEAD}{}\n", body.replace('|', "\n"));
        let start = text.find(at).expect("it stands there");
        let before = text.get(..start).expect("a boundary");
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let found = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None).faults;
        let places: Vec<_> = found
            .of(code)
            .filter_map(|fault| fault.place.as_ref())
            .map(|place| (place.line as usize, place.column as usize))
            .collect();
        if places != [(line, column)] {
            wrong.push(format!(
                "{slug}: {places:?}, not {line}:{column}\n{}",
                found.render()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
