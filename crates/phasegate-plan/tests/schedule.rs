//! Plans laid out in time: calendars, freezes, the critical path, slack and slips.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use phasegate_plan::{PlanDocument, Schedule};

const PLAN: &str = "
format: phasegate-plan/1
id: p
title: P
calendar:
  zone: Europe/Berlin
  holidays: [2025-10-03]
freezes:
  - {title: Fair, from: 2025-10-14T00:00:00+02:00, until: 2025-10-16T00:00:00+02:00}
phases:
  - {id: build, title: Build, length: 3bd, steps: [{id: s, slot: {day: 2, time: '09:00-12:00'}, wait: 1m}]}
  - {id: test, title: Test, after: [build], length: 5bd, gates: [{id: go, checks: [x]}]}
  - {id: papers, title: Papers, after: [build], length: 1bd}
  - {id: ship, title: Ship, after: [test, papers], length: 8bh}
  - {id: watch, title: Watch, length: 2w+, outline: true}
";

fn schedule(start: &str) -> Schedule {
    let document = PlanDocument::read("p.yaml", PLAN.as_bytes());
    let draft = document.draft().expect("it can be read");
    Schedule::of_draft(&draft, start.parse().expect("a date"))
}

#[test]
fn phases_fall_on_working_days_around_holidays_and_freezes() {
    let schedule = schedule("2025-10-01");
    let zone = schedule.calendar().zone().clone();
    let times: Vec<(String, String, String)> = schedule
        .phases()
        .iter()
        .map(|phase| {
            (
                phase.id.to_string(),
                zone.show(phase.start),
                zone.show(phase.end),
            )
        })
        .collect();
    let wanted = [
        // Wednesday, Thursday, Monday: Friday is a holiday.
        ("build", "2025-10-01T09:00+02:00", "2025-10-06T17:00+02:00"),
        ("test", "2025-10-07T09:00+02:00", "2025-10-13T17:00+02:00"),
        ("papers", "2025-10-07T09:00+02:00", "2025-10-07T17:00+02:00"),
        // The fair is on the 14th and 15th.
        ("ship", "2025-10-16T09:00+02:00", "2025-10-16T17:00+02:00"),
        // Two weeks by the calendar, across the end of summer time.
        ("watch", "2025-10-17T09:00+02:00", "2025-10-30T17:00+01:00"),
    ];
    let wanted = wanted.map(|(id, from, to)| (id.to_owned(), from.to_owned(), to.to_owned()));
    assert_eq!(times, wanted);
    assert!(schedule.phases().last().is_some_and(|phase| phase.open));
    let build = schedule
        .phase(&"build".parse().expect("an id"))
        .expect("planned");
    let slot = build.activities.first().expect("a slot");
    assert_eq!(zone.show(slot.start), "2025-10-02T09:00+02:00");
    assert_eq!(zone.show(slot.end), "2025-10-02T12:00+02:00");
    let test = schedule
        .phase(&"test".parse().expect("an id"))
        .expect("planned");
    assert_eq!(test.gates.first().map(|gate| gate.at), Some(test.end));
}

#[test]
fn the_critical_path_goes_through_what_takes_longest_and_the_rest_has_slack() {
    let schedule = schedule("2025-09-01");
    let path: Vec<&str> = schedule
        .critical_path()
        .iter()
        .map(|id| id.as_str())
        .collect();
    assert_eq!(path, ["build", "test", "ship", "watch"]);
    for (phase, slack) in [("build", 0), ("test", 0), ("papers", 4), ("ship", 0)] {
        let id = phase.parse().expect("an id");
        assert_eq!(schedule.slack_days(&id), Some(slack), "{phase}");
    }
    assert_eq!(schedule.slack_days(&"nobody".parse().expect("an id")), None);
}

#[test]
fn a_slip_moves_what_waits_for_it_and_nothing_else() {
    let schedule = schedule("2025-09-01");
    let moved = |phase: &str, days| -> Vec<String> {
        let slipped = schedule
            .slipped(&phase.parse().expect("an id"), days)
            .expect("it is there");
        schedule
            .moved(&slipped)
            .iter()
            .map(|(phase, _)| phase.id.to_string())
            .collect()
    };
    assert_eq!(moved("papers", 2), ["papers"]);
    assert_eq!(moved("test", 1), ["test", "ship", "watch"]);
    assert_eq!(moved("papers", 5), ["papers", "ship", "watch"]);
}

#[test]
fn weeks_days_and_gates_of_a_plan_fall_where_it_says() {
    let text = "
format: phasegate-plan/1
id: p
title: P
phases:
  - {id: first, title: First, length: 2bd}
  - id: second
    title: Second
    weeks: 3..4
    steps:
      - {id: a, wait: 1m}
      - {id: b, slot: {day: 8}, wait: 1m}
      - {id: c, wait: 1m}
    gates:
      - {id: before-b, when: {before-step: b}, checks: [x]}
      - {id: before-c, when: {before-step: c}, checks: [x]}
gates:
  - {id: begin, when: before-start, checks: [x]}
  - {id: accepted, when: acceptance, not-before: 2025-10-06T00:00:00Z, checks: [x]}
";
    let document = PlanDocument::read("p.yaml", text.as_bytes());
    let draft = document.draft().expect("it can be read");
    let schedule = Schedule::of_draft(&draft, "2025-09-01".parse().expect("a date"));
    let second = schedule
        .phase(&"second".parse().expect("an id"))
        .expect("planned");
    // The third week begins on the 15th, its second week on the 22nd: day 8 is a day of the calendar.
    assert_eq!(second.start.to_string(), "2025-09-15T09:00:00Z");
    assert_eq!(second.end.to_string(), "2025-09-26T17:00:00Z");
    let gates: Vec<(String, String)> = second
        .gates
        .iter()
        .chain(&schedule.gates())
        .map(|gate| (gate.id.to_string(), gate.at.to_string()))
        .collect();
    let wanted = [
        ("before-b", "2025-09-22T09:00:00Z"),
        ("before-c", "2025-09-22T17:00:00Z"),
        ("begin", "2025-09-01T09:00:00Z"),
        ("accepted", "2025-10-06T00:00:00Z"),
    ];
    assert_eq!(gates, wanted.map(|(id, at)| (id.to_owned(), at.to_owned())));
}

#[test]
fn what_is_critical_in_the_five_plans_has_no_slack() {
    for (name, text) in [
        (
            "fast-deployment",
            include_str!("../../../examples/plans/fast-deployment.yaml"),
        ),
        (
            "ci-pipeline",
            include_str!("../../../examples/plans/ci-pipeline.yaml"),
        ),
        (
            "code-review",
            include_str!("../../../examples/plans/code-review.yaml"),
        ),
        (
            "enterprise-cicd",
            include_str!("../../../examples/plans/enterprise-cicd.yaml"),
        ),
        (
            "unified-pipeline",
            include_str!("../../../examples/plans/unified-pipeline.yaml"),
        ),
    ] {
        let document = PlanDocument::read("p.yaml", text.as_bytes());
        let draft = document.draft().expect("it can be read");
        let schedule = Schedule::of_draft(&draft, "2025-09-01".parse().expect("a date"));
        let path = schedule.critical_path();
        assert!(!path.is_empty(), "{name}");
        for id in path {
            assert_eq!(schedule.slack_days(id), Some(0), "{name}: {id}");
        }
    }
}

#[test]
fn what_begins_later_than_its_days_ends_later_than_they_do() {
    let text = "
format: phasegate-plan/1
id: p
title: P
phases:
  - {id: first, title: First, window: 2025-09-01..2025-09-05, outline: true}
  - {id: second, title: Second, window: 2025-09-08..2025-09-10, outline: true}
";
    let document = PlanDocument::read("p.yaml", text.as_bytes());
    let draft = document.draft().expect("it can be read");
    let schedule = Schedule::of_draft(&draft, "2025-09-01".parse().expect("a date"));
    let first = "first".parse().expect("an id");
    let ends = |days| -> Vec<String> {
        let slipped = schedule.slipped(&first, days).expect("it is there");
        let phases = slipped.phases().iter();
        phases.map(|phase| phase.end.to_string()).collect()
    };
    assert_eq!(ends(0), ["2025-09-06T00:00:00Z", "2025-09-11T00:00:00Z"]);
    assert_eq!(ends(1), ["2025-09-08T17:00:00Z", "2025-09-11T17:00:00Z"]);
    assert_eq!(schedule.slack_days(&first), Some(0));
    let most = Schedule::SLIP_DAYS_MAX;
    assert!(schedule.slipped(&first, most).is_some());
    assert!(schedule.slipped(&first, most + 1).is_none());
}

#[test]
fn a_gate_is_decided_on_its_day_and_what_waits_for_it_waits() {
    let text = "
format: phasegate-plan/1
id: p
title: P
phases:
  - id: first
    title: First
    length: 5bd
    steps:
      - {id: a, wait: 1h}
      - {id: b, wait: 1h}
    gates:
      - {id: before-b, when: {before-step: b}, slot: {day: 3, time: '10:00-11:00'}, checks: [x]}
      - {id: early, slot: {day: 2}, checks: [x]}
      - {id: late, slot: {day: 7}, checks: [x]}
  - {id: second, title: Second, length: 1bd, outline: true}
gates:
  - {id: begin, when: before-start, slot: {day: 2, time: '11:00-12:00'}, checks: [x]}
  - {id: accepted, when: acceptance, slot: {day: 11}, checks: [x]}
";
    let document = PlanDocument::read("p.yaml", text.as_bytes());
    let draft = document.draft().expect("it can be read");
    // A Monday: the gate before the start is on Tuesday.
    let schedule = Schedule::of_draft(&draft, "2025-09-01".parse().expect("a date"));
    let of = |id: &str| {
        schedule
            .phase(&id.parse().expect("an id"))
            .expect("planned")
    };
    let gates: Vec<(String, String)> = of("first")
        .gates
        .iter()
        .chain(&schedule.gates())
        .map(|gate| (gate.id.to_string(), gate.at.to_string()))
        .collect();
    let wanted = [
        ("before-b", "2025-09-04T10:00:00Z"),
        // What it is about is done later, and the rest of the phase's days is not waited for.
        ("early", "2025-09-04T11:00:00Z"),
        ("late", "2025-09-10T09:00:00Z"),
        ("begin", "2025-09-02T11:00:00Z"),
        ("accepted", "2025-09-15T09:00:00Z"),
    ];
    assert_eq!(gates, wanted.map(|(id, at)| (id.to_owned(), at.to_owned())));
    assert_eq!(of("first").start.to_string(), "2025-09-02T11:00:00Z");
    assert_eq!(of("first").end.to_string(), "2025-09-10T09:00:00Z");
    assert_eq!(of("second").start.to_string(), "2025-09-10T09:00:00Z");
}
