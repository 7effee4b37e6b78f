//! Revised plans: a running rollout adopts what does not change work that has begun, and says what it may not.

use phasegate_core::Span;
use phasegate_engine::amend::{NotPermitted, difference};
use phasegate_engine::record::{Body, Change, Decision, Outcome, Record};
use phasegate_engine::{Act, Engine, EventError};
use phasegate_testkit::simulation::{Ended, Setup, Simulation};
use phasegate_testkit::world::{Reply, World};
use phasegate_tests::{at, errors, person, program_of, text};

/// Before it stands as it is, and after that as it is revised.
const POLISH: &str = "      - {id: polish, command: {binding: shell, name: warm-cache}}\n";

fn world(lead_after: u64) -> World {
    let mut world = World::default();
    for kpi in ["errors", "service-errors"] {
        world
            .metrics
            .insert(kpi.parse().expect("an id"), errors("0.1%"));
    }
    let reply = |by: &str, minutes: u64| Reply {
        by: by.parse().expect("an id"),
        yes: true,
        after: Span::from_secs(60 * minutes),
    };
    let leads = vec![reply("lena", lead_after), reply("leon", lead_after + 5)];
    let role = "lead".parse().expect("an id");
    world.people.replies.insert(role, leads);
    world
}

/// A step moved to the second phase, which goes up in two stages, a third phase, another freeze, another limit.
fn revised() -> String {
    let plan = text("amended").replace(POLISH, "");
    let plan = plan.replace(
        "stages: [{weight: 100%, bake: 5m}]}}\n",
        &format!("stages: [{{weight: 50%, bake: 5m}}, {{weight: 100%, bake: 5m}}]}}}}\n{POLISH}"),
    );
    let third = "  - id: third\n    title: Third\n    steps: [{id: look, wait: 2m}]\n    no-way-back: It only waits.\ntriggers:\n";
    plan.replace("triggers:\n", third)
        .replace("2026-09-07T17:00:00Z", "2026-09-07T19:00:00Z")
        .replace("until: 2026-09-07T18:00:00Z", "until: 2026-09-07T20:00:00Z")
        .replace("decide-within: 3h", "decide-within: 4h")
}

fn simulation(plan: &str, minute: u64, lead_after: u64) -> Simulation {
    let mut setup = Setup::new(program_of(&text("amended"), None), world(lead_after), at(0));
    let revision = program_of(plan, None);
    let olga = person("olga", "operator");
    setup.amendments.push((at(minute), olga, revision));
    Simulation::new(setup).expect("a rollout")
}

fn run(simulation: &mut Simulation, minutes: u64) -> (Ended, Vec<Record>) {
    let ended = simulation
        .run(Span::from_secs(60 * minutes))
        .expect("no defect");
    (ended, simulation.records().expect("a whole journal"))
}

/// What everybody answers from now on.
fn answers(simulation: &mut Simulation, yes: bool) {
    let replies = simulation.world.people.replies.values_mut();
    replies.flatten().for_each(|reply| reply.yes = yes);
}

fn changes(records: &[Record]) -> Vec<String> {
    let found = records.iter().find_map(|record| match &record.body {
        Body::Amended { changes, .. } => Some(changes),
        _ => None,
    });
    let found = found.map(Vec::as_slice).unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

fn moments(records: &[Record], is_it: impl Fn(&Body) -> bool) -> Vec<u64> {
    let hits = records.iter().filter(|record| is_it(&record.body));
    hits.map(|record| record.at().since(at(0)).as_millis() / 60_000)
        .collect()
}

#[test]
fn what_has_not_begun_may_change_and_the_start_is_approved_anew() {
    // A lead answers after 25 minutes: the first phase runs from then on, its wait ends after 75.
    let mut simulation = simulation(&revised(), 60, 25);
    let (ended, records) = run(&mut simulation, 600);
    assert_eq!(simulation.refused_amendments(), []);
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
    assert_eq!(
        changes(&records),
        [
            "limits of step onward of phase first",
            "step polish is left by phase first to phase second",
            "phase second is changed",
            "phase third is added",
            "when nothing moves forward",
        ]
    );
    let begun = |step: &str| {
        moments(
            &records,
            |body| matches!(body, Body::OpStarted { step: id, .. } if id.as_str() == step),
        )
    };
    let go = moments(
        &records,
        |body| matches!(body, Body::GateDecided { gate, decision: Decision::Go, .. } if gate.as_str() == "begin"),
    );
    assert_eq!(go, [25, 85], "the start is approved twice");
    // The wait was over at 75, and nothing began before the revision was approved.
    assert_eq!(begun("criteria"), [85], "{:?}", begun("rest"));
    assert!(begun("polish").first() > begun("onward").first());
    assert_eq!(begun("all").len(), 4, "two stages, each with a bake");
    assert_eq!(begun("look").len(), 1);
    // The journal tells the same.
    let stored: Vec<_> = records
        .iter()
        .map(|record| (record.kind(), record.encode().expect("a payload")))
        .collect();
    let replayed = Engine::replay(stored.iter().map(|(kind, bytes)| (*kind, &**bytes)));
    let replayed = replayed.expect("it replays");
    assert_eq!(replayed.state().amended, 1);
    assert_eq!(Some(replayed.state()), simulation.state());
}

/// Approvals that were given to the plan as it was are void: a gate that is open is asked anew.
#[test]
fn a_gate_that_is_open_is_asked_anew() {
    let plan = text("amended").replace("2026-09-07T17:00:00Z", "2026-09-07T17:30:00Z");
    // The gate opens at 75; one lead has answered at 100, the other would at 105.
    let mut simulation = simulation(&plan, 102, 25);
    let (ended, records) = run(&mut simulation, 600);
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
    assert_eq!(changes(&records), ["when nothing moves forward"]);
    let go = moments(
        &records,
        |body| matches!(body, Body::GateDecided { gate, .. } if gate.as_str() == "onward"),
    );
    // First the start is approved at 127, then the gate is asked anew: both have said yes 30 minutes later.
    assert_eq!(go, [157]);
}

/// What one person says to one revision and another to the next is no quorum for either.
#[test]
fn a_second_revision_voids_what_was_said_to_the_first() {
    let two = |plan: &str| {
        let begin = "{id: begin, when: before-start, approvals: [{role: lead}]}";
        let both = "{id: begin, when: before-start, approvals: [{role: lead, quorum: 2}]}";
        program_of(&plan.replace(begin, both), None)
    };
    let plan = text("amended");
    // Lena answers after 25 minutes and Leon after 30: at 60 comes the first revision, and when she has answered, the second.
    let mut setup = Setup::new(two(&plan), world(25), at(0));
    let olga = || person("olga", "operator");
    let later = plan.replace("2026-09-07T17:00:00Z", "2026-09-07T17:30:00Z");
    let latest = plan.replace("2026-09-07T17:00:00Z", "2026-09-07T17:40:00Z");
    setup.amendments.push((at(60), olga(), two(&later)));
    setup.amendments.push((at(87), olga(), two(&latest)));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let (ended, records) = run(&mut simulation, 600);
    assert_eq!(simulation.refused_amendments(), []);
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
    let go = moments(
        &records,
        |body| matches!(body, Body::GateDecided { gate, decision: Decision::Go, .. } if gate.as_str() == "begin"),
    );
    assert_eq!(go, [30, 117]);
}

#[test]
fn a_revision_that_is_rejected_holds_until_a_person_lets_it_be_asked_again() {
    let plan = text("amended").replace("2026-09-07T17:00:00Z", "2026-09-07T17:30:00Z");
    let mut setup = Setup::new(program_of(&text("amended"), None), world(1), at(0));
    let olga = || person("olga", "operator");
    setup
        .amendments
        .push((at(30), olga(), program_of(&plan, None)));
    setup.acts.push((at(50), olga(), Act::Release));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let early = simulation.run(Span::from_secs(60 * 20)).expect("no defect");
    assert_eq!(early, Ended::OutOfTime);
    answers(&mut simulation, false);
    simulation.run(Span::from_secs(60 * 25)).expect("no defect");
    assert_eq!(simulation.state().expect("a rollout").holds.len(), 1);
    answers(&mut simulation, true);
    let (ended, records) = run(&mut simulation, 600);
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
    let decided = moments(
        &records,
        |body| matches!(body, Body::GateDecided { gate, .. } if gate.as_str() == "begin"),
    );
    assert_eq!(decided, [1, 31, 51]);
}

#[test]
fn everything_that_is_not_permitted_is_said_at_once() {
    let mut simulation = simulation(&revised(), 10_000, 1);
    simulation.run(Span::from_secs(60 * 30)).expect("no defect");
    let state = simulation.state().expect("it runs").clone();
    let refused = |plan: String| {
        let refused = difference(&state, &program_of(&plan, None)).expect_err("not permitted");
        refused
            .0
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let plan = text("amended");
    assert_eq!(
        refused(plan.clone()),
        ["it is the plan that is carried out"]
    );
    let all = plan
        .replace("{weight: 5%, bake: 5m}", "{weight: 5%, bake: 4m}")
        .replace("query: {whole: errors}", "query: {whole: others}")
        .replace("> 5% for 1m", "> 9% for 1m")
        .replace("validate-within: 5m", "validate-within: 1m")
        .replace(
            "- {id: all, traffic: {binding: edge, target: shop",
            "- {id: all, traffic: {binding: edge, target: till",
        )
        .replace(
            "traffic: {binding: edge, target: shop, stages: [0%]}}\n      escalate",
            "traffic: {binding: edge, target: till, stages: [0%]}}\n      escalate",
        )
        .replace("settle: 10s", "settle: 5s");
    let said = refused(all);
    for part in [
        "'till' of 'edge' would be moved",
        "step 'some' of phase 'first' changes",
        "the way back of phase 'first' changes",
        "number 'service-errors' changes",
        "trigger 'errors-high' changes",
        "'settle' changes",
    ] {
        assert!(
            said.iter().any(|one| one.contains(part)),
            "{part}: {said:#?}"
        );
    }
    assert_eq!(said.len(), 6, "{said:#?}");
    let gone = plan.replace("- id: first", "- id: another");
    assert!(
        refused(gone)
            .iter()
            .any(|one| one.starts_with("phase 'first' has begun and is left out"))
    );
    // A step that has begun is not left to later, and one that is nowhere else is not left out.
    let wait = "      - {id: rest, wait: 40m}\n";
    let moved = plan.replace(wait, "").replace(
        "100%, bake: 5m}]}}\n",
        &format!("100%, bake: 5m}}]}}}}\n{wait}"),
    );
    assert!(refused(moved)[0].starts_with("step 'rest' of phase 'first'"));
    assert!(refused(plan.replace(POLISH, ""))[0].starts_with("step 'polish' of phase 'first'"));
    // The gate and the criteria of the phase stay.
    let lax = plan.replace("quorum: 2", "quorum: 1");
    assert!(refused(lax)[0].starts_with("step 'onward' of phase 'first'"));
    // What is permitted is said without being done.
    let later = difference(&state, &program_of(&revised(), None)).expect("permitted");
    assert!(later.contains(&Change::Freezes));
}

#[test]
fn a_rollout_that_goes_back_adopts_nothing() {
    let mut setup = Setup::new(program_of(&text("amended"), None), world(1), at(0));
    let olga = || person("olga", "operator");
    setup.acts.push((at(20), olga(), Act::Abort));
    let late = at(20) + Span::from_secs(1);
    setup
        .amendments
        .push((late, olga(), program_of(&revised(), None)));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let (ended, _) = run(&mut simulation, 100);
    assert_eq!(ended, Ended::Finished(Outcome::Aborted));
    let refused = simulation.refused_amendments();
    assert_eq!(
        refused,
        [EventError::NotPermitted {
            what: vec![NotPermitted::GoesBack]
        }]
    );
}
