//! A wait with criteria is looked at while it lasts, not at its end.

use phasegate_core::Span;
use phasegate_engine::record::{Body, HoldReason, Outcome};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::World;
use phasegate_tests::{at, program_of, set};

const PLAN: &str = "format: phasegate-plan/1
id: watched
title: Watched
roles:
  - {id: operator, members: [olga]}
channels:
  - {id: team, binding: chat}
kpis:
  - {id: queue, shape: gauge, direction: lower, window: 2m, source: metrics, query: {whole: queue}}
evaluation: {every: 15s, settle: 10s}
phases:
  - {id: one, title: One, steps: [{id: rest, wait: 3h, criteria: [queue < 5]}], no-way-back: Nothing moves.}
";

#[test]
fn a_wait_whose_criteria_fail_is_not_waited_out() {
    for fails in [false, true] {
        let mut world = World::default();
        set(&mut world, "queue", 1);
        let setup = Setup::new(program_of(PLAN, None), world, at(0));
        let mut simulation = Simulation::new(setup).expect("a rollout");
        simulation.run(Span::from_secs(20 * 60)).expect("no defect");
        if fails {
            set(&mut simulation.world, "queue", 12);
        }
        simulation
            .run(Span::from_secs(4 * 3600))
            .expect("no defect");
        let records = simulation.records().expect("a whole journal");
        let held = records.iter().find_map(|record| match &record.body {
            Body::Held { reason } => Some((record.at(), reason.clone())),
            _ => None,
        });
        let Some((when, reason)) = held else {
            let end = records.last().expect("an end");
            let completed = Body::Finished {
                outcome: Outcome::Completed,
            };
            assert!(!fails && end.body == completed, "{:?}", end.body);
            assert!(end.at().since(at(0)) >= Span::from_secs(3 * 3600));
            continue;
        };
        assert!(fails, "{reason:?}");
        assert!(matches!(reason, HoldReason::Criterion { .. }), "{reason:?}");
        assert!(when.since(at(0)) < Span::from_secs(40 * 60), "{when}");
    }
}
