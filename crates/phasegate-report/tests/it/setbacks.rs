//! Goings back as incidents, delivery performance.

use phasegate_core::Fraction;
use phasegate_engine::record::{Body, Cause};
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
