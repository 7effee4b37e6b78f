//! Targets of a wave are changed so many at a time as the plan says, forwards and on the way back.

use std::collections::BTreeSet;

use phasegate_core::{EffectOutcome, Ratio, Span};
use phasegate_engine::Act;
use phasegate_engine::program::Back;
use phasegate_engine::record::{Body, Finish, HoldReason, Outcome, Place, Record};
use phasegate_testkit::simulation::{Faults, Setup, Simulation};
use phasegate_testkit::world::{Outage, OutageKind, World};
use phasegate_tests::{at, person, program_of};

const PLAN: &str = "
format: phasegate-plan/1
id: regions
title: Region by region
roles:
  - {id: operator, members: [olga]}
phases:
  - id: all
    title: All
    steps:
      - id: out
        waves:
          binding: shell
          command: upgrade
          at-once: 3
          waves:
            - {targets: [a, b, c, d, e], failures-max: 1}
            - {targets: [f, g]}
    rollback:
      limit: 1h
      steps:
        - {id: back, waves: {binding: shell, command: upgrade, at-once: 2, waves: [{targets: [a, b, c, d, e, f, g]}]}}
";

fn begun(change: impl FnOnce(&mut Setup)) -> Simulation {
    let mut setup = Setup::new(program_of(PLAN, None), World::default(), at(0));
    change(&mut setup);
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(3600)).expect("no defect");
    simulation
}

fn records(simulation: &Simulation) -> Vec<Record> {
    simulation.records().expect("a whole journal")
}

/// The most effects at the same time, and which operations ended as planned, in this order.
fn at_once(records: &[Record], is_it: impl Fn(&Place) -> bool) -> (usize, Vec<usize>) {
    let (mut open, mut most, mut done) = (BTreeSet::new(), 0, Vec::new());
    for record in records {
        match &record.body {
            Body::Intended { place, effect, .. } if is_it(place) => {
                open.insert(effect.number);
                most = most.max(open.len());
            }
            Body::Concluded {
                effect,
                outcome: EffectOutcome::Applied { .. } | EffectOutcome::NotApplied { .. },
                ..
            } => _ = open.remove(effect),
            Body::OpFinished {
                place: place @ (Place::Phase { op, .. } | Place::Rollback { op }),
                finish: Finish::Done,
            } if is_it(place) => done.push(*op),
            _ => {}
        }
    }
    (most, done)
}

fn of_phase(place: &Place) -> bool {
    matches!(place, Place::Phase { .. })
}

fn outcome(records: &[Record]) -> Option<Outcome> {
    match records.last().map(|record| &record.body) {
        Some(Body::Finished { outcome }) => Some(*outcome),
        _ => None,
    }
}

#[test]
fn as_many_targets_are_changed_at_a_time_as_the_plan_lets() {
    let records = records(&begun(|_| {}));
    let (most, mut done) = at_once(&records, of_phase);
    assert_eq!(most, 3);
    // The next wave begins when the last target of the one before it is over.
    assert!(done[..5].iter().all(|op| *op < 5), "{done:?}");
    done.sort_unstable();
    assert_eq!(done, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn a_slow_target_keeps_its_place_and_the_others_go_on() {
    let slow = |setup: &mut Setup| {
        setup.faults = Faults::default();
        setup.faults.slow.insert(0, Span::from_secs(10));
    };
    let simulation = begun(slow);
    let records = records(&simulation);
    let (most, done) = at_once(&records, of_phase);
    assert_eq!((most, done), (3, vec![1, 2, 3, 4, 0, 5, 6]));
    let runs = simulation.world.log.len();
    assert_eq!((runs, outcome(&records)), (7, Some(Outcome::Completed)));
}

#[test]
fn one_that_may_fail_is_passed_over_and_a_second_one_holds() {
    let unwilling = |targets: &'static [&str]| {
        move |setup: &mut Setup| {
            let targets = targets.iter().map(|id| id.parse().expect("an id"));
            setup.world.unwilling.extend(targets);
        }
    };
    let one = records(&begun(unwilling(&["b"])));
    assert_eq!(outcome(&one), Some(Outcome::Completed));
    let failed = one.iter().filter(|record| {
        let finish = match &record.body {
            Body::OpFinished { finish, .. } => finish,
            _ => return false,
        };
        matches!(finish, Finish::Failed { .. })
    });
    assert_eq!(failed.count(), 1);

    let two = begun(unwilling(&["b", "d"]));
    let holds = &two.state().expect("not over").holds;
    assert!(matches!(&**holds, [HoldReason::Effect { .. }]), "{holds:?}");
    let done = at_once(&records(&two), of_phase).1;
    assert!(done.iter().all(|op| *op < 5), "{done:?}");
}

#[test]
fn a_way_back_takes_as_many_at_a_time_as_it_says() {
    let back = |setup: &mut Setup| {
        // The second wave does not get through, so that the rollout is still under way.
        setup.world.outages.push(Outage {
            binding: "shell".parse().expect("an id"),
            kind: OutageKind::Refuses,
            from: at(0) + Span::from_millis(100),
            until: at(2),
            exposure: Ratio::ZERO,
        });
        let act = Act::RollBack { back: Back::Start };
        setup.acts.push((at(5), person("olga", "operator"), act));
    };
    let records = records(&begun(back));
    let (most, mut done) = at_once(&records, Place::is_rollback);
    done.sort_unstable();
    assert_eq!((most, done), (2, vec![0, 1, 2, 3, 4, 5, 6]));
    assert_eq!(outcome(&records), Some(Outcome::RolledBack));
}

#[test]
fn answers_that_are_lost_side_by_side_are_found_out_and_nothing_runs_twice() {
    let simulation = begun(|setup| {
        setup.faults.lost = (0..3).collect();
    });
    let log = &simulation.world.log;
    let keys: BTreeSet<_> = log.iter().map(|done| &done.key).collect();
    assert_eq!((log.len(), keys.len()), (7, 7));
    assert_eq!(outcome(&records(&simulation)), Some(Outcome::Completed));
}
