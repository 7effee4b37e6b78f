//! A schedule says what really happens: freezes, dates of gates and days of the week move what they move, and
//! what cannot be on the day that the plan says is told with its place.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use phasegate_core::Timestamp;
use phasegate_plan::{PlanDocument, Schedule};

const HEAD: &str = "
format: phasegate-plan/1
id: p
title: P
roles: [{id: lead, members: [lea]}]
";

fn document(text: &str) -> PlanDocument {
    PlanDocument::read("p.yaml", format!("{HEAD}{text}").as_bytes())
}

fn laid_out(document: &PlanDocument, start: &str) -> Schedule {
    let draft = document.draft().expect("it can be read");
    Schedule::of_draft(&draft, start.parse().expect("a date"))
}

/// Without the year and the seconds.
fn short(at: Timestamp) -> String {
    at.to_string()[5..16].to_owned()
}

/// `id start..end` of each phase.
fn phases(schedule: &Schedule) -> Vec<String> {
    let phases = schedule.phases().iter();
    phases
        .map(|phase| {
            let (start, end) = (short(phase.start), short(phase.end));
            format!("{} {start}..{end}", phase.id)
        })
        .collect()
}

fn activities(schedule: &Schedule) -> Vec<String> {
    let phases = schedule.phases().iter();
    phases
        .flat_map(|phase| &phase.activities)
        .map(|one| format!("{} {}..{}", one.title, short(one.start), short(one.end)))
        .collect()
}

fn critical_path(schedule: &Schedule) -> Vec<String> {
    let path = schedule.critical_path();
    path.iter().map(ToString::to_string).collect()
}

fn warnings(document: &PlanDocument, schedule: &Schedule) -> Vec<String> {
    let found = schedule.warnings(document);
    let lines = found.iter().map(|fault| {
        assert!(fault.place.is_some(), "{fault}");
        assert_eq!(fault.code.id(), "PG420");
        format!("{} {}", fault.pointer, fault.message)
    });
    lines.collect()
}

#[test]
fn a_freeze_stretches_working_time_and_not_the_clock_or_the_calendar() {
    // A week's freeze, Monday to Friday; a day and a half; four hours of one day.
    let week = "2025-09-08T00:00:00Z, until: 2025-09-13T00:00:00Z";
    let day_and_half = "2025-09-02T00:00:00Z, until: 2025-09-03T13:00:00Z";
    let hours = "2025-09-02T13:00:00Z, until: 2025-09-02T17:00:00Z";
    let rows = [
        // Ten business days: the second five come a week later.
        ("10bd", week, "09-19T17:00"),
        // It is over before the freeze begins.
        ("5bd", week, "09-05T17:00"),
        ("6bd", week, "09-15T17:00"),
        ("48bh", week, "09-15T17:00"),
        // The second day has four hours less, which are made up for on the third.
        ("2bd", day_and_half, "09-04T13:00"),
        ("16bh", day_and_half, "09-04T13:00"),
        ("1bd", hours, "09-01T17:00"),
        ("2bd", hours, "09-03T13:00"),
        ("3bd", hours, "09-04T13:00"),
        // These go by the clock and by the calendar.
        ("36h", day_and_half, "09-02T21:00"),
        ("90m", hours, "09-01T10:30"),
        ("2w", week, "09-12T17:00"),
        ("14d", week, "09-12T17:00"),
        ("1mo", week, "09-30T17:00"),
    ];
    for (length, freeze, end) in rows {
        let text = format!(
            "phases: [{{id: a, title: A, length: {length}, outline: true}}]\n\
             freezes: [{{title: F, from: {freeze}}}]\n"
        );
        let document = document(&text);
        let schedule = laid_out(&document, "2025-09-01");
        assert_eq!(
            phases(&schedule),
            [format!("a 09-01T09:00..{end}")],
            "{text}"
        );
    }
}

#[test]
fn what_begins_in_a_freeze_or_behind_one_waits_and_is_still_tight() {
    let text = "
phases:
  - {id: a, title: A, length: 5bd, outline: true}
  - {id: b, title: B, length: 2w, outline: true}
  - {id: c, title: C, length: 1bd, outline: true}
freezes: [{title: F, from: 2025-09-06T00:00:00Z, until: 2025-09-10T12:00:00Z}]
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let wanted = [
        "a 09-01T09:00..09-05T17:00",
        "b 09-10T12:00..09-24T12:00",
        "c 09-24T12:00..09-25T12:00",
    ];
    assert_eq!(phases(&schedule), wanted);
    assert_eq!(critical_path(&schedule), ["a", "b", "c"]);
    assert_eq!(warnings(&document, &schedule), Vec::<String>::new());
}

#[test]
fn a_freeze_in_a_phase_that_goes_by_the_calendar_is_told() {
    let text = "
phases:
  - {id: a, title: A, length: 2w, outline: true}
  - {id: b, title: B, window: 2025-09-15..2025-09-19, outline: true}
freezes:
  - {title: Fair, from: 2025-09-08T00:00:00Z, until: 2025-09-10T00:00:00Z}
  - {title: Audit, from: 2025-09-18T13:00:00Z, until: 2025-09-20T00:00:00Z}
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let wanted = ["a 09-01T09:00..09-12T17:00", "b 09-15T09:00..09-20T00:00"];
    assert_eq!(phases(&schedule), wanted);
    let wanted = [
        "/phases/0/length 'Fair' leaves 64 of its 80 working hours, and its end stays",
        "/phases/1/window 'Audit' leaves 28 of its 40 working hours, and its end stays",
    ];
    assert_eq!(warnings(&document, &schedule), wanted);
}

#[test]
fn a_ramp_rests_in_a_freeze_and_makes_its_next_move_when_it_is_over() {
    let text = "
phases:
  - id: a
    title: A
    steps:
      - {id: one, wait: 20h}
      - {id: two, traffic: {binding: edge, target: t, stages: [{weight: 10%, bake: 4h}, {weight: 100%, bake: 2h}]}}
freezes: [{title: F, from: 2025-09-02T08:00:00Z, until: 2025-09-04T06:00:00Z}]
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    // 20 h until 05:00, the first rung until 09:00: the second waits until the 4th.
    assert_eq!(phases(&schedule), ["a 09-01T09:00..09-04T08:00"]);
}

#[test]
fn dates_of_gates_hold_back_what_comes_behind_them() {
    let text = "
phases:
  - {id: a, title: A, length: 2bd, outline: true, gates: [{id: end, not-before: 2025-09-10T12:00:00Z, checks: [x]}]}
  - {id: b, title: B, length: 1bd, outline: true}
  - id: c
    title: C
    length: 1bd
    outline: true
    gates: [{id: begin, when: before-start, not-before: 2025-09-20T00:00:00Z, checks: [x]}]
  - id: d
    title: D
    length: 3bd
    steps:
      - {id: s, title: s, slot: {day: 1}, task: {role: lead, instructions: x}}
      - {id: t, title: t, slot: {day: 2, time: '09:00-12:00'}, task: {role: lead, instructions: x}}
      - {id: u, title: u, slot: {day: 3}, task: {role: lead, instructions: x}}
    gates: [{id: step, when: {before-step: t}, not-before: 2025-09-25T13:00:00Z, checks: [x]}]
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let wanted = [
        "a 09-01T09:00..09-10T12:00",
        "b 09-10T12:00..09-11T12:00",
        "c 09-22T09:00..09-22T17:00",
        "d 09-23T09:00..09-26T16:00",
    ];
    assert_eq!(phases(&schedule), wanted);
    let done = schedule.phases().first().expect("a phase").done;
    assert_eq!(done.to_string(), "2025-09-02T17:00:00Z");
    let wanted = [
        "s 09-23T09:00..09-23T17:00",
        "t 09-25T13:00..09-25T16:00",
        "u 09-25T16:00..09-26T16:00",
    ];
    assert_eq!(activities(&schedule), wanted);
    let told = warnings(&document, &schedule);
    let wanted = [
        "/phases/0/gates/0/not-before 'end' holds all from 2025-09-02 until 2025-09-10",
        "/phases/3/steps/2/slot/day done on 2025-09-26, after the phase should be over on 2025-09-25: it \
         lasts longer",
        "/phases/3/gates/0/not-before 'step' holds all from 2025-09-24 until 2025-09-25",
    ];
    assert_eq!(told, wanted);
    assert_eq!(critical_path(&schedule), ["c", "d"]);
    // What waits for a date leaves time to what comes before it.
    let slack = |id: &str| schedule.slack_days(&id.parse().expect("an id"));
    assert_eq!(
        [slack("a"), slack("b"), slack("c")],
        [Some(12), Some(7), Some(0)]
    );
}

#[test]
fn the_date_of_the_whole_holds_back_every_phase() {
    let text = "
phases:
  - {id: a, title: A, length: 1bd, outline: true, after: []}
  - {id: b, title: B, length: 1bd, outline: true, after: []}
gates: [{id: go, when: before-start, not-before: 2025-09-06T09:00:00Z, checks: [x]}]
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let wanted = ["a 09-08T09:00..09-08T17:00", "b 09-08T09:00..09-08T17:00"];
    assert_eq!(phases(&schedule), wanted);
}

#[test]
fn a_phase_whose_days_name_days_of_the_week_waits_for_them() {
    let text = "
phases:
  - id: a
    title: A
    length: 5bd
    activities:
      - {title: s, slot: {day: 1, weekday: monday}}
      - {title: t, slot: {day: 2, weekday: tuesday, time: '10:00-11:00'}}
";
    let document = document(text);
    let wednesday = laid_out(&document, "2025-09-03");
    assert_eq!(phases(&wednesday), ["a 09-08T09:00..09-12T17:00"]);
    let wanted = ["s 09-08T09:00..09-08T17:00", "t 09-09T10:00..09-09T11:00"];
    assert_eq!(activities(&wednesday), wanted);
    let wanted = "/phases/0/activities/0/slot/weekday the phase waits from 2025-09-03, a wednesday, until \
                  2025-09-08, so that its day 1 is a monday";
    assert_eq!(warnings(&document, &wednesday), [wanted]);
    let monday = laid_out(&document, "2025-09-08");
    assert_eq!(activities(&monday), activities(&wednesday));
    assert_eq!(warnings(&document, &monday), Vec::<String>::new());
}

#[test]
fn a_day_of_the_week_that_cannot_be_that_day_is_the_next_of_its_name() {
    let text = "
phases:
  - id: a
    title: A
    length: 5bd
    activities:
      - {title: s, slot: {day: 1, weekday: monday}}
      - {title: t, slot: {day: 2, weekday: thursday}}
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let wanted = ["s 09-01T09:00..09-01T17:00", "t 09-04T09:00..09-04T17:00"];
    assert_eq!(activities(&schedule), wanted);
    let wanted = "/phases/0/activities/1/slot/weekday day 2 is 2025-09-02, a tuesday: planned for thursday, \
                  2025-09-04";
    assert_eq!(warnings(&document, &schedule), [wanted]);
}

#[test]
fn a_window_whose_first_day_is_free_or_frozen_is_begun_later_and_that_is_told() {
    let text = "
phases:
  - {id: a, title: A, window: 2025-09-06..2025-09-10, outline: true}
  - {id: b, title: B, window: 2025-09-11..2025-09-15, outline: true}
  - {id: c, title: C, window: 2025-09-16..2025-09-17, outline: true}
freezes: [{title: F, from: 2025-09-11T00:00:00Z, until: 2025-09-12T00:00:00Z}]
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let wanted = [
        "a 09-08T09:00..09-11T00:00",
        "b 09-12T09:00..09-16T00:00",
        "c 09-16T09:00..09-18T00:00",
    ];
    assert_eq!(phases(&schedule), wanted);
    let wanted = [
        "/phases/0/window its first day is 2025-09-06, a saturday, when nobody works: planned for 2025-09-08",
        "/phases/1/window its first day is 2025-09-11, a thursday, and is frozen: planned for 2025-09-12",
    ];
    assert_eq!(warnings(&document, &schedule), wanted);
}

#[test]
fn nothing_is_planned_for_days_on_which_nothing_may_happen() {
    let text = "
phases:
  - id: a
    title: A
    weeks: 1
    activities:
      - {title: s, slot: {day: 2, until-day: 3}}
      - {title: t, slot: {day: 3}}
      - {title: u, slot: {day: 4, time: '10:00-11:00'}}
      - {title: night, slot: {day: 3, weekday: saturday, time: '02:00-04:00'}}
freezes: [{title: F, from: 2025-09-08T10:30:00Z, until: 2025-09-09T12:00:00Z}]
";
    let document = document(text);
    let thursday = laid_out(&document, "2025-09-04");
    let wanted = [
        "s 09-05T09:00..09-05T17:00",
        "t 09-08T09:00..09-08T10:30",
        "u 09-10T10:00..09-10T11:00",
        "night 09-06T02:00..09-06T04:00",
    ];
    assert_eq!(activities(&thursday), wanted);
    let told = warnings(&document, &thursday);
    let wanted = [
        "/phases/0/weeks 'F' leaves 30:30 of its 40 working hours, and its end stays",
        "/phases/0/activities/1/slot/day day 3 is 2025-09-06, a saturday, when nobody works: planned for \
         2025-09-08",
        "/phases/0/activities/2/slot/day day 4 is 2025-09-07, a sunday, when nobody works: planned for \
         2025-09-10",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn a_phase_lasts_until_its_last_activity_is_done() {
    let text = "
phases:
  - {id: a, title: A, length: 3d, activities: [{title: s, slot: {day: 3}}]}
  - {id: b, title: B, length: 1bd, outline: true}
  - {id: c, title: C, length: 1w..2w, activities: [{title: t, slot: {day: 8}}]}
  - {id: d, title: D, weeks: 2, outline: true}
";
    let document = document(text);
    let friday = laid_out(&document, "2025-09-05");
    let wanted = [
        // Day 3 is a Sunday: it is Monday's.
        "a 09-05T09:00..09-08T17:00",
        "b 09-09T09:00..09-09T17:00",
        // Within two weeks, as it may be.
        "c 09-10T09:00..09-17T17:00",
        "d 09-18T09:00..09-24T17:00",
    ];
    assert_eq!(phases(&friday), wanted);
    let told = warnings(&document, &friday);
    let wanted = [
        "/phases/0/activities/0/slot/day day 3 is 2025-09-07, a sunday, when nobody works: planned for 2025-09-08",
        "/phases/0/activities/0/slot/day done on 2025-09-08, after the phase should be over on 2025-09-05: it \
         lasts longer",
        "/phases/3/weeks is done on 2025-09-24, in week 3, and its weeks are 2",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn what_can_never_be_placed_is_told() {
    let text = "
phases:
  - {id: a, title: A, length: 1bd, activities: [{title: s, slot: {day: 1}}]}
freezes: [{title: F, from: 2025-01-01T00:00:00Z, until: 2095-01-01T00:00:00Z}]
";
    let document = document(text);
    let schedule = laid_out(&document, "2025-09-01");
    let told = warnings(&document, &schedule);
    assert!(
        told.iter()
            .any(|line| line.contains("nobody works, or all is frozen")),
        "{told:?}"
    );
    assert!(
        told.iter()
            .any(|line| line.contains("nor within a year after it")),
        "{told:?}"
    );
}

#[test]
fn slack_is_what_a_slip_shows() {
    // Against the definition itself: the most days by which the phase can slip without moving the end.
    let text = "
calendar: {zone: Europe/Berlin, holidays: [2025-10-03]}
phases:
  - {id: a, title: A, length: 2bd, outline: true, after: []}
  - {id: b, title: B, length: 20bh, outline: true, after: [a]}
  - {id: c, title: C, length: 1w, outline: true, after: [a]}
  - {id: d, title: D, window: 2025-10-01..2025-10-02, outline: true, after: [b]}
  - {id: e, title: E, length: 30h, outline: true, after: [c]}
  - {id: f, title: F, length: 1mo, outline: true, after: [d, e]}
  - {id: g, title: G, length: 3bd, after: [b], activities: [{title: s, slot: {day: 1, weekday: wednesday}}]}
  - id: h
    title: H
    length: 2bd
    outline: true
    after: [f, g]
    gates: [{id: go, when: before-start, not-before: 2025-11-10T00:00:00Z, checks: [x]}]
  - {id: i, title: I, length: 3h, outline: true, after: []}
freezes: [{title: F, from: 2025-09-10T12:00:00Z, until: 2025-09-16T00:00:00Z}]
";
    let document = document(text);
    for start in ["2025-09-01", "2025-09-06", "2025-09-09", "2025-10-20"] {
        let schedule = laid_out(&document, start);
        let end = schedule.end().expect("phases");
        for phase in schedule.phases() {
            let fits = |days: &u32| {
                let slipped = schedule.slipped(&phase.id, *days).expect("it is there");
                slipped.end() <= Some(end)
            };
            let most = (0..=260).take_while(fits).last();
            assert_eq!(schedule.slack_days(&phase.id), most, "{start} {}", phase.id);
        }
    }
}

#[test]
fn what_lies_before_or_after_the_days_of_the_whole_is_told() {
    let text = "
window: 2025-09-08..2025-09-12
phases: [{id: a, title: A, length: 2bd, outline: true}, {id: b, title: B, length: 3bd, outline: true}]
";
    let document = document(text);
    let told = |start: &str| -> Vec<String> {
        let warnings = laid_out(&document, start).warnings(&document);
        let found = warnings.iter();
        found
            .map(|one| format!("{} {}", one.pointer, one.message))
            .collect()
    };
    assert!(told("2025-09-08").is_empty());
    let whole = "and the whole is to lie in 2025-09-08..2025-09-12";
    assert_eq!(
        told("2025-09-09"),
        [format!("/window 'b' ends on 2025-09-15, {whole}")]
    );
    assert_eq!(
        told("2025-09-05"),
        [format!("/window 'a' begins on 2025-09-05, {whole}")]
    );
}

#[test]
fn what_is_done_after_its_days_or_its_weeks_is_told() {
    let text = "
phases:
  - {id: a, title: A, length: 4bd, weeks: 1, outline: true}
  - {id: b, title: B, length: 3bd, weeks: 1, outline: true}
  - {id: c, title: C, length: 2w, window: 2025-09-10..2025-09-23, outline: true}
  - {id: d, title: D, length: 8bd, weeks: 4..5, outline: true, after: [a]}
";
    let document = document(text);
    let warnings = laid_out(&document, "2025-09-01").warnings(&document);
    let told: Vec<String> = warnings
        .iter()
        .map(|one| format!("{} {}", one.pointer, one.message))
        .collect();
    assert_eq!(
        told,
        ["/phases/1/weeks is done on 2025-09-09, in week 2, and its weeks are 1"]
    );
}
