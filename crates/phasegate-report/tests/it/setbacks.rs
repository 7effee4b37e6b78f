//! Goings back as incidents, delivery performance.

use phasegate_core::Fraction;
use phasegate_engine::record::{Body, Cause, Outcome};
use phasegate_report::{View, delivery_performance, markdown, post_mortem, setbacks};

use crate::fixtures::{self, after};

fn view(records: &[phasegate_engine::record::Record]) -> View {
    View::of(records).expect("a journal")
}

#[test]
fn a_going_back_is_an_incident_from_its_first_sign_on() {
    let view = view(&fixtures::rolled_back());
    let all = setbacks(&view);
    let [one] = all.as_slice() else {
        panic!("it went back once: {all:?}");
    };
    assert!(
        one.began < one.noticed,
        "the trigger was pending before it fired"
    );
    assert_eq!(one.time_to_detect(), "1500ms".parse().expect("a length"));
    assert!(
        one.time_to_restore()
            .is_some_and(|took| took > one.time_to_detect())
    );
    assert_eq!(
        one.exposed.map(|share| share.to_string()),
        Some("25%".to_owned())
    );
    assert!(one.timeline.iter().all(|moment| moment.at >= one.began));
}

#[test]
fn what_was_not_validated_is_not_restored() {
    let view = view(&fixtures::rollback_failed());
    let all = setbacks(&view);
    assert!(
        all.iter()
            .all(|one| one.restored.is_none() && one.over_budget),
        "{all:?}"
    );
    let draft = post_mortem(&view).expect("it went back").markdown();
    assert!(draft.contains("not yet, over its budget"), "{draft}");
    // Each step of the way back with its time and its budget, and all of it.
    for row in [
        "| 31s | 5s | ✗ late | ✓ done |",
        "| 37.644s | 30s | ✗ late | ✗ not validated: a person must take over |",
    ] {
        assert!(draft.contains(row), "no {row:?}: {draft}");
    }
}

/// A rehearsal before the real thing does not lend it its steps.
#[test]
fn what_was_rehearsed_is_not_told_as_what_happened() {
    let mut view = view(&fixtures::rolled_back());
    let happened = |view: &View| {
        let draft = post_mortem(view).expect("it went back").markdown();
        let end = draft.find("## What users noticed").expect("a heading");
        draft[..end].to_owned()
    };
    let before = happened(&view);
    let mut drill = view.rollbacks[0].clone();
    drill.cause = Cause::Drill {
        by: "rosa".parse().expect("an id"),
        reason: "a rehearsal".to_owned(),
    };
    drill.steps.clear();
    view.rollbacks.insert(0, drill);
    assert_eq!(happened(&view), before);
}

#[test]
fn what_still_sees_it_and_what_nobody_validated_is_told() {
    let mut view = view(&fixtures::rolled_back());
    let one = &setbacks(&view)[0];
    assert!(one.validated && one.left.is_empty(), "{one:?}");
    view.rollbacks[0].validations = 0;
    let share = "10%".parse().expect("a share");
    for point in &mut view.exposure[0].points {
        point.share = share;
    }
    let one = &setbacks(&view)[0];
    assert!(!one.validated && one.left[0].share == share, "{one:?}");
    let draft = post_mortem(&view).expect("it went back").markdown();
    for told in [
        "its steps are done, the plan validates nothing here",
        "| Still saw it afterwards | **10% of ",
    ] {
        assert!(draft.contains(told), "no {told:?}: {draft}");
    }
}

#[test]
fn the_first_sign_of_a_criterion_is_its_first_failure_in_a_row() {
    let mut view = view(&fixtures::rolled_back());
    assert!(setbacks(&view)[0].first_sign.is_some());
    view.rollbacks[0].cause = Cause::Criterion {
        check: "canary-p95".parse().expect("an id"),
        sentence: "too slow".to_owned(),
    };
    let one = &setbacks(&view)[0];
    // At 131 ms it failed, half a second before the trigger began to hold.
    assert_eq!(one.time_to_detect(), "2s".parse().expect("a length"));
    assert_eq!(
        one.first_sign.as_deref(),
        Some("p95(latency) < 120ms began to fail")
    );
    let draft = post_mortem(&view).expect("it went back").markdown();
    assert!(draft.contains("| ! first sign | p95(latency) "), "{draft}");
    // What a person begins has no sign before it.
    view.rollbacks[0].cause = Cause::Operator {
        by: "noor".parse().expect("an id"),
        reason: "why not".to_owned(),
    };
    assert_eq!(setbacks(&view)[0].first_sign, None);
}

#[test]
fn without_a_going_back_there_is_no_post_mortem() {
    assert!(post_mortem(&view(&fixtures::completed())).is_none());
}

#[test]
fn delivery_is_measured_over_rollouts() {
    let views = [view(&fixtures::completed()), view(&fixtures::rolled_back())];
    let day = after(86_400_000);
    let found = delivery_performance(&views, after(0), day);
    assert_eq!(found.change_fail_rate, Fraction::new(1, 2));
    assert_eq!(found.deployments_per_day, Fraction::new(2, 1));
    assert_eq!(
        found.recovery_time,
        setbacks(&views[1])[0].time_to_restore()
    );
    assert_eq!(found.lead_time, None);
    let none = delivery_performance(&views, day, after(2 * 86_400_000));
    assert_eq!(none.change_fail_rate, None);
}

#[test]
fn a_drill_is_no_setback() {
    let mut records = fixtures::rolled_back();
    for record in &mut records {
        if let Body::RollbackStarted { cause, .. } = &mut record.body {
            let by = fixtures::read("olga");
            let reason = "it is rehearsed".to_owned();
            *cause = Cause::Drill { by, reason };
        }
    }
    let view = view(&records);
    assert_eq!(setbacks(&view), []);
    assert!(view.rollbacks[0].took.is_some(), "it is timed");
    let day = after(86_400_000);
    let found = delivery_performance(std::slice::from_ref(&view), after(0), day);
    assert_eq!(found.change_fail_rate, Fraction::new(0, 1));
    let told = markdown(&view);
    assert!(told.contains("a drill of olga: it is rehearsed"), "{told}");
}

#[test]
fn where_no_share_is_set_what_was_carried_out_is_a_deployment() {
    let mut view = view(&fixtures::completed());
    let deployed = |view: &View| {
        let found = delivery_performance(std::slice::from_ref(view), after(0), after(86_400_000));
        found.deployments_per_day != Fraction::new(0, 1)
    };
    assert!(view.header.sets_shares && deployed(&view));
    view.exposure.clear();
    assert!(!deployed(&view), "nobody has seen it");
    view.header.sets_shares = false;
    assert_eq!(view.header.outcome, Some(Outcome::Completed));
    assert!(deployed(&view));
    view.header.outcome = None;
    assert!(deployed(&view), "something was changed outside");
    view.effects.clear();
    assert!(!deployed(&view));
}
