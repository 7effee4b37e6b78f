//! Reports of whole journals, held as snapshots, and that they are the same each time.

use crate::fixtures;

use phasegate_engine::record::Record;
use phasegate_report::{View, html, json, markdown, summary};

fn check(name: &str, records: &[Record]) {
    let view = View::of(records).expect("a journal");
    insta::assert_snapshot!(format!("{name}.summary"), summary(&view));
    insta::assert_snapshot!(format!("{name}.md"), markdown(&view));
    insta::assert_snapshot!(format!("{name}.html"), html(&view));
    let again = View::of(records).expect("a journal");
    assert_eq!(
        (html(&view), markdown(&view)),
        (html(&again), markdown(&again))
    );
}

#[test]
fn a_rollout_that_completed() {
    check("completed", &fixtures::completed());
}

#[test]
fn a_rollout_that_a_trigger_sent_back() {
    let records = fixtures::rolled_back();
    check("rolled-back", &records);
    let view = View::of(&records).expect("a journal");
    insta::assert_snapshot!("rolled-back.json", json(&view).expect("json"));
}

#[test]
fn a_rollback_that_failed() {
    check("rollback-failed", &fixtures::rollback_failed());
}

#[test]
fn a_rollout_that_is_held() {
    check("held", &fixtures::held());
}

#[test]
fn a_rollout_that_still_runs() {
    check("running", &fixtures::running());
}

#[test]
fn a_rollout_with_an_incident_and_an_objective() {
    check("incident", &fixtures::incident("two orders are missing"));
}

#[test]
fn a_rollout_that_a_person_ended() {
    check("aborted", &fixtures::aborted());
}
