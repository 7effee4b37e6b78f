//! Scaling by policies: it grows by any of them and shrinks only by all, acts or tells, and holds nothing.

use phasegate_core::{Desired, Span, TargetId};
use phasegate_engine::Act;
use phasegate_engine::record::{Body, Outcome, Place, Record};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::{Metric, Outage, OutageKind, World};
use phasegate_tests::{at, person, program_of};

const PLAN: &str = "
format: phasegate-plan/1
id: scaled
title: Scaled
roles:
  - {id: operator, members: [olga]}
channels:
  - {id: team, binding: chat}
kpis:
  - {id: cpu, shape: gauge, unit: '%', source: metrics, query: {whole: cpu}}
  - {id: queue, shape: gauge, source: metrics, query: {whole: queue}}
evaluation: {every: 30s}
scaling:
  - title: Workers
    binding: scaler
    target: workers
    min: 2
    max: 8
    cooldown: 5m
    channels: [team]
    policies:
      - cpu target 60% up > 80% by 2 down < 40% by 1
      - queue target 50 up > 100 by 3 down < 10 by 2
phases:
  - {id: one, title: One, steps: [{id: rest, wait: 4h}], no-way-back: Nothing moves.}
";

/// So many workers, and the numbers by which they are scaled.
fn begun(plan: &str, workers: u32, change: impl FnOnce(&mut Setup)) -> Simulation {
    let mut world = World::default();
    set(&mut world, workers);
    let mut setup = Setup::new(program_of(plan, None), world, at(0));
    change(&mut setup);
    Simulation::new(setup).expect("a rollout")
}

fn scale(count: u32) -> Desired {
    let target: TargetId = "workers".parse().expect("an id");
    Desired::Scale { target, count }
}

/// Somebody has set so many.
fn set(world: &mut World, count: u32) {
    let key = ("scaler", "workers");
    let key = (key.0.parse().expect("an id"), key.1.parse().expect("an id"));
    world.things.entry(key).or_default().now = Some(scale(count));
}

fn count(simulation: &Simulation) -> Option<u32> {
    let mut things = simulation.world.things.values();
    things.find_map(|thing| match thing.now {
        Some(Desired::Scale { count, .. }) => Some(count),
        _ => None,
    })
}

/// Lets the numbers be these for so many minutes; nothing is known of one that is not given.
fn minutes(simulation: &mut Simulation, long: u64, cpu: Option<u64>, queue: Option<u64>) {
    for (kpi, value) in [("cpu", cpu), ("queue", queue)] {
        let kpi = kpi.parse().expect("an id");
        match value {
            Some(value) => {
                let value = value.into();
                simulation
                    .world
                    .metrics
                    .insert(kpi, Metric::Scalar { value });
            }
            None => _ = simulation.world.metrics.remove(&kpi),
        }
    }
    simulation
        .run(Span::from_secs(60 * long))
        .expect("no defect");
}

fn records(simulation: &Simulation) -> Vec<Record> {
    simulation.records().expect("a whole journal")
}

/// From how many to how many, and whether it was done.
fn scaled(simulation: &Simulation) -> Vec<(u32, u32, bool)> {
    let bodies = records(simulation).into_iter().map(|record| record.body);
    let of = bodies.filter_map(|body| match body {
        Body::Scaled {
            from, count, acts, ..
        } => Some((from, count, acts)),
        _ => None,
    });
    of.collect()
}

fn told(simulation: &Simulation) -> Vec<String> {
    let history = simulation.world.history();
    let bodies = history.iter().filter_map(|done| match &done.desired {
        Desired::Message { body, .. } => Some(body.clone()),
        _ => None,
    });
    bodies.collect()
}

/// To the end with numbers by which nothing is scaled: whatever was before, the rollout is completed and nothing was held.
fn ends(mut simulation: Simulation) {
    minutes(&mut simulation, 6 * 60, Some(60), Some(50));
    let records = records(&simulation);
    let outcome = Outcome::Completed;
    assert_eq!(
        records.last().map(|record| &record.body),
        Some(&Body::Finished { outcome })
    );
    let held = |record: &&Record| matches!(record.body, Body::Held { .. });
    assert_eq!(records.iter().find(held), None);
}

#[test]
fn it_grows_by_any_policy_and_by_the_most_and_shrinks_only_by_all_and_by_the_least() {
    let mut it = begun(PLAN, 3, |_| {});
    minutes(&mut it, 4, Some(90), Some(50));
    assert_eq!(count(&it), Some(5), "by the cpu, once within the cooldown");
    minutes(&mut it, 5, Some(90), Some(200));
    assert_eq!(count(&it), Some(8), "by the queue, which wants more");
    minutes(&mut it, 5, Some(30), Some(50));
    assert_eq!(count(&it), Some(8), "the queue is not short");
    minutes(&mut it, 5, Some(30), None);
    assert_eq!(count(&it), Some(8), "nobody knows the queue");
    minutes(&mut it, 4, Some(30), Some(5));
    assert_eq!(count(&it), Some(7), "both have little to do");
    let all = [(3, 5, true), (5, 8, true), (8, 7, true)];
    assert_eq!(scaled(&it), all);
    let told = told(&it);
    assert!(
        told[0].contains("cpu") && told[0].ends_with("\nScaled from 3 to 5."),
        "{told:?}"
    );
    ends(it);
}

#[test]
fn it_stays_within_its_bounds_and_says_so_where_they_are_reached() {
    let mut it = begun(PLAN, 7, |_| {});
    minutes(&mut it, 4, Some(90), Some(50));
    assert_eq!(count(&it), Some(8));
    minutes(&mut it, 20, Some(90), Some(50));
    assert_eq!(count(&it), Some(8));
    assert_eq!(scaled(&it)[1..], [(8, 8, true)]);
    assert!(
        told(&it)[1].ends_with("It stays at 8: there may be 2 to 8."),
        "{:?}",
        told(&it)
    );
    assert_eq!(told(&it).len(), 2, "that it stays is said once");
    // Who has gone beyond them is not brought back by a policy that wants the opposite.
    set(&mut it.world, 12);
    minutes(&mut it, 6, Some(90), Some(50));
    assert_eq!(count(&it), Some(12));
    minutes(&mut it, 6, Some(10), Some(5));
    assert_eq!(count(&it), Some(8), "and by one that wants the same, it is");
    ends(it);
}

#[test]
fn whoever_else_scales_it_is_built_upon_and_a_pause_holds_nothing_back() {
    let pause = |setup: &mut Setup| {
        setup
            .acts
            .push((at(1), person("olga", "operator"), Act::Pause));
        setup
            .acts
            .push((at(60), person("olga", "operator"), Act::Resume));
    };
    let mut it = begun(PLAN, 3, pause);
    minutes(&mut it, 10, Some(60), Some(50));
    set(&mut it.world, 5);
    minutes(&mut it, 4, Some(90), Some(50));
    assert_eq!((count(&it), scaled(&it)), (Some(7), vec![(5, 7, true)]));
    // Nobody sets it again where it was, nor takes it for a drift.
    set(&mut it.world, 4);
    minutes(&mut it, 30, Some(60), Some(50));
    assert_eq!(count(&it), Some(4));
    minutes(&mut it, 30, Some(60), Some(50));
    ends(it);
}

#[test]
fn what_is_not_automatic_is_told_and_left() {
    for plan in [
        PLAN.replace("cooldown: 5m", "cooldown: 5m\n    automatic: false"),
        PLAN.replace(
            "    binding: scaler\n    target: workers\n    min: 2\n    max: 8\n",
            "",
        ),
    ] {
        let bound = plan.contains("binding: scaler");
        let mut it = begun(&plan, 3, |_| {});
        minutes(&mut it, 4, Some(90), Some(50));
        assert_eq!(count(&it), Some(3));
        let want = match bound {
            true => "\nScale from 3 to 5.",
            false => "\nLet 'Workers' grow by 2.",
        };
        let told = told(&it);
        assert!(told.len() == 1 && told[0].ends_with(want), "{told:?}");
        assert_eq!(scaled(&it).len(), usize::from(bound));
        // That is not said again and again, but when it comes back.
        let said = |it: &Simulation| self::told(it).len();
        minutes(&mut it, 30, Some(90), Some(50));
        assert_eq!(said(&it), 1);
        minutes(&mut it, 4, Some(60), Some(50));
        minutes(&mut it, 4, Some(90), Some(50));
        assert_eq!(said(&it), 2);
        ends(it);
    }
}

#[test]
fn limits_are_told() {
    let policies = "      - queue limits 5..100 target 70%\nphases:";
    let plan = PLAN.replacen("phases:", policies, 1);
    let mut it = begun(&plan, 3, |_| {});
    minutes(&mut it, 4, Some(60), Some(50));
    assert_eq!(told(&it), Vec::<String>::new());
    minutes(&mut it, 4, Some(60), Some(71));
    let told = told(&it);
    assert!(
        told.len() == 1 && told[0].ends_with("\n'queue' is to stay below 70% of 100."),
        "{told:?}"
    );
    ends(it);
}

#[test]
fn a_scaler_that_refuses_or_cannot_be_reached_holds_nothing() {
    for kind in [
        OutageKind::Refuses,
        OutageKind::Unreachable,
        OutageKind::KnowsNothing,
    ] {
        let away = |setup: &mut Setup| {
            setup.world.outages.push(Outage {
                binding: "scaler".parse().expect("an id"),
                kind,
                from: at(0),
                until: at(30),
                exposure: phasegate_core::Ratio::ZERO,
            });
        };
        let mut it = begun(PLAN, 3, away);
        minutes(&mut it, 29, Some(90), Some(50));
        assert_eq!(count(&it), Some(3), "{kind:?}");
        let refused = told(&it).iter().any(|body| body.starts_with("Not done, "));
        assert_eq!(
            refused,
            matches!(kind, OutageKind::Refuses),
            "{kind:?}: {:?}",
            told(&it)
        );
        minutes(&mut it, 7, Some(90), Some(50));
        assert_eq!(count(&it), Some(5), "{kind:?}: it is tried again");
        ends(it);
    }
}

#[test]
fn that_few_are_left_where_few_are_needed_is_nothing_to_say() {
    let mut it = begun(PLAN, 3, |_| {});
    minutes(&mut it, 60, Some(10), Some(5));
    assert_eq!((count(&it), told(&it).len()), (Some(2), 1));
    assert_eq!(scaled(&it), [(3, 2, true)]);
    ends(it);
}

/// That nothing is taken away for an hour keeps nobody from growing.
#[test]
fn a_load_that_comes_while_few_are_left_is_met_at_once() {
    let plan = PLAN.replace("cooldown: 5m", "cooldown: 1h");
    let mut it = begun(&plan, 2, |_| {});
    minutes(&mut it, 5, Some(10), Some(5));
    minutes(&mut it, 4, Some(95), Some(50));
    assert_eq!(count(&it), Some(4));
    ends(it);
}

/// What was said before the process was killed is not said again after it.
#[test]
fn that_it_stays_is_said_once_over_a_restart() {
    let mut it = begun(PLAN, 8, |_| {});
    minutes(&mut it, 10, Some(90), Some(50));
    assert_eq!((scaled(&it), told(&it).len()), (vec![(8, 8, true)], 1));
    let last = u64::try_from(it.crash_points().len() - 1).expect("a count");
    let mut it = begun(PLAN, 8, |setup| {
        setup.kills = vec![Kill {
            at: last,
            down_millis: 2_000,
            reboot: false,
        }];
    });
    minutes(&mut it, 30, Some(90), Some(50));
    let again = |record: &Record| matches!(record.body, Body::Recovered { .. });
    assert!(records(&it).iter().any(again), "it was killed");
    assert_eq!((scaled(&it), told(&it).len()), (vec![(8, 8, true)], 1));
    ends(it);
}

/// Wherever the process is killed, each change is made once, and no more than one within a cooldown.
#[test]
fn a_crash_changes_nothing_twice() {
    let run = |kills: Vec<Kill>| {
        let mut it = begun(PLAN, 3, |setup| setup.kills = kills);
        minutes(&mut it, 4, Some(90), Some(50));
        minutes(&mut it, 5, Some(90), Some(200));
        it
    };
    let plain = run(Vec::new());
    assert_eq!(count(&plain), Some(8));
    for nth in 0..u64::try_from(plain.crash_points().len()).expect("a count") {
        let it = run(vec![Kill {
            at: nth,
            down_millis: 2_000,
            reboot: false,
        }]);
        assert_eq!(count(&it), Some(8), "killed at {nth}");
        let intended = records(&it)
            .into_iter()
            .filter_map(|record| match record.body {
                Body::Intended {
                    place: Place::Aside,
                    effect,
                    ..
                } => matches!(effect.desired, Desired::Scale { .. }).then_some(effect.desired),
                _ => None,
            });
        let intended: Vec<_> = intended.collect();
        assert_eq!(intended, [scale(5), scale(8)], "killed at {nth}");
        ends(it);
    }
}

/// Two things are scaled by the same look, each by its own policies.
#[test]
fn each_thing_is_scaled_by_its_own() {
    let more = "  - title: Caches
    binding: scaler
    target: caches
    min: 1
    max: 4
    policies: [queue target 50 up > 100 by 1 down < 10 by 1]
phases:";
    let plan = PLAN.replacen("phases:", more, 1);
    let mut it = begun(&plan, 3, |_| {});
    let key = (
        "scaler".parse().expect("an id"),
        "caches".parse().expect("an id"),
    );
    let target: TargetId = "caches".parse().expect("an id");
    let caches = Desired::Scale { target, count: 2 };
    it.world.things.entry(key).or_default().now = Some(caches);
    minutes(&mut it, 4, Some(90), Some(200));
    let mut done = scaled(&it);
    done.sort_unstable();
    assert_eq!(done, [(2, 3, true), (3, 6, true)]);
    ends(it);
}

/// A revised plan no longer scales it, while nobody knows what became of the last change.
#[test]
fn a_revision_that_scales_no_more_leaves_it_where_it_is() {
    let start = PLAN.find("scaling:").expect("it scales");
    let end = PLAN.find("phases:").expect("it has phases");
    let without = format!("{}{}", &PLAN[..start], &PLAN[end..]);
    let lost = |setup: &mut Setup| {
        setup.world.outages.push(Outage {
            binding: "scaler".parse().expect("an id"),
            kind: OutageKind::AnswersLost,
            from: at(0),
            until: at(20),
            exposure: phasegate_core::Ratio::ZERO,
        });
        let revised = program_of(&without, None);
        setup
            .amendments
            .push((at(1), person("olga", "operator"), revised));
    };
    let mut it = begun(PLAN, 3, lost);
    minutes(&mut it, 20, Some(90), Some(50));
    assert_eq!(it.refused_amendments(), []);
    assert_eq!((count(&it), scaled(&it)), (Some(5), vec![(3, 5, true)]));
    ends(it);
}
