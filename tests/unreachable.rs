//! A source that cannot be reached is no evidence, neither for the canary nor against it.
//!
//! At half of the traffic the metrics go away. From the next look on the verdict is inconclusive and says
//! why, and nothing moves forward, however long the bake has lasted; when the plan's patience is over, it does
//! what the plan says: hold for a person, or go back to the phase before.

use phasegate_core::{Clock as _, Desired, Ratio, Span, Timestamp};
use phasegate_engine::program::{OpKind, Program, Response};
use phasegate_engine::record::{Body, Cause, HoldReason, Outcome, Place, Record};
use phasegate_sla::{Verdict, Why};
use phasegate_testkit::simulation::{CrashPoint, Ended, Kill, Setup, Simulation};
use phasegate_testkit::world::{Outage, OutageKind, World};
use phasegate_tests::{at, errors, program, program_of};

/// The source goes away in the middle of the bake of ten minutes that begins in the fourth minute.
const GONE: u64 = 8;
/// `hold-at-most` of the plan.
const PATIENCE: u64 = 5;

/// Three hours of the plan with a source that goes away for good.
fn run(program: Program) -> Simulation {
    run_with(program, OutageKind::Unreachable)
}

/// The same with a source that fails so.
fn run_with(program: Program, kind: OutageKind) -> Simulation {
    let mut world = World::default();
    let id = "errors".parse().expect("an id");
    world.metrics.insert(id, errors("0.1%"));
    world.outages.push(Outage {
        binding: "metrics".parse().expect("an id"),
        kind,
        from: at(GONE),
        until: at(10_000),
        exposure: Ratio::ZERO,
    });
    let mut simulation = Simulation::new(Setup::new(program, world, at(0))).expect("a rollout");
    simulation
        .run(Span::from_secs(3 * 3600))
        .expect("no defect");
    simulation
}

fn moment(records: &[Record], is_it: impl Fn(&Body) -> bool) -> Option<Timestamp> {
    let found = records.iter().find(|record| is_it(&record.body));
    found.map(Record::at)
}

/// The first verdict that is not decided: its moment, and why.
fn undecided(records: &[Record]) -> (Timestamp, Why, String) {
    let found = records.iter().find_map(|record| match &record.body {
        Body::Evaluated { judged, .. } => judged.iter().find_map(|j| match &j.finding.verdict {
            Verdict::Inconclusive(why) if record.at() >= at(GONE) => {
                Some((record.at(), why.clone(), j.finding.sentence.clone()))
            }
            _ => None,
        }),
        _ => None,
    });
    found.expect("an inconclusive verdict is recorded")
}

/// Is a time between two others, give or take one look?
fn about(found: Timestamp, wanted: Timestamp) -> bool {
    found >= wanted && found <= wanted + Span::from_secs(20)
}

fn is_percent(desired: &Desired, percent: u32) -> bool {
    matches!(desired, Desired::Traffic { canary, .. } if canary.ppm() == percent * 10_000)
}

#[test]
fn the_verdict_is_inconclusive_and_the_plans_answer_follows_when_patience_is_over() {
    let simulation = run(program("blind", None));
    let records = simulation.records().expect("a whole journal");

    let (since, why, sentence) = undecided(&records);
    assert!(about(since, at(GONE)), "{since}");
    assert_eq!(why, Why::ProviderUnavailable, "{sentence}");

    let back = records.iter().find_map(|record| match &record.body {
        Body::RollbackStarted { cause, .. } => Some((record.at(), cause.clone())),
        _ => None,
    });
    let (moment, cause) = back.expect("the plan says to go back");
    assert!(
        about(moment, since + Span::from_secs(60 * PATIENCE)),
        "{moment}, blind since {since}"
    );
    let Cause::Blind { what } = cause else {
        panic!("it goes back because of {cause:?}");
    };
    assert!(what.contains("ratio(errors)"), "{what}");

    // Nothing moved forward in between: the traffic was never more than it was when the source went.
    let forward = records.iter().any(|record| match &record.body {
        Body::OpFinished { .. } | Body::PhaseFinished { .. } => {
            record.at() >= at(GONE) && record.at() < moment
        }
        _ => false,
    });
    assert!(!forward, "something moved forward while nothing was seen");
    let weights = simulation.world.history();
    let last = weights.iter().rev().find(|done| done.at < moment);
    assert!(
        last.is_some_and(|done| is_percent(&done.desired, 50)),
        "{last:?}"
    );
}

#[test]
fn a_plan_that_says_hold_waits_for_a_person_with_the_traffic_where_it_is() {
    let mut program = program("blind", None);
    for op in program.phases.iter_mut().flat_map(|phase| &mut phase.ops) {
        if let OpKind::Bake { blind, .. } = &mut op.kind {
            blind.reaction.act = Some(Response::Hold);
        }
    }
    let simulation = run(program);
    let records = simulation.records().expect("a whole journal");
    let (since, ..) = undecided(&records);
    let is_held = |body: &Body| {
        matches!(
            body,
            Body::Held {
                reason: HoldReason::Blind { .. }
            }
        )
    };
    let held = moment(&records, is_held).expect("it holds");
    assert!(
        about(held, since + Span::from_secs(60 * PATIENCE)),
        "{held}"
    );
    let rolled_back = moment(&records, |body| {
        matches!(body, Body::RollbackStarted { .. })
    });
    assert_eq!(rolled_back, None);
    let state = simulation.state().expect("it runs");
    assert_eq!(state.outcome, None);
    let applied = state.applied.values().next().expect("a route");
    assert!(is_percent(&applied.desired, 50), "{:?}", applied.desired);
    assert!(simulation.clock.now().wall > held);
}

#[test]
fn a_trigger_that_holds_because_it_is_blind_does_not_keep_the_plan_from_going_back() {
    let (mut program, mut other) = (program("blind", None), program("regress", None));
    let mut trigger = other.triggers.remove(0);
    trigger.during.clear();
    trigger.blind.after = Span::from_secs(60);
    trigger.blind.reaction.act = Some(Response::Hold);
    program.triggers.push(trigger);
    let simulation = run(program);
    let records = simulation.records().expect("a whole journal");
    let is_blind = |body: &Body| {
        let Body::Held { reason } = body else {
            return false;
        };
        matches!(reason, HoldReason::Blind { .. })
    };
    let held = moment(&records, is_blind).expect("the trigger holds");
    assert!(about(held, at(GONE) + Span::from_secs(60)), "{held}");
    let back = moment(&records, |body| {
        matches!(body, Body::RollbackStarted { .. })
    });
    let back = back.expect("the plan says to go back");
    let wanted = at(GONE) + Span::from_secs(60 * PATIENCE);
    assert!(about(back, wanted), "{back}");
}

#[test]
fn a_question_that_the_source_refuses_is_said_in_its_words() {
    let simulation = run_with(program("blind", None), OutageKind::KnowsNothing);
    let records = simulation.records().expect("a whole journal");
    let (_, why, sentence) = undecided(&records);
    assert!(matches!(why, Why::Refused { .. }), "{why}");
    assert!(sentence.contains("no such series"), "{sentence}");
}

/// When the quarter is intended, and the crash point before it is sent, in a run without a crash.
fn quarter(program: Program, world: World) -> (Timestamp, u64) {
    let mut calm = Simulation::new(Setup::new(program, world, at(0))).expect("a rollout");
    calm.run(Span::from_secs(3 * 3600)).expect("no defect");
    let records = calm.records().expect("a whole journal");
    let intents = records.iter().filter_map(|record| match &record.body {
        Body::Intended { effect, .. } => Some((record.at(), effect)),
        _ => None,
    });
    let (nth, (moment, _)) = intents
        .enumerate()
        .find(|(_, (_, effect))| is_percent(&effect.desired, 25))
        .expect("it gets to a quarter");
    let points = calm.crash_points().iter().enumerate();
    let (point, _) = points
        .filter(|(_, point)| **point == CrashPoint::BeforeEffect)
        .nth(nth)
        .expect("each effect has one");
    (moment, point as u64)
}

#[test]
fn a_crash_between_intent_and_effect_holds_nothing_although_no_numbers_come_until_it_is_redone() {
    let mut program = program("regress", None);
    program.timing.effect_within = Span::from_secs(120);
    for trigger in &mut program.triggers {
        trigger.blind.after = Span::from_secs(60);
    }
    let mut world = World::default();
    for kpi in ["errors", "service-errors"] {
        world
            .metrics
            .insert(kpi.parse().expect("an id"), errors("0.1%"));
    }
    let (intended, point) = quarter(program.clone(), world.clone());

    // The version that the quarter brings is the only one that gives numbers, and comes a little late.
    world.outages.push(Outage {
        binding: "metrics".parse().expect("an id"),
        kind: OutageKind::Unreachable,
        from: intended,
        until: intended + Span::from_secs(120 + 20),
        exposure: Ratio::ZERO,
    });
    let mut setup = Setup::new(program, world, at(0));
    setup.kills.push(Kill {
        at: point,
        down_millis: 1000,
        reboot: false,
    });
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let ended = simulation
        .run(Span::from_secs(3 * 3600))
        .expect("no defect");
    let records = simulation.records().expect("a whole journal");
    let repeated = moment(&records, |body| matches!(body, Body::Repeated { .. }));
    let repeated = repeated.expect("the effect is redone");
    assert!(repeated >= intended + Span::from_secs(119), "{repeated}");
    let held = records.iter().find(|r| matches!(r.body, Body::Held { .. }));
    assert!(held.is_none(), "{held:?}");
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
}

#[test]
fn a_second_crash_before_a_forgotten_state_is_set_again_holds_nothing_although_no_numbers_come() {
    // Each look is recorded, so that it may die at each.
    let mut program = program("regress", Some(Span::from_secs(15)));
    program.timing.effect_within = Span::from_secs(120);
    for trigger in &mut program.triggers {
        trigger.blind.after = Span::from_secs(60);
    }
    let mut world = World {
        dies_with_process: true,
        ..World::default()
    };
    for kpi in ["errors", "service-errors"] {
        let id = kpi.parse().expect("an id");
        world.metrics.insert(id, errors("0.1%"));
    }
    let (_, point) = quarter(program.clone(), world.clone());
    let kill = |at| Kill {
        at,
        down_millis: 1000,
        reboot: false,
    };
    // The first one, some looks later: the router has forgotten its weight, which is to be set again.
    let first = point + 12;
    let run = |kills: Vec<Kill>, world: World| {
        let mut setup = Setup::new(program.clone(), world, at(0));
        setup.kills = kills;
        let mut simulation = Simulation::new(setup).expect("a rollout");
        let ended = simulation.run(Span::from_secs(3 * 3600));
        (ended.expect("no defect"), simulation)
    };
    let (_, once) = run(vec![kill(first)], world.clone());
    let records = once.records().expect("a whole journal");
    let again = moment(
        &records,
        |body| matches!(body, Body::Intended { place: Place::Aside, effect, .. } if effect.desired.target().is_some()),
    );
    let again = again.expect("what was forgotten is set again");
    let points = (0u64..).zip(once.crash_points());
    let mut before = points.filter(|(n, p)| *n > first && **p == CrashPoint::BeforeEffect);
    let (second, _) = before.next().expect("each effect has one");

    // The second one, after it was first seen that there are no numbers.
    world.outages.push(Outage {
        binding: "metrics".parse().expect("an id"),
        kind: OutageKind::Unreachable,
        from: again.before(Span::from_millis(500)),
        until: again + Span::from_secs(120 + 20),
        exposure: Ratio::ZERO,
    });
    for later in 0..5 {
        let (ended, twice) = run(vec![kill(first), kill(second + later)], world.clone());
        let records = twice.records().expect("a whole journal");
        let in_doubt = moment(
            &records,
            |body| matches!(body, Body::Recovered { in_doubt } if !in_doubt.is_empty()),
        );
        assert!(in_doubt.is_some(), "{later}: the second one leaves doubt");
        let held = records.iter().find(|r| matches!(r.body, Body::Held { .. }));
        assert!(held.is_none(), "{later}: {held:?}");
        assert_eq!(ended, Ended::Finished(Outcome::Completed), "{later}");
    }
}

/// Somebody looks whether the last share still stands, and is slow: the next share is set before they look.
#[test]
fn a_look_that_comes_after_the_next_change_is_not_drift() {
    let plan = "format: phasegate-plan/1
id: quick
title: Quick steps
roles: [{id: operator, members: [olga]}]
evaluation: {every: 500ms}
phases:
  - id: all
    title: All
    steps:
      - {id: some, traffic: {binding: edge, target: shop, stages: [10%]}}
      - {id: one, wait: 100ms}
      - {id: half, traffic: {binding: edge, target: shop, stages: [50%]}}
      - {id: two, wait: 100ms}
      - {id: all, traffic: {binding: edge, target: shop, stages: [100%]}}
    rollback:
      steps: [{id: off, budget: 10s, traffic: {binding: edge, target: shop, stages: [0%]}}]
";
    let program = program_of(plan, None);
    let run = |kill: Option<u64>, slow: Option<u64>| {
        let mut setup = Setup::new(program.clone(), World::default(), at(0));
        setup.kills.extend(kill.map(|at| Kill {
            at,
            down_millis: 100,
            reboot: false,
        }));
        let late = slow.map(|answer| (answer, Span::from_millis(400)));
        setup.faults.slow.extend(late);
        let mut simulation = Simulation::new(setup).expect("a rollout");
        let ended = simulation.run(Span::from_secs(600)).expect("no defect");
        (ended, simulation)
    };
    let (_, plain) = run(None, None);
    let points = u64::try_from(plain.crash_points().len()).expect("a count");
    let mut late = 0;
    for kill in 0..points {
        for slow in 0..12 {
            let (ended, simulation) = run(Some(kill), Some(slow));
            assert_eq!(
                ended,
                Ended::Finished(Outcome::Completed),
                "killed at {kill}, {slow} slow"
            );
            late += simulation.struck().get("answer slow").copied().unwrap_or(0);
        }
    }
    assert!(late > points, "{late}");
}
