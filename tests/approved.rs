//! Who may approve, and what stays said: an author in one role and not in another, a gate beside one that holds.

use phasegate_core::Span;
use phasegate_engine::Act;
use phasegate_engine::record::{AskAbout, Body, Decision, HoldReason, Record};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{Reply, World};
use phasegate_tests::{at, person, program_of, set};

const HEAD: &str = "format: phasegate-plan/1
id: approved
title: Approved
roles:
  - {id: lead, members: [author, lena, leon]}
  - {id: operator, members: [author, olga]}
channels:
  - {id: team, binding: chat}
kpis:
  - {id: queue, shape: gauge, direction: lower, window: 2m, source: metrics, query: {whole: queue}}
evaluation: {every: 15s, settle: 10s}
";

fn reply(by: &str, minutes: u64) -> Reply {
    Reply {
        by: by.parse().expect("an id"),
        yes: true,
        after: Span::from_secs(60 * minutes),
    }
}

fn world(replies: &[(&str, Vec<Reply>)], queue: u64) -> World {
    let mut world = World::default();
    for (role, replies) in replies {
        let role = role.parse().expect("an id");
        world.people.replies.insert(role, replies.clone());
    }
    set(&mut world, "queue", queue);
    world
}

/// The minutes at which the gate was decided so.
fn go(records: &[Record], gate: &str) -> Vec<u64> {
    let is_it = |record: &&Record| matches!(&record.body, Body::GateDecided { gate: id, decision: Decision::Go, .. } if id.as_str() == gate);
    let of = records.iter().filter(is_it);
    of.map(|record| record.at().since(at(0)).as_millis() / 60_000)
        .collect()
}

#[test]
fn an_author_approves_in_the_role_in_which_they_may() {
    let plan = format!(
        "{HEAD}gates:
  - {{id: begin, when: before-start, approvals: [{{role: lead, author-may: true}}, {{role: operator}}]}}
phases:
  - {{id: one, title: One, steps: [{{id: rest, wait: 1m}}], no-way-back: Nothing moves.}}
"
    );
    let replies = [
        ("lead", vec![reply("author", 2)]),
        ("operator", vec![reply("author", 3), reply("olga", 9)]),
    ];
    let setup = Setup::new(program_of(&plan, None), world(&replies, 0), at(0));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(3600)).expect("no defect");
    let records = simulation.records().expect("a whole journal");
    assert_eq!(go(&records, "begin"), [9]);
    let answers = records.iter().filter_map(|record| match &record.body {
        Body::Answered(answered) => Some((answered.by.as_str(), answered.role.as_str())),
        _ => None,
    });
    assert_eq!(
        answers.collect::<Vec<_>>(),
        [("author", "lead"), ("olga", "operator")]
    );
}

#[test]
fn a_release_of_one_gate_leaves_the_others_what_was_said_to_them() {
    let plan = format!(
        "{HEAD}phases:
  - id: one
    title: One
    steps: [{{id: rest, wait: 1m}}]
    gates: [{{id: numbers, criteria: [queue < 5]}}]
    no-way-back: Nothing moves.
  - id: two
    title: Two
    after: []
    steps: [{{id: rest, wait: 1m}}]
    gates: [{{id: people, approvals: [{{role: lead, quorum: 2}}]}}]
    no-way-back: Nothing moves.
"
    );
    let replies = [("lead", vec![reply("lena", 5), reply("leon", 60)])];
    let mut setup = Setup::new(program_of(&plan, None), world(&replies, 12), at(0));
    let olga = person("olga", "operator");
    setup.acts.push((at(30), olga, Act::Release));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(20 * 60)).expect("no defect");
    let holds = simulation.state().expect("a rollout").holds.clone();
    assert!(
        matches!(&*holds, [HoldReason::Gate { gate }] if gate.as_str() == "numbers"),
        "{holds:?}"
    );
    set(&mut simulation.world, "queue", 1);
    simulation
        .run(Span::from_secs(100 * 60))
        .expect("no defect");
    let records = simulation.records().expect("a whole journal");
    assert_eq!(go(&records, "numbers"), [30]);
    assert_eq!(go(&records, "people"), [61]);
    let asked = records.iter().filter(|record| {
        matches!(&record.body, Body::Asked(ask) if matches!(&ask.about, AskAbout::Approval { .. }))
    });
    assert_eq!(asked.count(), 1, "nobody is asked twice");
}
