//! A wall clock that is set: back, and nothing comes late by as much; forward, and no bake is shorter.

use phasegate_core::{Decimal, Desired, Ratio, Span, Timestamp};
use phasegate_engine::record::{Body, HoldReason, Record};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{Metric, World};
use phasegate_tests::{at, errors, person, program, program_of, text};

/// Numbers by which nothing is held.
fn calm() -> World {
    let mut world = World::default();
    let gauge = |value: u64| Metric::Scalar {
        value: Decimal::from(value),
    };
    for (kpi, metric) in [
        ("errors", errors("0.1%")),
        ("queue", gauge(5)),
        ("backlog", gauge(5)),
    ] {
        world.metrics.insert(kpi.parse().expect("an id"), metric);
    }
    world
}

/// Nine minutes of the plan of modes: the canary bakes for an hour at 10 %. In the tenth minute the wall
/// clock is set by so many minutes.
fn nine_minutes(set_by_minutes: i64) -> Simulation {
    let world = calm();
    let mut setup = Setup::new(program("modes", None), world, at(0));
    let by = set_by_minutes * 60_000;
    setup.faults.clock_steps.push((at(10), by));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(9 * 60)).expect("no defect");
    simulation
}

fn first(simulation: &Simulation, what: impl Fn(&Body) -> bool) -> Option<Timestamp> {
    let records = simulation.records().expect("a whole journal");
    let found = records.iter().find(|record| what(&record.body));
    found.map(Record::at)
}

#[test]
fn a_wall_clock_that_is_set_back_by_an_hour_delays_no_rollback() {
    let mut simulation = nine_minutes(-60);
    let kpi = "errors".parse().expect("an id");
    simulation.world.metrics.insert(kpi, errors("20%"));
    simulation.run(Span::from_secs(20 * 60)).expect("no defect");
    let told = first(
        &simulation,
        |body| matches!(body, Body::ClockDisagreed { by } if *by >= Span::from_secs(3_600)),
    );
    // The clock was set to ten past eight; five minutes later it has long been found out.
    let latest = at(0).before(Span::from_secs(45 * 60));
    assert!(told.is_some_and(|at| at < latest), "{told:?}");
    let back = first(&simulation, |body| {
        matches!(body, Body::RollbackStarted { .. })
    });
    assert!(back.is_some_and(|at| at < latest), "{back:?}");
}

#[test]
fn a_wall_clock_that_is_set_forward_shortens_no_bake() {
    let mut simulation = nine_minutes(120);
    simulation
        .run(Span::from_secs(130 * 60))
        .expect("no defect");
    let is_full = |desired: &Desired| matches!(desired, Desired::Traffic { canary, .. } if *canary == Ratio::ONE);
    let full = first(
        &simulation,
        |body| matches!(body, Body::Intended { effect, .. } if is_full(&effect.desired)),
    );
    // Of the hour only ten minutes and what came after the jump have passed.
    assert_eq!(full, None);
    simulation.run(Span::from_secs(60 * 60)).expect("no defect");
    let full = first(
        &simulation,
        |body| matches!(body, Body::Intended { effect, .. } if is_full(&effect.desired)),
    );
    assert!(full.is_some_and(|moment| moment >= at(180)), "{full:?}");
}

/// A plan may have it that a person looks before anything goes on; going back is not held.
#[test]
fn clocks_that_disagree_hold_the_rollout_where_the_plan_says_so() {
    for (asked, by) in [(true, 120), (true, -60), (false, 120)] {
        let word = if asked { "true" } else { "false" };
        let plan = text("modes").replacen(
            "evaluation: {",
            &format!("evaluation: {{hold-when-clocks-disagree: {word}, "),
            1,
        );
        let mut setup = Setup::new(program_of(&plan, None), calm(), at(0));
        setup.faults.clock_steps.push((at(10), by * 60_000));
        setup.acts.push((
            at(10 + 300),
            person("olga", "operator"),
            phasegate_engine::Act::Release,
        ));
        let mut simulation = Simulation::new(setup).expect("a rollout");
        simulation
            .run(Span::from_secs(12 * 3_600))
            .expect("no defect");
        let records = simulation.records().expect("a whole journal");
        let held = records.iter().position(|record| {
            matches!(
                record.body,
                Body::Held {
                    reason: HoldReason::Clocks { .. }
                }
            )
        });
        assert_eq!(held.is_some(), asked, "{by}");
        let Some(held) = held else { continue };
        let released = records
            .iter()
            .position(|record| matches!(record.body, Body::Released { .. }))
            .expect("olga has looked");
        let forward = |record: &Record| {
            matches!(
                record.body,
                Body::OpFinished { .. } | Body::PhaseFinished { .. }
            )
        };
        assert!(!records[held..released].iter().any(forward), "{by}");
        assert!(records[released..].iter().any(forward), "{by}: it goes on");
    }
}
