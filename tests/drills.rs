//! Drills: what is done when something happens is rehearsed. Alerts arrive, people are called, clocks run, a way back is
//! timed against the plan's recovery target; and nothing of the rollout changes by it.

use phasegate_core::{Desired, Ratio, Span};
use phasegate_engine::program::{Back, Program};
use phasegate_engine::record::{Body, IncidentClock, IncidentStep, Record};
use phasegate_engine::state::IncidentState;
use phasegate_engine::{Act, State};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::{Metric, Outage, OutageKind, World};
use phasegate_tests::{at, errors, latency, person, program, program_of, text};

fn rehearse(scenario: &str) -> Act {
    Act::DrillIncident {
        scenario: scenario.to_owned(),
    }
}

fn world() -> World {
    let mut world = World::default();
    let id = |id: &str| id.parse().expect("an id");
    world.metrics.insert(id("latency"), latency(1.0));
    world.metrics.insert(id("errors"), errors("0.1%"));
    let value = "1".parse().expect("a number");
    world.metrics.insert(id("queue"), Metric::Scalar { value });
    world
}

/// So many minutes of a rollout, with these acts of olga, each at a minute.
fn run(
    program: Program,
    world: World,
    acts: &[(u64, Act)],
    kills: Vec<Kill>,
    minutes: u64,
) -> (Vec<Record>, Simulation) {
    let mut setup = Setup::new(program, world, at(0));
    let act = |(minute, act): &(u64, Act)| (at(*minute), person("olga", "operator"), act.clone());
    setup.acts.extend(acts.iter().map(act));
    setup.kills = kills;
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let limit = Span::from_secs(60 * minutes);
    simulation.run(limit).expect("no defect");
    (simulation.records().expect("a whole journal"), simulation)
}

/// The state that a replay of the records gives.
fn replayed(records: &[Record]) -> State {
    let mut state = State::created(&records[0]).expect("a creation");
    for record in &records[1..] {
        state.apply(record).expect("it replays");
    }
    state
}

fn first(state: &State) -> &IncidentState {
    state.incidents.get(&1).expect("an incident")
}

/// Does anything go back or is anything held?
fn is_moved(records: &[Record]) -> bool {
    let moves = |body: &Body| matches!(body, Body::Held { .. } | Body::RollbackStarted { .. });
    records.iter().any(|record| moves(&record.body))
}

#[test]
fn a_drill_tells_calls_and_counts_and_nothing_comes_of_it() {
    // The real thing goes back at once.
    let real = Act::Declare {
        scenario: "data-loss".to_owned(),
    };
    let (records, _) = run(
        program("declared", None),
        world(),
        &[(2, real)],
        Vec::new(),
        20,
    );
    assert!(is_moved(&records));

    let acts = [
        (2, rehearse("data-loss")),
        // Said again because no answer came: it is the same one.
        (3, rehearse("data-loss")),
        (4, Act::Acknowledge { incident: 1 }),
        (6, Act::Resolve { incident: 1 }),
    ];
    let (records, simulation) = run(program("declared", None), world(), &acts, Vec::new(), 20);
    assert!(!is_moved(&records));
    let state = replayed(&records);
    assert_eq!(Some(&state), simulation.state());
    let drill = first(&state);
    assert_eq!(
        (state.incidents.len(), drill.drill, drill.late.len()),
        (1, true, 0)
    );
    let after = |moment: Option<phasegate_core::Now>| moment.map(|now| now.wall.since(at(2)));
    let delivered = after(drill.delivered).expect("it has arrived");
    assert!(delivered < Span::from_secs(1), "{delivered}");
    assert_eq!(
        after(drill.acknowledged).map(|span| span.as_nanos() / 1_000_000_000),
        Some(120)
    );
    // Nobody takes it for the real thing.
    let history = simulation.world.history();
    let told = history.iter().filter_map(|done| match &done.desired {
        Desired::Message { subject, .. } if subject.contains("Data are lost") => Some(subject),
        _ => None,
    });
    let told: Vec<_> = told.collect();
    assert!(
        !told.is_empty() && told.iter().all(|subject| subject.starts_with("Drill: ")),
        "{told:?}"
    );
}

#[test]
fn who_was_missing_in_a_drill_shows_and_nothing_is_held_for_it() {
    // The row says that what nobody decides is carried out, and its response is to hold.
    let acts = [(10, rehearse("strange"))];
    let (records, _) = run(program("declared", None), world(), &acts, Vec::new(), 60);
    assert!(!is_moved(&records));
    let state = replayed(&records);
    let drill = first(&state);
    assert_eq!(
        drill
            .decided
            .map(|(now, respond)| (now.wall >= at(20), respond)),
        Some((true, true))
    );
    assert!(drill.acknowledged.is_none() && drill.late.contains(&IncidentClock::Acknowledge));
    // What is to be decided at the next phase does not keep it from beginning.
    let (records, _) = run(
        program("partial", None),
        world(),
        &[(5, rehearse("small"))],
        Vec::new(),
        60,
    );
    assert!(!is_moved(&records));
    let begun = |record: &&Record| matches!(&record.body, Body::PhaseStarted { phase } if phase.as_str() == "second");
    let begun = records.iter().find(begun).map(Record::at);
    assert!(begun.is_some_and(|moment| moment < at(21)), "{begun:?}");
}

#[test]
fn an_alert_that_does_not_arrive_shows() {
    let mut deaf = world();
    deaf.outages.push(Outage {
        binding: "chat".parse().expect("an id"),
        kind: OutageKind::Refuses,
        from: at(0),
        until: at(60),
        exposure: Ratio::ZERO,
    });
    let acts = [
        (2, rehearse("data-loss")),
        (9, Act::Acknowledge { incident: 1 }),
    ];
    let (records, _) = run(program("declared", None), deaf, &acts, Vec::new(), 20);
    let state = replayed(&records);
    let drill = first(&state);
    assert_eq!(drill.delivered, None);
    assert!(drill.acknowledged.is_some() && drill.late.contains(&IncidentClock::Acknowledge));
}

#[test]
fn a_death_anywhere_leaves_a_drill_a_drill() {
    let acts = [
        (2, rehearse("data-loss")),
        (4, Act::Acknowledge { incident: 1 }),
        (6, Act::Resolve { incident: 1 }),
    ];
    let plain = run(program("declared", None), world(), &acts, Vec::new(), 12);
    let steps = |records: &[Record]| -> Vec<IncidentStep> {
        let step = |record: &Record| match &record.body {
            Body::Incident { step, .. } => Some(step.clone()),
            _ => None,
        };
        let mut steps: Vec<_> = records.iter().filter_map(step).collect();
        // Who was not told that it is recorded says it again.
        steps.dedup();
        steps
    };
    let wanted = steps(&plain.0);
    assert_eq!(wanted.len(), 4, "{wanted:?}");
    for at in 0..u64::try_from(plain.1.crash_points().len()).expect("a count") {
        let kill = Kill {
            at,
            down_millis: 7_000,
            reboot: at % 2 == 0,
        };
        let (records, simulation) = run(program("declared", None), world(), &acts, vec![kill], 12);
        assert_eq!(steps(&records), wanted, "killed at {at}");
        assert!(!is_moved(&records), "killed at {at}");
        let state = replayed(&records);
        assert_eq!(Some(&state), simulation.state(), "killed at {at}");
        assert!(
            first(&state).drill && first(&state).delivered.is_some(),
            "killed at {at}"
        );
    }
}

#[test]
fn a_restore_that_is_rehearsed_is_timed_against_the_recovery_target() {
    for (target, met) in [("10m", true), ("1s", false)] {
        let plan = format!("{}recovery: {{time: {target}}}\n", text("partial"));
        let back = Back::Procedure("no-advice".parse().expect("an id"));
        let acts = [(6, Act::Drill { back }), (15, Act::Release)];
        let (records, _) = run(program_of(&plan, None), world(), &acts, Vec::new(), 90);
        let state = replayed(&records);
        let [drill] = &state.drills[..] else {
            panic!("{:?}", state.drills);
        };
        assert!(drill.validated && drill.limit.is_some_and(|limit| drill.took < limit));
        assert_eq!(
            (drill.recovery, drill.is_met()),
            (target.parse().ok(), met),
            "{}",
            drill.took
        );
    }
}
