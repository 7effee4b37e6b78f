//! What cannot be seen: a way back is validated by what is left when it has taken all traffic, and a gate with
//! nothing to compare with says so in time.

use phasegate_core::{Desired, Ratio, Span};
use phasegate_engine::Act;
use phasegate_engine::record::{Body, HoldReason, Outcome, Record};
use phasegate_testkit::simulation::{Ended, Setup, Simulation};
use phasegate_testkit::world::{Metric, Outage, OutageKind, Regression, World};
use phasegate_tests::{at, errors, latency, person, program_of, text};

fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

fn world(bad: &str, from: u32, becomes: Metric) -> World {
    let mut world = World::default();
    let id = |text: &str| text.parse().expect("an id");
    world.metrics.insert(id("latency"), latency(1.0));
    world.metrics.insert(id("errors"), errors("0.1%"));
    world.metrics.insert(id("service-errors"), errors("0.2%"));
    world.regressions.push(Regression {
        kpi: id(bad),
        from: percent(from),
        becomes,
    });
    world
}

fn run(setup: Setup, minutes: u64) -> (Simulation, Ended) {
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let ended = simulation
        .run(Span::from_secs(60 * minutes))
        .expect("no defect");
    (simulation, ended)
}

fn records(simulation: &Simulation) -> Vec<Record> {
    simulation.records().expect("a whole journal")
}

/// A KPI with a query for the new version is asked about the rest once the new version has no traffic.
#[test]
fn a_way_back_is_validated_by_what_is_left() {
    let with = |query: &str| {
        let by = "validation: [p95(latency) < 200ms]";
        let plan = text("regress").replace("validation: [ratio(service-errors) < 1%]", by);
        plan.replace("{canary: latency, stable: latency, whole: latency}", query)
    };
    for (query, outcome) in [
        (
            "{canary: latency, stable: latency, whole: latency}",
            Some(Outcome::RolledBack),
        ),
        (
            "{canary: latency, stable: latency}",
            Some(Outcome::RolledBack),
        ),
        // Nothing else can be asked, and nothing is seen.
        ("{canary: latency}", None),
    ] {
        let program = program_of(&with(query), None);
        let bad = world("errors", 25, errors("20%"));
        let (simulation, ended) = run(Setup::new(program, bad, at(0)), 120);
        assert_eq!(
            outcome.map(Ended::Finished),
            match ended {
                Ended::Finished(outcome) => Some(Ended::Finished(outcome)),
                Ended::OutOfTime | Ended::Waiting => None,
            },
            "{query}"
        );
        let failed = records(&simulation)
            .iter()
            .any(|record| matches!(record.body, Body::RollbackEnded { validated: false }));
        assert_eq!(failed, outcome.is_none(), "{query}");
    }
}

/// Preflight asks what the validation will ask.
#[test]
fn both_questions_of_a_validation_are_asked_before_the_start() {
    let by = "validation: [p95(latency) < 200ms]";
    let plan = text("regress").replace("validation: [ratio(service-errors) < 1%]", by);
    let asked = program_of(&plan, None).questions(at(0));
    let arms = asked.iter().filter(|query| query.kpi.as_str() == "latency");
    let arms: Vec<String> = arms.map(|query| query.arm.to_string()).collect();
    assert_eq!(arms, ["canary", "whole"]);
}

/// What a rollback took is told while it is on, and not of one that is over.
#[test]
fn a_failed_rollback_does_not_go_on_taking_time() {
    let plan = text("broken-rollback").replace("limit: 5m", "limit: 1h");
    let mut world = world("latency", 50, latency(9.0));
    let jam = Outage {
        binding: "edge".parse().expect("an id"),
        kind: OutageKind::Refuses,
        from: at(0),
        until: at(100_000),
        exposure: percent(50),
    };
    world.outages.push(jam);
    let mut setup = Setup::new(program_of(&plan, None), world, at(0));
    let olga = person("olga", "operator");
    setup.acts.push((at(200), olga, Act::TakeOver));
    let (simulation, ended) = run(setup, 600);
    assert_eq!(ended, Ended::Finished(Outcome::RollbackFailed));
    let records = records(&simulation);
    let failed = |r: &Record| matches!(r.body, Body::RollbackEnded { validated: false });
    let over = records.iter().position(failed).expect("it failed");
    let took = records[over].at().since(at(0));
    assert!(took < Span::from_secs(3600), "it is over after {took}");
    let told = records[over..].iter().any(|record| match &record.body {
        Body::BudgetBlown { .. } => true,
        Body::Intended { effect, .. } => matches!(
            &effect.desired,
            Desired::Message { subject, .. } if subject.contains("took longer")
        ),
        _ => false,
    });
    assert!(!told, "it was told that it took longer after it was over");
}

const FIRST_STEP: &str = "    steps:\n      - {id: flag";

const GATE: &str = "    prerequisites:
      - title: Before
        owner: lead
        items: [{statement: It is no slower, criteria: [change(queue) < 10% vs baseline]}]
";

/// A comparison with a baseline that nobody knows: the gate holds when the plan's patience is over, and a person
/// who measured it otherwise passes it.
#[test]
fn a_gate_that_compares_with_nothing_holds_in_time() {
    let plan = text("regress").replace(FIRST_STEP, &format!("{GATE}{FIRST_STEP}"));
    let plan = plan.replace("settle: 10s}", "settle: 10s, hold-at-most: 20m}");
    let mut good = world("errors", 100, errors("0.1%"));
    let value = 12u64.into();
    good.metrics
        .insert("queue".parse().expect("an id"), Metric::Scalar { value });
    let mut setup = Setup::new(program_of(&plan, None), good, at(0));
    let olga = || person("olga", "operator");
    let place = phasegate_engine::record::Place::Phase {
        phase: "canary".parse().expect("an id"),
        op: 0,
    };
    setup.acts.extend([
        (at(60), olga(), Act::BreakGlass { place }),
        (at(61), olga(), Act::Release),
    ]);
    let (simulation, ended) = run(setup, 600);
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
    let held: Vec<Record> = records(&simulation)
        .into_iter()
        .filter(|record| matches!(record.body, Body::Held { .. }))
        .collect();
    assert_eq!(held.len(), 1, "{held:?}");
    let Body::Held {
        reason: HoldReason::Blind { what },
    } = &held[0].body
    else {
        panic!("{held:?}");
    };
    assert!(
        what.starts_with("gate ") && what.contains("baseline"),
        "{what}"
    );
    let after = held[0].at().since(at(0));
    let (least, most) = (Span::from_secs(20 * 60), Span::from_secs(21 * 60));
    assert!(least <= after && after < most, "held after {after}");
}

/// A source that is away for a moment holds no gate, however long the gate has been open; one that stays away does.
#[test]
fn a_gate_bears_a_source_that_is_away_for_a_moment() {
    let gate = "    gates: [{id: opening, when: before-start, criteria: [queue < 100], approvals: [{role: lead}]}]\n";
    let plan = text("regress").replace(FIRST_STEP, &format!("{gate}{FIRST_STEP}"));
    let plan = plan.replace("settle: 10s}", "settle: 10s, hold-at-most: 20m}");
    let mut good = world("errors", 100, errors("0.1%"));
    let queue = "queue".parse().expect("an id");
    let value = 12u64.into();
    good.metrics.insert(queue, Metric::Scalar { value });
    for (from, until) in [(60, 70), (100, 200)] {
        good.outages.push(Outage {
            binding: "metrics".parse().expect("an id"),
            kind: OutageKind::Unreachable,
            from: at(from),
            until: at(until),
            exposure: Ratio::ZERO,
        });
    }
    let (simulation, _) = run(Setup::new(program_of(&plan, None), good, at(0)), 180);
    let held: Vec<Record> = records(&simulation)
        .into_iter()
        .filter(|record| matches!(record.body, Body::Held { .. }))
        .collect();
    assert_eq!(held.len(), 1, "{held:?}");
    let after = held[0].at().since(at(0));
    let (least, most) = (Span::from_secs(120 * 60), Span::from_secs(121 * 60));
    assert!(least <= after && after < most, "held after {after}");
}

/// A trigger that could not be told for too long holds; when it is seen again and fires at once, it goes back all the same.
#[test]
fn what_fires_as_soon_as_it_is_seen_again_is_answered() {
    const PLAN: &str = "format: phasegate-plan/1
id: dark
title: Dark
roles:
  - {id: lead, members: [lena]}
kpis:
  - {id: queue, shape: gauge, direction: lower, window: 2m, source: metrics, query: {whole: queue}}
calendar: {zone: UTC}
evaluation: {every: 15s, settle: 0s}
phases:
  - id: one
    title: One
    steps: [{id: rest, wait: 10h}]
    rollback: {target: start, limit: 5m, steps: [{id: back, task: {role: lead, instructions: Take it back}}]}
triggers:
  - {id: long, criterion: queue > 100, respond: [{rollback: start}]}
";
    let queue = |length: u64| {
        let value = length.into();
        Metric::Scalar { value }
    };
    let mut world = World::default();
    let id = || "queue".parse().expect("an id");
    world.metrics.insert(id(), queue(12));
    world.outages.push(Outage {
        binding: "metrics".parse().expect("an id"),
        kind: OutageKind::Unreachable,
        from: at(10),
        until: at(60),
        exposure: Ratio::ZERO,
    });
    let setup = Setup::new(program_of(PLAN, None), world, at(0));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(60 * 50)).expect("no defect");
    let held = |body: &Body| {
        matches!(
            body,
            Body::Held {
                reason: HoldReason::Blind { .. }
            }
        )
    };
    assert!(records(&simulation).iter().any(|one| held(&one.body)));
    simulation.world.metrics.insert(id(), queue(500));
    simulation.run(Span::from_secs(60 * 20)).expect("no defect");
    let back = |body: &Body| matches!(body, Body::RollbackStarted { .. });
    assert!(records(&simulation).iter().any(|one| back(&one.body)));
}
