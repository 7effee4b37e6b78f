//! Calendar files, read by a small reader of the tests' own: unfolded, unescaped, event by event.

use phasegate_plan::model::{Freeze, Gate, Maintenance, Phase, PlanDraft, PlanFormat};
use phasegate_plan::{Plan, PlanDocument, Schedule, check};
use phasegate_report::export::icalendar;
use proptest::prelude::*;

const PLAN: &str = r#"
format: phasegate-plan/1
id: greeter
title: "Greeter 2; first, try"
calendar: {zone: Europe/Berlin}
window: 2025-09-01..2025-10-31
review: {every: monthly}
phases:
  - id: build
    title: Build
    length: 5bd
    objectives: ["It builds, always", Everybody can]
    no-way-back: nothing is changed
    gates:
      - {id: ready, title: Ready?, decide-within: 2h, on-timeout: hold, approvals: [lead]}
  - {id: ship, title: Ship, length: 1w, window: 2025-09-08..2025-09-30, no-way-back: nothing is changed}
roles:
  - {id: lead, members: [rosa]}
gates:
  - {id: accept, when: acceptance, approvals: [lead]}
freezes:
  - {title: Fair, from: "2025-09-10T00:00:00Z", until: "2025-09-12T12:30:00Z"}
  - {title: Fair, from: "2025-10-10T00:00:00Z", until: "2025-10-12T12:30:00Z"}
maintenance:
  - {title: Patch day, recurrence: FREQ=MONTHLY;BYDAY=2TU;UNTIL=20261231T235959Z, length: 4h, activities: [Patch hosts]}
  - {title: Compact, recurrence: 30 2 1 * sun, length: 90m}
  - {title: Archive, recurrence: quarterly, length: 2bd, notice: 1w}
recovery:
  backups:
    - {kind: full, schedule: 0 3 * * sun}
"#;

fn plan(text: &str) -> Plan {
    let checked = check(&PlanDocument::read("plan.yaml", text.as_bytes()), None);
    checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()))
}

fn written(plan: &Plan) -> String {
    written_from(plan, "2025-09-01")
}

fn written_from(plan: &Plan, start: &str) -> String {
    let schedule = Schedule::new(plan, start.parse().expect("a day"));
    icalendar(
        plan,
        &schedule,
        "2025-08-01T12:00:00.75Z".parse().expect("a moment"),
    )
}

/// A property: its name with parameters, and its value unescaped.
type Property = (String, String);

/// Content lines, checked and unfolded.
fn properties(text: &str) -> Vec<Property> {
    let body = text.strip_suffix("\r\n").expect("the last line ends");
    for line in body.split("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line:?}", line.len());
        assert!(!line.contains(['\r', '\n']) && !line.is_empty(), "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let unfolded = body.replace("\r\n ", "");
    let read = |line: &str| {
        let (name, value) = line.split_once(':').expect("a property");
        let plain = |c: char| {
            c.is_ascii_uppercase()
                || c == '-'
                || c == ';'
                || c == '='
                || c == '/'
                || c.is_ascii_alphanumeric()
                || c == '_'
        };
        assert!(name.chars().all(plain), "{name:?}");
        (name.to_owned(), unescaped(value))
    };
    unfolded.split("\r\n").map(read).collect()
}

fn unescaped(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next().expect("something is escaped") {
                'n' => out.push('\n'),
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    out
}

/// The events, and whether all that begins also ends.
fn events(text: &str) -> Vec<Vec<Property>> {
    let mut open: Vec<String> = Vec::new();
    let mut events: Vec<Vec<Property>> = Vec::new();
    for (name, value) in properties(text) {
        match name.as_str() {
            "BEGIN" => {
                if value == "VEVENT" {
                    events.push(Vec::new());
                }
                open.push(value);
            }
            "END" => assert_eq!(open.pop(), Some(value)),
            _ if open.last().is_some_and(|open| open == "VEVENT") => {
                events.last_mut().expect("one is open").push((name, value));
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
    events
}

fn value<'e>(event: &'e [Property], name: &str) -> Option<&'e str> {
    let found = event
        .iter()
        .find(|(one, _)| one.split(';').next() == Some(name));
    found.map(|(_, value)| value.as_str())
}

#[test]
fn a_plan_stands_in_a_calendar() {
    let text = written(&plan(PLAN));
    insta::assert_snapshot!("calendar", text.replace("\r\n", "\n"));
    let events = events(&text);
    let of = |uid: &str| {
        let found = events.iter().find(|event| value(event, "UID") == Some(uid));
        found.unwrap_or_else(|| panic!("no {uid}")).clone()
    };
    let build = of("greeter.phase.build@phasegate");
    assert_eq!(value(&build, "DTSTAMP"), Some("20250801T120000Z"));
    // 09:00 to 17:00 in Berlin.
    assert_eq!(value(&build, "DTSTART"), Some("20250901T070000Z"));
    assert_eq!(value(&build, "DTEND"), Some("20250905T150000Z"));
    assert_eq!(
        value(&build, "DESCRIPTION"),
        Some("It builds, always\nEverybody can")
    );
    assert_eq!(
        value(&of("greeter.gate.build.ready@phasegate"), "DURATION"),
        Some("PT2H")
    );
    assert_eq!(
        value(&of("greeter.window.ship@phasegate"), "DTEND"),
        Some("20251001")
    );
    assert_eq!(
        value(&of("greeter.freeze.fair.2@phasegate"), "DTSTART"),
        Some("20251010T000000Z")
    );
    let patch = of("greeter.maintenance.patch-day@phasegate");
    assert_eq!(value(&patch, "DTSTART"), Some("20250909"));
    assert_eq!(
        value(&patch, "RRULE"),
        Some("FREQ=MONTHLY;BYDAY=2TU;UNTIL=20261231")
    );
    let compact = of("greeter.maintenance.compact@phasegate");
    assert_eq!(value(&compact, "DTSTART"), Some("20250901T023000"));
    assert_eq!(
        value(&compact, "RRULE"),
        Some("FREQ=DAILY;BYMONTHDAY=1;BYHOUR=2;BYMINUTE=30")
    );
    // The same expression on its other days, from its own first one.
    assert_eq!(
        value(&of("greeter.maintenance.compact.2@phasegate"), "DTSTART"),
        Some("20250907T023000")
    );
    assert_eq!(
        value(&of("greeter.backup.backup--full@phasegate"), "DTSTART"),
        Some("20250907T030000")
    );
    assert!(text.contains(
        "BEGIN:STANDARD\r\nDTSTART:20251026T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    ));
    let mut uids: Vec<&str> = events
        .iter()
        .filter_map(|event| value(event, "UID"))
        .collect();
    uids.sort_unstable();
    uids.dedup();
    assert_eq!(uids.len(), events.len(), "every event has its own UID");
}

#[test]
fn what_is_added_elsewhere_changes_no_uid() {
    let more = PLAN.replace(
        "maintenance:\n",
        "maintenance:\n  - {title: Sweep, recurrence: daily}\n",
    );
    let uids = |text: &str| -> Vec<String> {
        let all = events(&written(&plan(text)));
        all.iter()
            .filter_map(|event| value(event, "UID").map(str::to_owned))
            .collect()
    };
    let (before, after) = (uids(PLAN), uids(&more));
    assert_eq!(after.len(), before.len() + 1);
    assert!(before.iter().all(|uid| after.contains(uid)), "{after:?}");
}

#[test]
fn a_plan_in_universal_time_needs_no_zone() {
    let text = written(&plan(&PLAN.replace("Europe/Berlin", "UTC")));
    assert!(
        !text.contains("VTIMEZONE") && !text.contains("TZID"),
        "{text}"
    );
    assert!(text.contains("DTSTART:20250907T030000Z\r\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_a_title_holds_comes_back_as_it_is_shown(title in "\\PC{0,40}[\\\\;,:\"\r\n\t\u{202e}\u{0}{}$%x漢]{0,300}") {
        prop_assume!(title.chars().any(|c| c.is_alphanumeric()));
        let moment = |text: &str| text.parse::<phasegate_core::Timestamp>().expect("a moment");
        let draft = PlanDraft::new(PlanFormat::V1, "p", title.as_str())
            .phases([Phase::new("a", title.as_str())
                .no_way_back("nothing")
                .length("1bd")
                .objectives([title.clone(), title.clone()])
                .gates([Gate::new("g").title(title.as_str()).approvals(["lead"])])])
            .roles([phasegate_plan::model::PlanRole::new("lead").members(["rosa"])])
            .freezes([Freeze::new(title.as_str(), moment("2026-01-01T00:00:00Z"), moment("2026-01-02T00:00:00Z"))])
            .maintenance([Maintenance::new(title.as_str(), "0 3 * * *")]);
        // Some of it a plan refuses.
        let plan = draft.build();
        if title.chars().all(|c| !c.is_control() && c != '\u{202e}') && title.len() < 200 {
            prop_assert!(plan.is_ok(), "{}", plan.as_ref().err().map_or_else(String::new, |faults| faults.render()));
        }
        if let Ok(plan) = plan {
            let events = events(&written(&plan));
            prop_assert_eq!(events.len(), 4);
            let shown = events.first().and_then(|event| value(event, "SUMMARY")).expect("a title").to_owned();
            for event in &events {
                prop_assert_eq!(value(event, "SUMMARY"), Some(shown.as_str()));
            }
            let kept = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).take(20).collect::<String>();
            if title.chars().all(|c| !c.is_control()) && title.is_ascii() {
                prop_assert_eq!(kept(&shown), kept(&title));
            }
        }
    }
}

#[test]
fn windows_of_another_time_are_told_and_not_shown() {
    let plan = plan(PLAN);
    let kinds = |text: &str| {
        let events = events(text).into_iter();
        let windows =
            events.filter(|event| event.contains(&("CATEGORIES".into(), "window".into())));
        windows.count()
    };
    // As it was meant: the days of the whole and of one phase.
    assert_eq!(kinds(&written(&plan)), 2);
    assert!(!written(&plan).contains("Begun as it is here"));
    // A week late, one phase ends after its days, which are still shown.
    let late = written_from(&plan, "2025-09-22");
    assert_eq!(kinds(&late), 2);
    let told = |text: &str| {
        text.replace("\r\n ", "")
            .matches("Begun as it is here")
            .count()
    };
    assert_eq!(told(&late), 1);
    // A year late, all of it lies elsewhere: the phase says so, and the calendar as a whole, under both its names.
    let other = written_from(&plan, "2026-09-01");
    assert_eq!(kinds(&other), 0);
    assert_eq!(told(&other), 3);
}

#[test]
fn what_takes_no_time_has_no_end() {
    let plan = plan(
        "format: phasegate-plan/1\nid: shop\ntitle: Shop\nphases:\n  - {id: tidy, title: Tidy, outline: true}\n  - {id: run, title: Run, length: 2d}\n",
    );
    let text = written(&plan);
    let mut found = 0;
    for event in events(&text) {
        let (start, end) = (value(&event, "DTSTART"), value(&event, "DTEND"));
        assert_ne!(start, end, "{text}");
        found += usize::from(end.is_none());
    }
    assert!(found > 0, "{text}");
}

/// A gate with a date stands where the engine decides it, not behind the days that its phase may take; statements that
/// criteria decide are gates as well.
#[test]
fn gates_stand_where_they_are_decided() {
    let text = "format: phasegate-plan/1
id: dated
title: Dated
calendar: {zone: UTC}
roles: [{id: lead, members: [rosa]}]
kpis: [{id: cover, title: Cover, shape: gauge, unit: '%', direction: higher, source: metrics, query: {whole: cover}}]
prerequisites: [{title: Before, owner: lead, items: [It builds, {statement: Enough is covered, criteria: [cover >= 85%]}]}]
phases:
  - id: beta
    title: Beta
    window: 2025-09-13..2025-09-16
    steps: [{id: invite, task: {role: lead, instructions: Invite them}, checks: [{statement: Still covered, criteria: [cover >= 80%]}]}]
    gates:
      - {id: early, not-before: '2025-09-16T00:00:00Z', approvals: [lead]}
      - {id: ended, approvals: [lead], checks: [They are content, {statement: Well covered, criteria: [cover >= 90%]}]}
    no-way-back: nothing is changed
";
    let written = written(&plan(text));
    let begins = |uid: &str| {
        let event = written
            .split("BEGIN:VEVENT")
            .find(|event| event.contains(uid));
        let event = event.unwrap_or_else(|| panic!("{uid}: {written}"));
        assert!(event.contains("CATEGORIES:gate"), "{event}");
        let from = event.lines().find_map(|line| line.strip_prefix("DTSTART:"));
        from.expect("a beginning").to_owned()
    };
    assert_eq!(begins("UID:dated.gate.beta.early@"), "20250916T000000Z");
    // Without a date it comes when the days of the phase are over.
    assert_eq!(begins("UID:dated.gate.beta.ended@"), "20250917T000000Z");
    assert_eq!(
        begins("UID:dated.gate.beta.ended-check-2@"),
        "20250917T000000Z"
    );
    let begin = begins("UID:dated.gate.plan.prerequisite-2@");
    assert!(
        written.contains(&format!(
            "UID:dated.phase.beta@phasegate\r\nDTSTAMP:20250801T120000Z\r\nDTSTART:{begin}"
        )),
        "{written}"
    );
    begins("UID:dated.gate.beta.invite-check-1@");
    assert!(!written.contains("prerequisite-1@"), "{written}");
}
