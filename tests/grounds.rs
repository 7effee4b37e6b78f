//! On what a gate rests: what is so when it is decided, and that stands in the journal before the decision does.

use phasegate_core::{Span, Timestamp};
use phasegate_engine::record::{Body, Decision, HoldReason, Record};
use phasegate_report::view::{Evidence, MomentSort};
use phasegate_report::{View, explain};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::{Metric, Reply, World};
use phasegate_tests::{at, errors, program, program_of};

/// A person takes half an hour; a date comes in an hour. Meanwhile the queue is looked at four times a minute, and
/// recorded every five minutes.
const PLAN: &str = "format: phasegate-plan/1
id: grounds
title: Grounds
roles:
  - {id: lead, members: [lena]}
kpis:
  - {id: queue, shape: gauge, direction: lower, window: 2m, source: metrics, query: {whole: queue}}
calendar: {zone: UTC}
evaluation: {every: 15s, settle: 0s}
phases:
  - id: one
    title: One
    steps: [{id: rest, wait: 1m}]
    gates:
      - {id: signed, when: before-start, criteria: [queue < 100], approvals: [{role: lead}]}
      - {id: dated, not-before: '2026-09-07T10:00:00Z', criteria: [queue < 100]}
    no-way-back: Nothing moves.
";

const EVERY: Span = Span::from_secs(15);

fn queue(length: u64) -> Metric {
    let value = length.into();
    Metric::Scalar { value }
}

fn simulation(kills: Vec<Kill>) -> Simulation {
    let mut world = World::default();
    world
        .metrics
        .insert("queue".parse().expect("an id"), queue(12));
    let reply = Reply {
        by: "lena".parse().expect("an id"),
        yes: true,
        after: Span::from_secs(33 * 60 + 7),
    };
    let lead = "lead".parse().expect("an id");
    world.people.replies.insert(lead, vec![reply]);
    let mut setup = Setup::new(program_of(PLAN, None), world, at(0));
    setup.kills = kills;
    Simulation::new(setup).expect("a rollout")
}

/// Each decision with the moment, and the last finding of its criterion that was recorded before it.
fn decided(records: &[Record]) -> Vec<(Decision, Timestamp, Timestamp)> {
    let mut found = None;
    let mut decided = Vec::new();
    for record in records {
        match &record.body {
            Body::Evaluated { judged, .. } => {
                found = judged.first().map(|judged| judged.finding.at).or(found);
            }
            Body::GateDecided { decision, .. } => {
                decided.push((*decision, record.at(), found.take().expect("a finding")));
            }
            _ => {}
        }
    }
    decided
}

#[test]
fn what_a_gate_rests_on_is_as_new_as_the_last_look() {
    let mut whole = simulation(Vec::new());
    whole.run(Span::from_secs(7_200)).expect("no defect");
    let points = whole.crash_points().len() as u64;
    for kill in std::iter::once(None).chain((0..points).map(Some)) {
        let kills = kill.map(|at| Kill {
            at,
            down_millis: 700,
            reboot: false,
        });
        let mut simulation = simulation(kills.into_iter().collect());
        simulation.run(Span::from_secs(7_200)).expect("no defect");
        let decided = decided(&simulation.records().expect("a whole journal"));
        assert_eq!(decided.len(), 2, "killed at {kill:?}");
        for (decision, when, found) in decided {
            assert_eq!(decision, Decision::Go, "killed at {kill:?}");
            let age = when.since(found);
            assert!(age <= EVERY, "killed at {kill:?}: {age} old at {when}");
        }
    }
}

/// What has been well at the last look, and is not when the person says yes, does not pass.
#[test]
fn what_changes_before_the_yes_is_seen() {
    let mut simulation = simulation(Vec::new());
    // Between two looks, a few seconds before the answer.
    simulation
        .run(Span::from_secs(33 * 60 + 1))
        .expect("no defect");
    let id = "queue".parse().expect("an id");
    simulation.world.metrics.insert(id, queue(500));
    simulation.run(Span::from_secs(600)).expect("no defect");
    let decided = decided(&simulation.records().expect("a whole journal"));
    let decisions: Vec<Decision> = decided.iter().map(|(decision, ..)| *decision).collect();
    assert_eq!(decisions, [Decision::NoGo]);
}

/// An abort condition ends an experiment at once: what was measured then, and by which rule, stands in the journal before
/// the hold does.
#[test]
fn what_stops_an_experiment_shows_what_was_measured() {
    let mut world = World::default();
    let errors = errors("0.1%");
    world
        .metrics
        .insert("errors".parse().expect("an id"), errors);
    world
        .metrics
        .insert("queue".parse().expect("an id"), queue(12));
    world
        .while_broken
        .insert("queue".parse().expect("an id"), queue(500));
    let setup = Setup::new(program("experiment", None), world, at(0));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(1_200)).expect("no defect");
    let records = simulation.records().expect("a whole journal");
    let view = View::of(&records).expect("a journal");
    let held = view.moments.iter().find(|one| one.sort == MomentSort::Held);
    let held = held.expect("it is held");
    let [Evidence::Finding { rule, finding, .. }] = held.evidence.as_slice() else {
        panic!("{held:?}");
    };
    assert!(rule.starts_with("queue > 100"), "{rule}");
    let observed = finding.observed.as_ref().map(ToString::to_string);
    assert_eq!(observed.as_deref(), Some("500"));
    let told = explain(&view, held.seq).expect("a decision");
    assert!(told.contains("queue is 500"), "{told}");
}

/// A person who says no to a check is asked nothing that failed: what holds the rollout says who, and to what.
#[test]
fn a_no_to_a_check_is_told_as_a_no() {
    let check =
        "    prerequisites: [{title: Before, owner: lead, items: [Backups can be restored]}]\n";
    let plan = PLAN.replace("    steps:", &format!("{check}    steps:"));
    let mut world = World::default();
    let queue_is_short = queue(12);
    world
        .metrics
        .insert("queue".parse().expect("an id"), queue_is_short);
    let reply = Reply {
        by: "lena".parse().expect("an id"),
        yes: false,
        after: Span::from_secs(60),
    };
    world
        .people
        .replies
        .insert("lead".parse().expect("an id"), vec![reply]);
    let plan = plan.replace(", approvals: [{role: lead}]", "");
    let mut simulation =
        Simulation::new(Setup::new(program_of(&plan, None), world, at(0))).expect("a rollout");
    simulation.run(Span::from_secs(3_600)).expect("no defect");
    let records = simulation.records().expect("a whole journal");
    let held = records.iter().find_map(|record| match &record.body {
        Body::Held { reason } => Some(reason),
        _ => None,
    });
    let held = held.expect("it is held");
    assert!(
        matches!(held, HoldReason::SaidNo { by, .. } if by.as_str() == "lena"),
        "{held:?}"
    );
    let words = held.to_string();
    assert!(
        words.starts_with("lena says no to 'Backups can be restored': "),
        "{words}"
    );
}
