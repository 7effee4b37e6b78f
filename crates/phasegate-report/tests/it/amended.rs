//! A revised plan: the report is of the plan in force, with what was found under the one before.

use phasegate_engine::program::{Phase, Rollback};
use phasegate_engine::record::{Body, Change, RECORD_FORMAT, Record};
use phasegate_report::view::{MomentSort, PhaseStanding};
use phasegate_report::{View, html, markdown};

use crate::fixtures;

#[test]
fn a_revised_plan_is_told_and_shown_from_its_record_on() {
    let mut records = fixtures::running();
    let Body::Created { program, .. } = &records[0].body else {
        panic!("a creation");
    };
    let before = View::of(&records).expect("a journal");
    let mut revised = program.clone();
    revised.plan_digest = "feed".to_owned();
    revised.triggers.reverse();
    revised.phases.push(Phase {
        id: "late".parse().expect("an id"),
        title: "Late <work>".to_owned(),
        after: Vec::new(),
        not_before: None,
        ops: Vec::new(),
        rollback: Rollback::default(),
        re_enables: None,
    });
    let last = records.last().expect("a record").now;
    records.push(Record {
        v: RECORD_FORMAT,
        now: last,
        note: None,
        body: Body::Amended {
            program: revised,
            plan_source: String::new(),
            bindings_source: String::new(),
            changes: vec![
                Change::PhaseAdded {
                    phase: "late".parse().expect("an id"),
                },
                Change::Freezes,
            ],
            by: "milan".parse().expect("an id"),
            reason: "more <b>work</b>".to_owned(),
        },
    });
    let view = View::of(&records).expect("a journal");
    assert_eq!(view.header.plan_digest, "feed");
    let late = view.phases.last().expect("a phase");
    assert_eq!(
        (late.id.as_str(), late.standing),
        ("late", PhaseStanding::Waiting)
    );
    // What was found stays, with what it belongs to.
    assert_eq!(view.criteria, before.criteria);
    let mut triggers = view.triggers.clone();
    triggers.reverse();
    assert_eq!(triggers, before.triggers);
    let moment = view.moments.last().expect("a moment");
    assert_eq!(moment.sort, MomentSort::Amended);
    assert!(moment.sort.is_decision());
    assert_eq!(moment.by.as_ref().map(|by| by.as_str()), Some("milan"));
    assert_eq!(
        moment.text,
        "more <b>work</b>: phase late is added; when nothing moves forward"
    );
    let page = html(&view);
    assert!(page.contains("plan revised") && !page.contains("<b>work</b>"));
    assert!(markdown(&view).contains("plan revised"));
}
