//! Ways back that do not undo all: stages, of which the first that is enough is the last, and procedures that
//! switch a part off. What goes further back takes everything.

use phasegate_core::{CriterionId, Ratio, Span};
use phasegate_engine::program::{Back, Check, OnInconclusive, OpKind, Program, Reaction, Response};
use phasegate_engine::record::{Body, Finish, HoldReason, Outcome, Place, Record};
use phasegate_engine::{Act, Person};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::{Metric, Regression, Reply, World};
use phasegate_tests::{at, errors, person, program, program_of, set};

fn olga() -> Person {
    person("olga", "operator")
}

fn percent(percent: u8) -> Ratio {
    Ratio::from_percent(percent.into()).expect("a ratio")
}

/// Errors of the new version from this exposure on.
fn world(bad_from: Option<u8>) -> World {
    let mut world = World::default();
    let kpi = || "errors".parse().expect("an id");
    world.metrics.insert(kpi(), errors("0.1%"));
    let from = bad_from.map(percent);
    world.regressions.extend(from.map(|from| Regression {
        kpi: kpi(),
        from,
        becomes: errors("20%"),
    }));
    world
}

fn run(plan: &str, world: World, acts: Vec<(u64, Act)>, kills: Vec<Kill>) -> Simulation {
    run_program(program(plan, None), world, acts, kills)
}

fn run_program(
    program: Program,
    world: World,
    acts: Vec<(u64, Act)>,
    kills: Vec<Kill>,
) -> Simulation {
    let mut setup = Setup::new(program, world, at(0));
    let act = |(minute, act)| (at(minute), olga(), act);
    setup.acts.extend(acts.into_iter().map(act));
    setup.kills = kills;
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation
        .run(Span::from_secs(120 * 60))
        .expect("no defect");
    simulation
}

fn records(simulation: &Simulation) -> Vec<Record> {
    simulation.records().expect("a whole journal")
}

/// How the operations of rollbacks ended, in order.
fn ends(records: &[Record]) -> Vec<&'static str> {
    let end = |record: &Record| match &record.body {
        Body::OpFinished {
            place: Place::Rollback { .. },
            finish,
        } => Some(match finish {
            Finish::Done => "done",
            Finish::Failed { .. } => "failed",
            Finish::NotNeeded => "not needed",
            Finish::Skipped { .. } => "skipped",
            Finish::TooLittle { .. } => "too little",
        }),
        _ => None,
    };
    records.iter().filter_map(end).collect()
}

fn weight(simulation: &Simulation, binding: &str, target: &str) -> Ratio {
    let key = (
        binding.parse().expect("an id"),
        target.parse().expect("an id"),
    );
    let thing = simulation.world.things.get(&key).expect("it was set");
    thing.exposure()
}

fn holds(simulation: &Simulation) -> Vec<HoldReason> {
    simulation.state().expect("it is not over").holds.clone()
}

#[test]
fn the_first_stage_that_is_enough_is_the_last() {
    for (bad_from, ended, left) in [
        (
            60,
            vec![
                "done",
                "done",
                "not needed",
                "not needed",
                "not needed",
                "not needed",
            ],
            50,
        ),
        (
            25,
            vec![
                "done",
                "too little",
                "done",
                "done",
                "not needed",
                "not needed",
            ],
            10,
        ),
        (
            6,
            vec!["done", "too little", "done", "too little", "done", "done"],
            0,
        ),
    ] {
        let simulation = run("staged", world(Some(bad_from)), Vec::new(), Vec::new());
        assert_eq!(ends(&records(&simulation)), ended, "from {bad_from} %");
        assert_eq!(weight(&simulation, "edge", "shop"), percent(left));
        assert_eq!(holds(&simulation), [HoldReason::RolledBack]);
        // The phase before stays done, and what it set stands.
        assert_eq!(weight(&simulation, "flags", "new-cart"), percent(2));
    }
}

#[test]
fn what_goes_back_to_the_start_takes_all_stages() {
    let leak = Act::Declare {
        scenario: "leak".to_owned(),
    };
    // While nothing goes back, and while a stage is looked at that is not enough.
    for (bad_from, minute) in [(None, 20), (Some(25), 11)] {
        let simulation = run(
            "staged",
            world(bad_from),
            vec![(minute, leak.clone())],
            Vec::new(),
        );
        let records = records(&simulation);
        let started = |record: &&Record| matches!(record.body, Body::RollbackStarted { .. });
        let expected = if bad_from.is_some() { 2 } else { 1 };
        assert_eq!(records.iter().filter(started).count(), expected);
        let end = records.last().map(|record| &record.body);
        let outcome = Outcome::RolledBack;
        assert_eq!(end, Some(&Body::Finished { outcome }));
        assert_eq!(weight(&simulation, "edge", "shop"), Ratio::ZERO);
        assert_eq!(weight(&simulation, "flags", "new-cart"), Ratio::ZERO);
    }
}

#[test]
fn stages_survive_a_death_at_any_point() {
    let plain = run("staged", world(Some(25)), Vec::new(), Vec::new());
    let (whole, points) = (records(&plain), plain.crash_points());
    let back = whole
        .iter()
        .position(|record| matches!(record.body, Body::RollbackStarted { .. }))
        .expect("it goes back");
    assert!(back > 0 && points.len() > 60);
    for at in 30..60 {
        let kill = Kill {
            at,
            down_millis: 20_000,
            reboot: at % 2 == 0,
        };
        let simulation = run("staged", world(Some(25)), Vec::new(), vec![kill]);
        let ends = ends(&records(&simulation));
        assert_eq!(
            ends.iter().filter(|end| **end == "not needed").count(),
            2,
            "{at}: {ends:?}"
        );
        assert_eq!(weight(&simulation, "edge", "shop"), percent(10), "{at}");
        assert_eq!(holds(&simulation), [HoldReason::RolledBack], "{at}");
    }
}

fn shop(queue: &str) -> World {
    let mut world = world(None);
    let value = queue.parse().expect("a number");
    let kpi = "queue".parse().expect("an id");
    world.metrics.insert(kpi, Metric::Scalar { value });
    world
}

fn declare(scenario: &str) -> Act {
    Act::Declare {
        scenario: scenario.to_owned(),
    }
}

fn procedure(id: &str) -> Act {
    Act::RollBack {
        back: Back::Procedure(id.parse().expect("an id")),
    }
}

#[test]
fn a_procedure_switches_its_part_off_and_the_rest_waits_for_a_person() {
    let by_row = vec![(10, declare("bad-advice")), (15, Act::Release)];
    let by_person = vec![(10, procedure("no-advice")), (15, Act::Release)];
    for acts in [by_row, by_person] {
        let simulation = run("partial", shop("1"), acts, Vec::new());
        let records = records(&simulation);
        assert_eq!(ends(&records), ["done", "done", "done"]);
        assert_eq!(weight(&simulation, "flags", "advice"), Ratio::ZERO);
        // After the release the phase goes on from where it was, and its bake begins anew.
        assert_eq!(weight(&simulation, "edge", "shop"), percent(100));
        let second = records.iter().find(
            |record| matches!(&record.body, Body::PhaseStarted { phase } if phase.as_str() == "second"),
        );
        let second = second.map(Record::at).expect("it goes on");
        assert!(second >= at(30) && second <= at(35), "{second}");
        let end = records.last().map(|record| &record.body);
        let outcome = Outcome::Completed;
        assert_eq!(end, Some(&Body::Finished { outcome }));
    }
}

#[test]
fn a_procedure_with_a_number_is_taken_by_itself() {
    let simulation = run("partial", shop("500"), Vec::new(), Vec::new());
    let records = records(&simulation);
    let fired = records.iter().find_map(|record| match &record.body {
        Body::TriggerFired { trigger, .. } => Some(trigger.to_string()),
        _ => None,
    });
    assert_eq!(fired.as_deref(), Some("no-advice-1"));
    assert_eq!(weight(&simulation, "flags", "advice"), Ratio::ZERO);
    // It was not enough: that is a failed rollback, which is a person's.
    assert_eq!(ends(&records), ["done", "done", "failed"]);
    let rollback = simulation.state().expect("not over").rollback.clone();
    assert!(rollback.is_some_and(|rollback| rollback.failed));
}

#[test]
fn what_still_fires_takes_a_procedure_once_until_a_person_lets_it_go_on() {
    // The validation holds, and the number that starts the procedure stays where it is.
    let taken = |on_fail: bool, acts: &[(u64, Act)]| {
        let mut program = program("partial", None);
        let id: CriterionId = "no-advice".parse().expect("an id");
        program.procedures[0]
            .rollback
            .ops
            .retain(|op| !matches!(op.kind, OpKind::Validate { .. }));
        if on_fail {
            program.triggers.clear();
            let check = Check {
                id: "queue".parse().expect("an id"),
                criterion: "queue < 100".parse().expect("a criterion"),
                fail_after: 1,
                min_samples: 0,
                on_inconclusive: OnInconclusive::Hold,
            };
            let bakes = program.phases.iter_mut().flat_map(|phase| &mut phase.ops);
            for op in bakes {
                if let OpKind::Bake {
                    checks, on_fail, ..
                } = &mut op.kind
                {
                    checks.push(check.clone());
                    *on_fail = Reaction::only(Response::Rollback(Back::Procedure(id.clone())));
                }
            }
        }
        let mut setup = Setup::new(program, shop("500"), at(0));
        let act = |(minute, act): &(u64, Act)| (at(*minute), olga(), act.clone());
        setup.acts.extend(acts.iter().map(act));
        let mut simulation = Simulation::new(setup).expect("a rollout");
        simulation
            .run(Span::from_secs(120 * 60))
            .expect("no defect");
        let started = |record: &&Record| matches!(record.body, Body::RollbackStarted { .. });
        let records = records(&simulation);
        let is_over = records
            .last()
            .is_some_and(|r| matches!(r.body, Body::Finished { .. }));
        (records.iter().filter(started).count(), is_over)
    };
    for on_fail in [false, true] {
        assert_eq!(taken(on_fail, &[]), (1, false), "{on_fail}");
    }
    // Let go on, a criterion fails again, and again once; what a trigger fired for is the person's word.
    assert_eq!(taken(true, &[(40, Act::Release)]), (2, false));
    assert_eq!(taken(false, &[(40, Act::Release)]), (1, true));
}

#[test]
fn of_several_responses_the_one_that_undoes_most_is_taken() {
    let simulation = run(
        "partial",
        shop("1"),
        vec![(10, declare("gone"))],
        Vec::new(),
    );
    let records = records(&simulation);
    let back = records.iter().find_map(|record| match &record.body {
        Body::RollbackStarted { back, .. } => Some(back.clone()),
        _ => None,
    });
    assert_eq!(back, Some(Back::Start));
}

#[test]
fn a_procedure_that_says_how_far_undoes_phases_by_its_own_steps() {
    let simulation = run(
        "partial",
        shop("1"),
        vec![(10, procedure("shop-home"))],
        Vec::new(),
    );
    let records = records(&simulation);
    assert_eq!(ends(&records), ["done", "done"]);
    let end = records.last().map(|record| &record.body);
    let outcome = Outcome::RolledBack;
    assert_eq!(end, Some(&Body::Finished { outcome }));
}

#[test]
fn a_part_goes_back_while_nothing_else_does_or_not_at_all() {
    // The whole goes back already: the part is part of it.
    let acts = vec![
        (10, Act::RollBack { back: Back::Start }),
        (10, procedure("no-advice")),
    ];
    let simulation = run("partial", shop("1"), acts, Vec::new());
    let started = |record: &&Record| matches!(record.body, Body::RollbackStarted { .. });
    assert_eq!(records(&simulation).iter().filter(started).count(), 1);
    // The other way round the rest follows.
    let acts = vec![
        (10, procedure("no-advice")),
        (10, Act::RollBack { back: Back::Start }),
    ];
    let simulation = run("partial", shop("1"), acts, Vec::new());
    let records = records(&simulation);
    assert_eq!(records.iter().filter(started).count(), 2);
    let end = records.last().map(|record| &record.body);
    let outcome = Outcome::RolledBack;
    assert_eq!(end, Some(&Body::Finished { outcome }));
    // What the plan does not have is refused.
    let simulation = run(
        "partial",
        shop("1"),
        vec![(10, procedure("nothing"))],
        Vec::new(),
    );
    assert_eq!(ends(&self::records(&simulation)), Vec::<&str>::new());
}

#[test]
fn a_no_that_only_tells_holds_too() {
    let mut program = program("rejected", None);
    let gates = program.phases.iter_mut().flat_map(|phase| &mut phase.ops);
    for op in gates {
        if let OpKind::Gate(gate) = &mut op.kind {
            gate.no_go.act = None;
        }
    }
    let mut world = world(None);
    for kpi in ["latency", "service-errors"] {
        let kpi = kpi.parse().expect("an id");
        world.metrics.insert(kpi, errors("0.1%"));
    }
    let role = "operator".parse().expect("an id");
    let by = "olga".parse().expect("an id");
    let after = Span::from_secs(60);
    let no = Reply {
        by,
        yes: false,
        after,
    };
    world.people.replies.insert(role, vec![no]);
    let setup = Setup::new(program, world, at(0));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation
        .run(Span::from_secs(4 * 3600))
        .expect("no defect");
    let decided = |record: &&Record| matches!(record.body, Body::GateDecided { .. });
    assert_eq!(records(&simulation).iter().filter(decided).count(), 1);
    assert!(matches!(
        holds(&simulation).as_slice(),
        [HoldReason::Gate { .. }]
    ));
}

/// A drill is a rollback like any other, timed, and the rollout goes on afterwards.
#[test]
fn a_rollback_that_is_rehearsed_is_evidence_and_ends_nothing() {
    let back = || Act::Drill { back: Back::Start };
    let mut good = world(None);
    let kpi = "service-errors".parse().expect("an id");
    good.metrics.insert(kpi, errors("0.1%"));
    // One that comes while it goes back is none.
    let twice = vec![(10, back()), (10, back()), (40, Act::Release)];
    let simulation = run("regress", good, twice, Vec::new());
    let records = records(&simulation);
    let ended = records.iter().filter_map(|record| match record.body {
        Body::RollbackEnded { validated } => Some(validated),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), [true]);
    let mut state = phasegate_engine::State::created(&records[0]).expect("a creation");
    for record in &records[1..] {
        state.apply(record).expect("it replays");
    }
    let [drill] = &state.drills[..] else {
        panic!("{:?}", state.drills);
    };
    assert_eq!((drill.by.as_str(), drill.validated), ("olga", true));
    let (least, limit) = (Span::from_secs(30), drill.limit.expect("a limit"));
    assert!(least < drill.took && drill.took < limit, "{}", drill.took);
    // It began anew after the release, and is done.
    assert_eq!(state.outcome, Some(Outcome::Completed));
    let starts = records
        .iter()
        .filter(|record| matches!(record.body, Body::PhaseStarted { .. }));
    assert_eq!(starts.count(), 2);
}

/// Somebody who wants undone what is being rehearsed gets it: it ends as a rollback ends.
#[test]
fn a_drill_that_something_else_wants_too_is_none() {
    let back = || Back::Start;
    let mut good = world(None);
    let kpi = "service-errors".parse().expect("an id");
    good.metrics.insert(kpi, errors("0.1%"));
    let twice = vec![
        (10, Act::Drill { back: back() }),
        (10, Act::RollBack { back: back() }),
    ];
    let simulation = run("regress", good, twice, Vec::new());
    let records = records(&simulation);
    let last = &records.last().expect("a record").body;
    let outcome = Outcome::RolledBack;
    assert_eq!(*last, Body::Finished { outcome });
    let mut state = phasegate_engine::State::created(&records[0]).expect("a creation");
    for record in &records[1..] {
        state.apply(record).expect("it replays");
    }
    assert_eq!(state.drills, []);
    // The steps of the way back were not begun anew.
    let starts = |body: &Body| {
        matches!(
            body,
            Body::OpStarted {
                place: Place::Rollback { op: 0 },
                ..
            }
        )
    };
    assert_eq!(records.iter().filter(|r| starts(&r.body)).count(), 1);
}

/// What goes wrong during a drill makes it the real thing.
#[test]
fn a_drill_that_has_to_go_further_is_none() {
    let procedure = Back::Procedure("no-advice".parse().expect("an id"));
    let acts = vec![(6, Act::Drill { back: procedure }), (6, Act::Abort)];
    let simulation = run("partial", shop("1"), acts, Vec::new());
    let records = records(&simulation);
    let last = &records.last().expect("a record").body;
    let outcome = Outcome::Aborted;
    assert_eq!(*last, Body::Finished { outcome });
}

/// A plan that goes back by the given way when its second stage is bad.
fn going_back(steps: &str) -> String {
    format!(
        "format: phasegate-plan/1
id: checked
title: Checked
roles:
  - {{id: operator, members: [olga]}}
channels:
  - {{id: team, binding: chat}}
kpis:
  - {{id: errors, shape: ratio, direction: lower, window: 2m, unit: '%', source: metrics, query: {{canary: errors, stable: errors}}}}
  - {{id: queue, shape: gauge, direction: lower, window: 2m, source: metrics, query: {{whole: queue}}}}
evaluation: {{every: 15s, settle: 10s}}
phases:
  - id: one
    title: One
    steps:
      - {{id: up, traffic: {{binding: edge, target: shop, stages: [{{weight: 50%, bake: 5m}}, {{weight: 100%, bake: 30m}}]}}}}
    rollback:
      target: start
      escalate-to: operator
      escalate-via: team
{steps}triggers:
  - {{id: high, criterion: ratio(errors) over 1m > 5% for 1m, respond: [{{rollback: start}}]}}
"
    )
}

/// What is checked after a way back by a number ends it, well or not: nothing is decided again and again.
#[test]
fn a_check_of_a_way_back_is_decided_by_its_number_in_time() {
    let plan = going_back(
        "      validate-within: 4m
      steps:
        - {id: down, budget: 5m, traffic: {binding: edge, target: shop, stages: [0%]}}
      checks: [{statement: The queue is short, criteria: [queue < 5]}]
",
    );
    for (length, ends_as, outcome) in [
        (Some(1), ["done", "done"], Some(Outcome::RolledBack)),
        (Some(12), ["done", "failed"], None),
        (None, ["done", "failed"], None),
    ] {
        let mut world = world(Some(60));
        if let Some(length) = length {
            set(&mut world, "queue", length);
        }
        let simulation = run_program(program_of(&plan, None), world, Vec::new(), Vec::new());
        let records = records(&simulation);
        assert_eq!(ends(&records), ends_as, "{length:?}");
        assert_eq!(simulation.state().expect("it began").outcome, outcome);
        assert_eq!(weight(&simulation, "edge", "shop"), Ratio::ZERO);
    }
}

/// It goes on by time, whatever the numbers are: nothing is looked at while a way back is on.
#[test]
fn a_way_back_in_stages_of_traffic_comes_to_its_end() {
    let plan = going_back(
        "      steps:
        - {id: down, budget: 9m, traffic: {binding: edge, target: shop, stages: [{weight: 20%, bake: 5m}, 0%]}}
",
    );
    let mut world = world(Some(10));
    set(&mut world, "queue", 1);
    let simulation = run_program(program_of(&plan, None), world, Vec::new(), Vec::new());
    let records = records(&simulation);
    assert_eq!(ends(&records), ["done", "done", "done"]);
    assert_eq!(weight(&simulation, "edge", "shop"), Ratio::ZERO);
    let state = simulation.state().expect("it began");
    assert_eq!(state.outcome, Some(Outcome::RolledBack));
}
