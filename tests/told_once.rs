//! What goes on is told once, with its reason.

use phasegate_core::{Desired, Span};
use phasegate_engine::record::Body;
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{Regression, World};
use phasegate_tests::{at, errors, latency, program_of, text};

/// A criterion that fails for most of an hour, of a phase that only tells of it.
#[test]
fn a_criterion_that_goes_on_failing_is_told_once() {
    let plan = text("regress");
    let (plan, _triggers) = plan.split_once("triggers:").expect("triggers at the end");
    let on_fail = "    criteria: [ratio(errors) over 1m < 5% throughout]
    on-fail: [{notify: {channel: team}}]
    rollback:";
    let program = program_of(&plan.replacen("    rollback:", on_fail, 1), None);
    let id = |text: &str| text.parse().expect("an id");
    let mut world = World::default();
    world.metrics.insert(id("latency"), latency(1.0));
    world.metrics.insert(id("errors"), errors("0.1%"));
    world.metrics.insert(id("service-errors"), errors("0.2%"));
    world.regressions.push(Regression {
        kpi: id("errors"),
        from: "25%".parse().expect("a share"),
        becomes: errors("20%"),
    });
    let mut simulation = Simulation::new(Setup::new(program, world, at(0))).expect("a rollout");
    simulation.run(Span::from_secs(3600)).expect("no defect");
    let records = simulation.records().expect("a whole journal");
    let failed = records.iter().filter(|record| match &record.body {
        Body::Evaluated { judged, .. } => judged
            .iter()
            .any(|one| one.finding.verdict.condition() == Some(false)),
        _ => false,
    });
    assert!(failed.count() > 5, "it goes on failing");
    let told = records.iter().filter(|record| match &record.body {
        Body::Intended { effect, .. } => matches!(
            &effect.desired,
            Desired::Message { body, .. } if body.contains("failed: ratio(errors) is ")
        ),
        _ => false,
    });
    assert_eq!(told.count(), 1);
}
