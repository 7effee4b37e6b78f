//! A phase that was undone and that a person lets begin again is a new attempt: a trigger that fired at the
//! first one, and whose condition has held ever since, fires at the second one too.

use phasegate_core::{PhaseId, Span, Timestamp};
use phasegate_engine::Act;
use phasegate_engine::program::{Back, OpKind, Response};
use phasegate_engine::record::{Body, Record};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::World;
use phasegate_tests::{at, errors, person, program};

fn moments(records: &[Record], is_it: impl Fn(&Body) -> bool) -> Vec<Timestamp> {
    let found = records.iter().filter(|record| is_it(&record.body));
    found.map(Record::at).collect()
}

#[test]
fn what_fires_still_after_a_release_fires_at_the_next_attempt() {
    let (mut program, mut other) = (program("blind", None), program("regress", None));
    let second: PhaseId = "second".parse().expect("an id");
    let mut trigger = other.triggers.remove(0);
    // What is not known for a while, as after a change, does not end its firing.
    let lasting = "ratio(errors) over 1m > 5% for 1m gap freeze";
    trigger.criterion = lasting.parse().expect("a criterion");
    trigger.during = vec![second.clone()];
    trigger.reaction.act = Some(Response::Rollback(Back::Before(second.clone())));
    program.triggers.push(trigger);
    for op in program.phases.iter_mut().flat_map(|phase| &mut phase.ops) {
        // Nothing but the trigger leads back.
        if let OpKind::Bake { checks, .. } = &mut op.kind {
            checks.clear();
        }
    }
    let mut world = World::default();
    let id = "errors".parse().expect("an id");
    world.metrics.insert(id, errors("20%"));
    let mut setup = Setup::new(program, world, at(0));
    setup
        .acts
        .push((at(30), person("olga", "operator"), Act::Release));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation
        .run(Span::from_secs(3 * 3600))
        .expect("no defect");

    let records = simulation.records().expect("a whole journal");
    let begun = moments(
        &records,
        |body| matches!(body, Body::PhaseStarted { phase } if *phase == second),
    );
    let fired = moments(&records, |body| matches!(body, Body::TriggerFired { .. }));
    let back = moments(&records, |body| {
        matches!(body, Body::RollbackStarted { .. })
    });
    assert_eq!((begun.len(), fired.len(), back.len()), (2, 2, 2));
    assert!(begun[1] >= at(30), "{begun:?}");
    // Its time runs from the beginning of the attempt.
    let held = fired[1].since(begun[1]);
    assert!(
        held >= Span::from_secs(60) && held <= Span::from_secs(180),
        "{held}"
    );
}
