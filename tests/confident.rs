//! Triggers with confidence: the engine asks for all samples since the last change, whatever the window of the KPI,
//! and the triggers of a plan share the chance of a false alarm.

use phasegate_core::Span;
use phasegate_engine::record::{Body, Cause, Outcome, Record};
use phasegate_engine::sample_sizes;
use phasegate_plan::{PlanDocument, check};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{Regression, World};
use phasegate_tests::{at, errors, program, root};

fn run(becomes: Option<&str>) -> Vec<Record> {
    let mut world = World::default();
    let kpi = || "errors".parse().expect("an id");
    world.metrics.insert(kpi(), errors("0.1%"));
    world.regressions.extend(becomes.map(|share| Regression {
        kpi: kpi(),
        from: "10%".parse().expect("a ratio"),
        becomes: errors(share),
    }));
    let setup = Setup::new(program("confident", None), world, at(0));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(60 * 60)).expect("no defect");
    simulation.records().expect("a whole journal")
}

fn outcome(records: &[Record]) -> Option<Outcome> {
    match &records.last()?.body {
        Body::Finished { outcome } => Some(*outcome),
        _ => None,
    }
}

/// What the trigger that turned it back said.
fn cause(records: &[Record]) -> Option<&str> {
    records.iter().find_map(|record| match &record.body {
        Body::RollbackStarted {
            cause: Cause::Trigger { sentence, .. },
            ..
        } => Some(sentence.as_str()),
        _ => None,
    })
}

#[test]
fn triggers_with_confidence_fire_and_say_at_which_level() {
    let records = run(Some("20%"));
    assert_eq!(outcome(&records), Some(Outcome::RolledBack));
    let cause = cause(&records).expect("a trigger");
    assert!(
        cause.contains("fires at > 5% with 95% confidence shared by 4 alternatives, 98.75% each (rate): reached"),
        "{cause}"
    );
}

#[test]
fn a_healthy_rollout_is_not_blinded_by_them() {
    let records = run(None);
    assert_eq!(cause(&records), None);
    assert_eq!(outcome(&records), Some(Outcome::Completed));
    let held = |record: &&Record| matches!(record.body, Body::Held { .. });
    assert_eq!(records.iter().find(held), None);
    assert_eq!(program("confident", None).alarms_with_confidence(), 4);
}

#[test]
fn what_their_samples_can_show_is_said_before_the_start() {
    let text = std::fs::read(root().join("tests/plans/confident.yaml")).expect("the plan");
    let document = PlanDocument::read("confident.yaml", &text);
    let plan = check(&document, None).plan.expect("no errors");
    let said: Vec<(String, u32)> = sample_sizes(&plan)
        .into_iter()
        .map(|advice| (advice.rule, advice.alternatives))
        .collect();
    // Those with confidence share, the literal one does not; of a change there is nothing to say.
    for (rule, alternatives) in [
        ("ratio(errors) > 5% confidence 95%", 4),
        ("ratio(errors) > 50% confidence 99%", 4),
        ("ratio(errors) > 40% confidence 99%", 4),
        ("ratio(errors) > 90%", 1),
    ] {
        assert!(said.contains(&(rule.to_owned(), alternatives)), "{said:?}");
    }
    assert_eq!(said.len(), 4);
}
