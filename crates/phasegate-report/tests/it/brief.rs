//! Shorter reports in their three formats, lessons, and what of others' text they show.

use phasegate_engine::record::{Body, Record};
use phasegate_report::view::{BudgetSort, KpiStatus, StretchSort};
use phasegate_report::{
    BRIEF_FORMAT, Brief, View, delivery_report, executive_summary, lessons, post_mortem, progress,
};
use serde_json::Value;

use crate::fixtures::{self, after};
use crate::hostile::{HOSTILE, assert_no_hidden, bars};

const DAY: u64 = 86_400_000;

fn view(records: &[Record]) -> View {
    View::of(records).expect("a journal")
}

/// All three formats, as snapshots; the data of it.
fn check(name: &str, brief: &Brief<'_>) -> Value {
    let (markdown, html) = (brief.markdown(), brief.html());
    let json = brief.json().expect("JSON");
    let data: Value = serde_json::from_str(&json).expect("JSON");
    let format = data.get("format").and_then(Value::as_str);
    assert_eq!(format, Some(BRIEF_FORMAT));
    assert!(html.contains("default-src &#39;none&#39;"), "{html}");
    insta::assert_snapshot!(format!("{name}.md"), markdown);
    insta::assert_snapshot!(format!("{name}.html"), html);
    insta::assert_snapshot!(format!("{name}.json"), json);
    data.get("report").cloned().expect("a report")
}

#[test]
fn half_a_page_says_how_it_went() {
    let held = view(&fixtures::held());
    let data = check("executive-held", &executive_summary(&held));
    let open = data["executive-summary"]["open"]
        .as_array()
        .expect("a list");
    assert!(
        open[0]["what"]
            .to_string()
            .contains("nothing moves forward")
    );
    let failed = view(&fixtures::rollback_failed());
    let failed = executive_summary(&failed).markdown();
    insta::assert_snapshot!("executive-rollback-failed.md", failed);
    let completed = view(&fixtures::completed());
    let completed = executive_summary(&completed);
    insta::assert_snapshot!("executive-completed.md", completed.markdown());
}

#[test]
fn progress_says_what_happened_in_a_week() {
    let records = fixtures::weeks();
    let week = View::of_until(&records, after(7 * DAY)).expect("a journal");
    assert_eq!(week.header.ended, None);
    assert!(week.header.last < after(7 * DAY));
    let data = check("week", &progress(&week, after(0), after(7 * DAY)));
    let week = &data["progress"];
    assert_eq!(week["exposure"][0]["from"], "0%");
    assert_eq!(week["exposure"][0]["until"], "25%");
    assert_eq!(
        (&week["phases-done"], &week["phases"]),
        (&1.into(), &2.into())
    );
    assert_eq!(week["next"][0]["phase"], "canary");
}

#[test]
fn progress_says_what_happened_in_a_day_and_nothing_else() {
    let records = fixtures::weeks();
    // Until the day is over, and the day on which the share rose.
    let day = View::of_until(&records, after(4 * DAY)).expect("a journal");
    let data = check("day", &progress(&day, after(3 * DAY), after(4 * DAY)));
    let moments = data["progress"]["moments"].as_array().expect("a list");
    assert!(!moments.is_empty() && moments.len() < 4, "{moments:?}");
    let all = view(&records);
    let quiet = progress(&all, after(2 * DAY), after(2 * DAY + 3_600_000));
    let text = quiet.markdown();
    assert!(!text.contains("What happened"), "{text}");
    assert!(text.contains("from 5% to 5%"), "{text}");
}

#[test]
fn a_draft_of_a_post_mortem_holds_what_the_journal_knows() {
    let back = view(&fixtures::rolled_back());
    let data = check("post-mortem", &post_mortem(&back).expect("it went back"));
    assert_eq!(data["post-mortem"]["setbacks"][0]["exposed"], "25%");
    // What was declared is told as well, where nothing went back.
    let declared = view(&fixtures::incident("two orders are missing"));
    assert!(declared.rollbacks.is_empty());
    let draft = post_mortem(&declared).expect("something was declared");
    let draft = draft.markdown();
    for part in [
        "late: nobody has acknowledged it",
        "12s",
        "two orders are missing",
        "## Why it happened\n\nTo be filled in.",
    ] {
        assert!(draft.contains(part), "no {part:?}: {draft}");
    }
}

#[test]
fn a_drill_of_an_incident_is_told_as_one() {
    let drill = view(&fixtures::drill_of_an_incident("twice a year"));
    assert!(post_mortem(&drill).is_none(), "nothing has happened");
    let text = phasegate_report::markdown(&drill);
    for part in [
        "Drill 1: ",
        "Rehearsed",
        "no message has arrived",
        "data-loss, rehearsed by noor: twice a year",
    ] {
        assert!(text.contains(part), "no {part:?}: {text}");
    }
    let found = lessons(&drill).to_improve;
    let unheard = found
        .iter()
        .find(|one| one.what.contains("no message about it has arrived"));
    assert!(unheard.is_some(), "{found:?}");
}

#[test]
fn delivery_performance_is_a_report_too() {
    let views = [view(&fixtures::completed()), view(&fixtures::rolled_back())];
    let report = delivery_report(&views, after(0), after(DAY));
    let data = check("delivery", &report);
    let found = &data["delivery-performance"];
    assert_eq!(found["change-fail-rate"], "0.5");
    assert_eq!(found["lead-time"], Value::Null);
    let none = delivery_report(&views, after(DAY), after(2 * DAY)).markdown();
    assert!(none.contains("not known"), "{none}");
}

#[test]
fn objectives_and_clocks_are_kept_or_not() {
    let view = view(&fixtures::incident("two orders are missing"));
    let [slo] = view.slos.as_slice() else {
        panic!("one objective: {:?}", view.slos);
    };
    assert_eq!(slo.status, KpiStatus::Met);
    let measured: Vec<&str> = slo.actual.iter().map(|one| one.measure.as_str()).collect();
    assert_eq!(measured, ["budget_left(served)", "burn_rate(served, 1h)"]);
    let of = |sort| view.budgets.iter().find(|budget| budget.sort == sort);
    for (sort, took, over) in [
        (BudgetSort::Acknowledge, "12s", true),
        (BudgetSort::Decide, "21s", false),
        // From the declaration to the first news.
        (BudgetSort::Update, "21.5s", true),
    ] {
        let budget = of(sort).expect("a budget");
        let took = took.parse().expect("a length");
        assert_eq!((budget.took, budget.over), (Some(took), over), "{sort:?}");
    }
    // Nothing was to be done, so that nothing could be late.
    assert_eq!(of(BudgetSort::Complete), None);
}

#[test]
fn goals_are_held_against_what_was_measured() {
    let view = view(&fixtures::incident("two orders are missing"));
    let [goal] = view.goals.as_slice() else {
        panic!("one goal: {:?}", view.goals);
    };
    let told: Vec<(&str, &str, usize, KpiStatus)> = goal
        .numbers
        .iter()
        .map(|one| {
            (
                one.target.as_str(),
                one.baseline.as_str(),
                one.actual.len(),
                one.status,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("p95(latency) < 120ms", "~50ms", 1, KpiStatus::Met),
            // It was measured, and nobody has held it against this.
            ("p95(latency) < 100ms", "~50ms", 1, KpiStatus::Open),
            ("satisfaction 3/5 -> 4/5", "3/5", 0, KpiStatus::NotMeasured),
        ]
    );
    let said: Vec<bool> = goal
        .checks
        .iter()
        .map(|check| check.said.is_some())
        .collect();
    assert_eq!(said, [true, false]);
    let why: Vec<Option<&str>> = goal.numbers.iter().map(|one| one.why.as_deref()).collect();
    assert_eq!(
        why,
        [
            None,
            Some("no criterion of the rollout has asked for just this; the last value meets it"),
            Some("nothing that had to be looked at asks for it"),
        ]
    );
}

#[test]
fn a_journal_teaches_what_it_knows() {
    let found = lessons(&view(&fixtures::incident("two orders are missing")));
    let all: Vec<&str> = found
        .to_improve
        .iter()
        .map(|one| one.what.as_str())
        .collect();
    for part in [
        ": skipped by noor",
        "late, incidents: until somebody looks at it",
    ] {
        assert!(all.iter().any(|what| what.contains(part)), "{all:?}");
    }
    assert!(
        !all.iter().any(|what| what.contains("not followed up")),
        "{all:?}"
    );
    assert_eq!(found.done.len(), 1);
    let held = lessons(&view(&fixtures::held()));
    let blind = held.to_improve.iter();
    let blind = blind.filter(|one| one.what.contains("could not be told"));
    assert_eq!(blind.count(), 2, "{held:?}");
    let completed = lessons(&view(&fixtures::completed()));
    let unseen = completed.to_improve.iter();
    assert_eq!(
        unseen
            .filter(|one| one.what.contains("not measured"))
            .count(),
        1
    );
    let failed = lessons(&view(&fixtures::rollback_failed())).to_improve;
    let over = failed.iter().find(|one| one.what.contains("of 5s"));
    assert!(over.is_some(), "{failed:?}");
}

#[test]
fn two_percentiles_make_a_band_of_each_arm() {
    let page = phasegate_report::html(&view(&fixtures::incident("x")));
    let shapes = |class: &str| page.matches(&format!("<polygon class=\"{class}\"")).count();
    // In two sizes; cut where it was not looked.
    assert!(shapes("band") >= 2, "of the new version");
    assert_eq!(shapes("band"), shapes("band-stable"), "of the old one");
    assert!(page.contains("Percentiles of "));
    // One percentile alone has none.
    let page = phasegate_report::html(&view(&fixtures::completed()));
    assert!(!page.contains("<polygon class=\"band-stable\""));
}

/// Everything short that can be made of a journal.
fn all<'v>(view: &'v View, views: &[View]) -> Vec<Brief<'v>> {
    let mut all = vec![
        executive_summary(view),
        progress(view, after(0), after(DAY)),
        delivery_report(views, after(0), after(DAY)),
    ];
    all.extend(post_mortem(view));
    all
}

#[test]
fn text_of_others_stays_text() {
    let stories: [fn(&str) -> Vec<Record>; 2] = [fixtures::hostile, fixtures::incident];
    for story in stories {
        let plain = view(&story("plain"));
        for text in HOSTILE {
            let hostile = view(&story(text));
            let (plains, hostiles) = ([plain.clone()], [hostile.clone()]);
            for (plain, brief) in all(&plain, &plains).iter().zip(all(&hostile, &hostiles)) {
                let (page, other) = (brief.html(), plain.html());
                for sign in ['<', '"'] {
                    assert_eq!(
                        page.matches(sign).count(),
                        other.matches(sign).count(),
                        "{text:?}"
                    );
                }
                assert_no_hidden(&page, text);
                let (page, other) = (brief.markdown(), plain.markdown());
                assert_eq!(
                    page.lines().count(),
                    other.lines().count(),
                    "{text:?}: {page}"
                );
                for (line, other) in page.lines().zip(other.lines()) {
                    assert_eq!(bars(line), bars(other), "{text:?} adds a cell: {line}");
                }
                assert!(!page.replace("\\<", "").contains("<script"), "{page}");
                assert_no_hidden(&page, text);
                serde_json::from_str::<Value>(&brief.json().expect("JSON")).expect("JSON");
            }
        }
    }
}

#[test]
fn what_still_sees_the_new_version_after_going_back_is_a_lesson() {
    let mut back = view(&fixtures::rolled_back());
    let told = |view: &View| {
        let all = lessons(view).to_improve.into_iter();
        all.filter(|one| one.what.contains("still see the new version"))
            .count()
    };
    assert_eq!(told(&back), 0);
    let line = back.exposure.first_mut().expect("a line");
    line.points.last_mut().expect("a point").share = fixtures::read("10%");
    assert_eq!(told(&back), 1);
}

#[test]
fn what_cannot_be_seen_right_after_a_change_is_no_blindness() {
    let stretches = |millis| {
        let view = view(&fixtures::settling(millis));
        let slow = view
            .triggers
            .iter()
            .find(|one| one.trigger.as_str() == "slow");
        let stretches = slow.expect("a trigger").stretches.clone();
        let told = stretches.iter().map(|one| {
            let lasted = one.until.map(|until| until.since(one.from).rounded());
            (one.sort, lasted.map(|lasted| lasted.to_string()))
        });
        (told.collect::<Vec<_>>(), lessons(&view))
    };
    // It settles for half a minute, and two looks later at the latest something is seen.
    let settled = |lasted: &str| (StretchSort::Settling, Some(lasted.to_owned()));
    let (told, found) = stretches(50_000);
    assert_eq!(told, [settled("50s")]);
    let untold = |found: &phasegate_report::Lessons| {
        let mut all = found.to_improve.iter();
        all.any(|one| one.what.contains("could not be told"))
    };
    assert!(!untold(&found), "{found:?}");
    // What takes longer is blind for the rest of it.
    let (told, found) = stretches(100_000);
    assert_eq!(
        told,
        [settled("1m"), (StretchSort::Blind, Some("40s".to_owned()))]
    );
    assert!(untold(&found), "{found:?}");
}

#[test]
fn a_page_for_a_minute_names_few() {
    let mut view = view(&fixtures::completed());
    let unseen = view.kpis.last().expect("a KPI").clone();
    for number in 0..30 {
        let mut more = unseen.clone();
        more.title = format!("Number {number}");
        view.kpis.push(more);
    }
    let page = executive_summary(&view).markdown();
    assert!(page.contains("Number 0, Number 1 and 28 more"), "{page}");
    assert!(!page.contains("Number 2"), "{page}");
    assert!(
        page.contains("| KPIs | 2 ✓ met, 31 · not measured |"),
        "{page}"
    );
}

#[test]
fn a_phase_without_anything_to_do_achieves_nothing() {
    let mut view = view(&fixtures::completed());
    let achieved = |view: &View| {
        let page = progress(view, after(0), after(DAY)).markdown();
        page.contains("✓ phase done: Internal trial")
    };
    assert!(achieved(&view));
    view.phases[0].runs[0].steps.clear();
    assert!(!achieved(&view));
    let page = executive_summary(&view).markdown();
    assert!(page.contains("2 of 2 done, 1 with nothing to do"), "{page}");
}

#[test]
fn what_the_plan_says_of_lessons_is_told() {
    let view = view(&fixtures::incident("two orders are missing"));
    let full = phasegate_report::markdown(&view);
    let draft = post_mortem(&view)
        .expect("something was declared")
        .markdown();
    for page in [full, draft] {
        assert!(
            page.contains("| What is to be done about it | Write the release notes earlier |"),
            "{page}"
        );
    }
}

#[test]
fn so_many_of_so_many_are_said_in_words() {
    let mut view = view(&fixtures::completed());
    view.kpis[0].actual[0].of = Some(1_000);
    let page = phasegate_report::markdown(&view);
    assert!(page.contains("ms of 1000**"), "{page}");
    assert!(page.contains("of values within 250ms"), "{page}");
}

#[test]
fn who_has_said_yes_is_not_waited_for() {
    let records = fixtures::completed();
    let decided = |record: &Record| matches!(record.body, Body::GateDecided { .. });
    let (mut approved, mut before) = (0, 0);
    for (at, _) in records
        .iter()
        .enumerate()
        .filter(|(_, record)| decided(record))
    {
        let answers = records[..at]
            .iter()
            .rposition(|record| matches!(record.body, Body::Answered(_)));
        let Some(answered) = answers else { continue };
        let asked = |until: usize| {
            let view = View::of(&records[..until]).expect("a journal");
            executive_summary(&view).markdown().contains(" is asked: ")
        };
        approved += usize::from(!asked(at));
        before += usize::from(asked(answered));
    }
    assert!(approved > 0 && before > 0, "{approved} {before}");
}
