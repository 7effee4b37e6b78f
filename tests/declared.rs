//! What is declared, measured or forced by people: incidents with their clocks, the glass that is broken,
//! answers that are taken back, and a baseline that `vs baseline` means from then on.

use phasegate_core::{Desired, Ratio, Span};
use phasegate_engine::record::{
    Body, GateReason, IncidentClock, IncidentStep, Outcome, Place, Record,
};
use phasegate_engine::{Act, Person};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::{Metric, Regression, Reply, World};
use phasegate_tests::{at, errors, latency, person, program, program_of, text};

fn olga() -> Person {
    person("olga", "operator")
}

fn declare(scenario: &str) -> Act {
    Act::Declare {
        scenario: scenario.to_owned(),
    }
}

fn gate() -> Place {
    Place::Phase {
        phase: "start".parse().expect("an id"),
        op: 1,
    }
}

fn world() -> World {
    let mut world = World::default();
    let kpi = "latency".parse().expect("an id");
    world.metrics.insert(kpi, latency(1.0));
    world
}

/// An hour and a half of the plan with these acts of olga, each at a minute.
fn journal(world: World, acts: &[(u64, Act)], kills: Vec<Kill>) -> (Vec<Record>, Simulation) {
    let mut setup = Setup::new(program("declared", None), world, at(0));
    let act = |(minute, act): &(u64, Act)| (at(*minute), olga(), act.clone());
    setup.acts.extend(acts.iter().map(act));
    setup.kills = kills;
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation.run(Span::from_secs(90 * 60)).expect("no defect");
    (simulation.records().expect("a whole journal"), simulation)
}

/// The steps of the first incident, with the whole minute of each.
fn steps(records: &[Record]) -> Vec<(u64, IncidentStep)> {
    let step = |record: &Record| match &record.body {
        Body::Incident { step, .. } => Some((
            record.at().since(at(0)).as_nanos() / 60_000_000_000,
            step.clone(),
        )),
        _ => None,
    };
    records.iter().filter_map(step).collect()
}

fn decided(records: &[Record]) -> Option<(u64, bool)> {
    steps(records).iter().find_map(|(minute, step)| match step {
        IncidentStep::Decided { respond, .. } => Some((*minute, *respond)),
        _ => None,
    })
}

fn late(records: &[Record]) -> Vec<(u64, IncidentClock)> {
    let of = |(minute, step): &(u64, IncidentStep)| match step {
        IncidentStep::Late { clock } => Some((*minute, *clock)),
        _ => None,
    };
    steps(records).iter().filter_map(of).collect()
}

fn messages(simulation: &Simulation, word: &str) -> usize {
    let about = |desired: &Desired| matches!(desired, Desired::Message { subject, .. } if subject.contains(word));
    let history = simulation.world.history();
    history.iter().filter(|done| about(&done.desired)).count()
}

#[test]
fn a_row_without_time_to_decide_is_carried_out_at_once() {
    let acts = [(2, declare("data-loss"))];
    let (records, simulation) = journal(world(), &acts, Vec::new());
    assert_eq!(decided(&records), Some((2, true)));
    let back = |record: &Record| matches!(record.body, Body::RollbackStarted { .. });
    let started = records.iter().find(|record| back(record));
    assert_eq!(started.map(Record::at), Some(at(2)));
    assert!(messages(&simulation, "Data are lost") > 0);
}

#[test]
fn an_alert_that_does_something_does_it_at_its_critical_level() {
    // The 95th percentile is 95 times the scale, in milliseconds: a warning, and what is critical.
    for (scale, goes_back) in [(0.6, false), (1.0, true)] {
        let mut world = World::default();
        let kpi = "latency".parse().expect("an id");
        world.metrics.insert(kpi, latency(scale));
        let setup = Setup::new(program("alerts", None), world, at(0));
        let mut simulation = Simulation::new(setup).expect("a rollout");
        simulation.run(Span::from_secs(60 * 60)).expect("no defect");
        let records = simulation.records().expect("a whole journal");
        let back = |record: &&Record| matches!(record.body, Body::RollbackStarted { .. });
        let started = records.iter().find(back).map(Record::at);
        assert_eq!(started.is_some(), goes_back, "{scale}");
        // It must have held for two minutes.
        assert!(started.is_none_or(|moment| moment >= at(2) && moment <= at(5)));
    }
}

/// The measures of a contingency are told once, in order, and the rollout goes on, whether the number is seen or not.
#[test]
fn a_contingency_that_a_number_tells_is_told_and_nothing_is_held() {
    let more = "contingencies:
  - id: hot
    title: The cart is slow
    when: p95(latency) > 70ms
    measures: [Look at the database, {statement: Call the shop, role: operator}]
";
    let plan = text("alerts") + more;
    for (scale, told) in [(Some(0.6), 0), (Some(0.8), 1), (None, 0)] {
        let mut world = World::default();
        let kpi = "latency".parse().expect("an id");
        world
            .metrics
            .extend(scale.map(|scale| (kpi, latency(scale))));
        // Nothing else is held for what nobody sees.
        let plan = plan.replacen("respond: [{rollback: start}]", "respond: []", 1);
        let setup = Setup::new(program_of(&plan, None), world, at(0));
        let mut simulation = Simulation::new(setup).expect("a rollout");
        simulation.run(Span::from_secs(60 * 60)).expect("no defect");
        let history = simulation.world.history();
        let bodies = history.iter();
        let bodies = bodies.filter_map(|done| match &done.desired {
            Desired::Message { subject, body, .. } if subject == "Alerts: The cart is slow" => {
                Some(body.clone())
            }
            _ => None,
        });
        let bodies: Vec<String> = bodies.collect();
        assert_eq!(bodies.len(), told, "{scale:?}");
        let measures = "\n1. Look at the database\n2. Call the shop (operator)";
        assert!(
            bodies
                .iter()
                .all(|body| body.ends_with(measures) && body.contains("p95(latency)")),
            "{bodies:?}"
        );
        let records = simulation.records().expect("a whole journal");
        let outcome = Outcome::Completed;
        assert_eq!(
            records.last().map(|record| &record.body),
            Some(&Body::Finished { outcome })
        );
    }
}

#[test]
fn what_nobody_decides_in_time_goes_as_its_row_says() {
    for (scenario, respond) in [("slow", false), ("strange", true)] {
        let (records, simulation) = journal(world(), &[(10, declare(scenario))], Vec::new());
        assert_eq!(decided(&records), Some((20, respond)), "{scenario}");
        assert!(late(&records).contains(&(20, IncidentClock::Decide)));
        let state = simulation.state().expect("it runs");
        assert_eq!(!state.holds.is_empty(), respond, "{scenario}");
    }
}

#[test]
fn the_clocks_of_an_incident_run_on_in_a_pause() {
    let acts = [(5, Act::Pause), (10, declare("slow")), (80, Act::Resume)];
    let (records, _) = journal(world(), &acts, Vec::new());
    let mut late = late(&records);
    late.truncate(3);
    let expected = [
        (15, IncidentClock::Acknowledge),
        (20, IncidentClock::Decide),
        (25, IncidentClock::Update),
    ];
    assert_eq!(late, expected);
}

#[test]
fn clocks_that_ran_out_while_all_was_down_are_called_out_afterwards_in_order() {
    let declared = [(10, declare("slow"))];
    let (_, plain) = journal(world(), &declared, Vec::new());
    // It dies at the first moment after the declaration at which it can.
    let records = (0u64..)
        .zip(plain.crash_points())
        .find_map(|(at, _)| {
            let kill = Kill {
                at,
                down_millis: 40 * 60_000,
                reboot: true,
            };
            let (records, _) = journal(world(), &declared, vec![kill]);
            let first = late(&records).first().map(|(minute, _)| *minute);
            let before = steps(&records)
                .first()
                .is_some_and(|(minute, _)| *minute == 10);
            (before && first.is_some_and(|minute| minute >= 50)).then_some(records)
        })
        .expect("a moment between declaration and the first clock");
    let called: Vec<IncidentClock> = late(&records).iter().map(|(_, clock)| *clock).collect();
    assert_eq!(
        called.first_chunk::<3>(),
        Some(&[
            IncidentClock::Acknowledge,
            IncidentClock::Decide,
            IncidentClock::Update
        ])
    );
    assert_eq!(decided(&records).map(|(_, respond)| respond), Some(false));
}

#[test]
fn news_starts_the_clock_of_updates_again_and_the_end_stops_all() {
    let acts = [
        (10, declare("slow")),
        (12, Act::Acknowledge { incident: 1 }),
        (20, Act::Update { incident: 1 }),
        (30, Act::Update { incident: 1 }),
        (50, Act::Update { incident: 1 }),
        (60, Act::Resolve { incident: 1 }),
        (70, Act::FollowUp { incident: 1 }),
        // What is over is over.
        (71, Act::Update { incident: 1 }),
        (72, Act::FollowUp { incident: 1 }),
    ];
    let (records, _) = journal(world(), &acts, Vec::new());
    let expected = [(20, IncidentClock::Decide), (45, IncidentClock::Update)];
    assert_eq!(late(&records), expected);
    let last = steps(&records).pop().expect("steps");
    assert!(matches!(last, (70, IncidentStep::FollowedUp { .. })));
}

#[test]
fn what_the_matrix_does_not_know_cannot_be_declared() {
    let (records, _) = journal(world(), &[(2, declare("flood"))], Vec::new());
    assert_eq!(steps(&records), []);
}

#[test]
fn breaking_the_glass_passes_a_waiting_gate_and_tells() {
    let broken = |records: &[Record]| {
        let by = |record: &Record| match &record.body {
            Body::GateDecided { reason, .. } => matches!(reason, GateReason::BrokenGlass { .. }),
            _ => false,
        };
        records.iter().filter(|record| by(record)).count()
    };
    // Before the gate waits there is no glass to break.
    let acts = [
        (1, Act::BreakGlass { place: gate() }),
        (10, Act::BreakGlass { place: gate() }),
        (11, Act::BreakGlass { place: gate() }),
    ];
    let (records, simulation) = journal(world(), &acts, Vec::new());
    assert_eq!(broken(&records), 1);
    assert_eq!(messages(&simulation, "without what it asks for"), 1);
    let end = records.last().map(|record| &record.body);
    assert!(matches!(end, Some(Body::Finished { .. })), "{end:?}");

    let (records, simulation) = journal(world(), &[], Vec::new());
    assert_eq!(broken(&records), 0);
    assert!(!simulation.state().expect("it waits").asks.is_empty());
}

#[test]
fn later_numbers_are_compared_with_what_the_baseline_step_measured() {
    let baseline = |records: &[Record]| {
        records.iter().find_map(|record| match &record.body {
            Body::BaselineRecorded { figures, .. } => figures.first().cloned(),
            _ => None,
        })
    };
    for (scale, completes) in [(1.0, true), (1.15, true), (1.5, false)] {
        let mut world = world();
        world.regressions.push(Regression {
            kpi: "latency".parse().expect("an id"),
            from: Ratio::from_percent(10).expect("a ratio"),
            becomes: latency(scale),
        });
        let acts = [(10, Act::BreakGlass { place: gate() })];
        let (records, _) = journal(world, &acts, Vec::new());
        let figure = baseline(&records).expect("a baseline");
        assert_eq!(figure.measure, "p95(latency)");
        assert_eq!(figure.samples, 5 * 60 * 100);
        assert_eq!(
            figure.window.end.since(figure.window.start),
            Span::from_secs(300)
        );
        let end = records.last().map(|record| &record.body);
        let finished = matches!(
            end,
            Some(Body::Finished {
                outcome: Outcome::Completed
            })
        );
        assert_eq!(finished, completes, "{scale}: {end:?}");
    }
}

/// Two hours of a plan of two phases, the second of which begins after twenty minutes; what olga answers if she
/// answers, a minute after she is asked.
fn two_phases(scenario: &str, answer: Option<(bool, u64)>, acts: &[(u64, Act)]) -> Vec<Record> {
    let mut world = World::default();
    let id = |id: &str| id.parse().expect("an id");
    world.metrics.insert(id("errors"), errors("0.1%"));
    let value = "1".parse().expect("a number");
    world.metrics.insert(id("queue"), Metric::Scalar { value });
    let reply = answer.map(|(yes, minutes)| Reply {
        by: "olga".parse().expect("an id"),
        yes,
        after: Span::from_secs(60 * minutes),
    });
    let role = "operator".parse().expect("an id");
    world
        .people
        .replies
        .insert(role, reply.into_iter().collect());
    let mut setup = Setup::new(program("partial", None), world, at(0));
    setup.acts.push((at(5), olga(), declare(scenario)));
    let act = |(minute, act): &(u64, Act)| (at(*minute), olga(), act.clone());
    setup.acts.extend(acts.iter().map(act));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation
        .run(Span::from_secs(2 * 3600))
        .expect("no defect");
    simulation.records().expect("a whole journal")
}

/// The minute at which the second phase began, and how it ended.
fn second(records: &[Record]) -> (Option<u64>, Option<Outcome>) {
    let begun = records.iter().find(
        |record| matches!(&record.body, Body::PhaseStarted { phase } if phase.as_str() == "second"),
    );
    let minute = begun.map(|record| record.at().since(at(0)).as_nanos() / 60_000_000_000);
    let end = records.iter().find_map(|record| match record.body {
        Body::Finished { outcome } => Some(outcome),
        _ => None,
    });
    (minute, end)
}

#[test]
fn what_is_decided_at_the_next_phase_has_until_then_and_no_longer() {
    let completed = Some(Outcome::Completed);
    // Decided before: nothing waits. A no leaves all as it is.
    assert_eq!(
        second(&two_phases("small", Some((false, 3)), &[])),
        (Some(20), completed)
    );
    assert_eq!(
        second(&two_phases("small", Some((true, 3)), &[])),
        (None, Some(Outcome::RolledBack))
    );
    // Nobody has decided: it is held, without a clock before that, until somebody decides.
    let records = two_phases("small", None, &[]);
    assert_eq!(second(&records), (None, None));
    let decide: Vec<_> = late(&records)
        .into_iter()
        .filter(|(_, clock)| *clock == IncidentClock::Decide)
        .collect();
    assert_eq!(decide, [(20, IncidentClock::Decide)]);
    assert_eq!(
        second(&two_phases("small", Some((false, 35)), &[])),
        (Some(40), completed)
    );
    assert_eq!(
        second(&two_phases("small", Some((true, 35)), &[])),
        (None, Some(Outcome::RolledBack))
    );
    // A person may let it go on all the same, and what is over asks for nothing.
    let release = [(50, Act::Release)];
    assert_eq!(
        second(&two_phases("small", None, &release)),
        (Some(50), completed)
    );
    let resolve = [(15, Act::Resolve { incident: 1 })];
    assert_eq!(
        second(&two_phases("small", None, &resolve)),
        (Some(20), completed)
    );
    // Where the plan says what silence means, it is that.
    let records = two_phases("tiny", None, &[]);
    assert_eq!(
        (decided(&records), second(&records)),
        (Some((20, false)), (Some(20), completed))
    );
}

#[test]
fn the_end_of_the_rollout_is_a_point_of_decision_too() {
    // Declared in the last phase.
    let mut acts = vec![(25, declare("small"))];
    let resolve = Act::Resolve { incident: 1 };
    acts.insert(0, (10, resolve));
    let records = two_phases("small", None, &acts);
    let (begun, ended) = second(&records);
    assert_eq!((begun, ended), (Some(20), None));
    let decide: Vec<u64> = late(&records)
        .into_iter()
        .filter(|(_, clock)| *clock == IncidentClock::Decide)
        .map(|(minute, _)| minute)
        .collect();
    assert_eq!(decide.len(), 1);
    assert!(decide.iter().all(|minute| *minute >= 30), "{decide:?}");
}

#[test]
fn what_is_declared_again_in_the_same_words_is_one_incident() {
    let acts = [
        (10, declare("slow")),
        (12, declare("slow")),
        (13, declare("strange")),
    ];
    let (records, _) = journal(world(), &acts, Vec::new());
    let declared = |record: &&Record| {
        let Body::Incident { step, .. } = &record.body else {
            return false;
        };
        matches!(step, IncidentStep::Declared { .. })
    };
    assert_eq!(records.iter().filter(declared).count(), 2);
}
