//! Goings back as incidents, drafts of post-mortems, delivery performance.

use phasegate_core::Fraction;
use phasegate_report::{View, delivery_performance, post_mortem, setbacks};

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
    insta::assert_snapshot!("post-mortem", post_mortem(&view).expect("it went back"));
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
    assert!(post_mortem(&view).is_some_and(|draft| draft.contains("not yet, over its budget")));
}

#[test]
fn without_a_going_back_there_is_no_post_mortem() {
    assert_eq!(post_mortem(&view(&fixtures::completed())), None);
}

#[test]
fn hostile_text_adds_no_line_to_a_post_mortem() {
    let lines = |text: &str| {
        let draft = post_mortem(&view(&fixtures::hostile(text))).expect("it went back");
        assert!(!draft.replace("\\<", "").contains("<script"), "{draft}");
        draft.lines().count()
    };
    let plain = lines("plain");
    for text in ["a | b\n\n# c", "<script>", "\u{1b}[2J", "{{x}} ${y}"] {
        assert_eq!(lines(text), plain, "{text:?}");
    }
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
