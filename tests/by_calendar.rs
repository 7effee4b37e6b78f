//! What the calendar decides while a rollout runs: who is called when something is declared, and work that comes again.

use phasegate_core::{Desired, PersonId, Span};
use phasegate_engine::Act;
use phasegate_engine::record::{Body, IncidentStep, MaintenanceStep, Record};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::World;
use phasegate_tests::{at, person, program_of};

/// It begins on Monday, 7 September, at 11:00 in Berlin, two hours ahead of the times of the records.
const PLAN: &str = "format: phasegate-plan/1
id: called
title: Called
roles:
  - {id: lead, members: [lena, leon]}
  - {id: operator, members: [olga]}
  - {id: platform, members: [ada, bob, cyd]}
channels:
  - {id: team, binding: chat}
calendar: {zone: Europe/Berlin, hours: ['08:00-18:00']}
teams:
  - {id: ops, role: operator, on-call: {order: 3, around-the-clock: true}}
  - {id: platform, role: platform, on-call: {order: 1, turns: {every: day, from: 2026-09-07, at: '09:00'}}}
  - {id: leads, role: lead, on-call: {order: 2, business-hours: true}}
  - {id: others}
incidents: {acknowledge-within: 10m, channels: [team]}
matrix:
  - {id: noise, scenario: Noise, severity: low, respond: [{notify: {channel: team}}], decider: operator}
maintenance:
  - {title: Patches, recurrence: '0 20 * * *', length: 2h, notice: 6h, channels: [team]}
phases:
  - id: one
    title: One
    steps: [{id: rest, wait: 168h}]
    no-way-back: Nothing moves.
";

fn journal(acts: &[(u64, Act)], kills: Vec<Kill>) -> (Vec<Record>, Simulation) {
    let mut setup = Setup::new(program_of(PLAN, None), World::default(), at(0));
    let act = |(minute, act): &(u64, Act)| (at(*minute), person("olga", "operator"), act.clone());
    setup.acts.extend(acts.iter().map(act));
    setup.kills = kills;
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let three_days = Span::from_secs(72 * 3_600);
    simulation.run(three_days).expect("no defect");
    (simulation.records().expect("a whole journal"), simulation)
}

fn minute(record: &Record) -> u64 {
    record.at().since(at(0)).as_nanos() / 60_000_000_000
}

fn noises() -> Vec<(u64, Act)> {
    let scenario = || "noise".to_owned();
    let declare = |minute| {
        let scenario = scenario();
        (minute, Act::Declare { scenario })
    };
    let seen = Act::Acknowledge { incident: 3 };
    let over = |incident| Act::Resolve { incident };
    vec![
        declare(60),
        (600, over(1)),
        declare(660),
        (1_400, over(2)),
        declare(1_500),
        (1_505, seen),
    ]
}

/// Who was called: in which minute, of which place in the order.
fn called(records: &[Record]) -> Vec<(u64, u32, String)> {
    let of = |record: &Record| match &record.body {
        Body::Incident {
            step: IncidentStep::Called { order, people, .. },
            ..
        } => {
            let people: Vec<&str> = people.iter().map(PersonId::as_str).collect();
            Some((minute(record), *order, people.join(" ")))
        }
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

#[test]
fn who_is_on_call_is_called_and_then_the_next_until_somebody_looks_at_it() {
    let (records, simulation) = journal(&noises(), Vec::new());
    let wanted = [
        // At noon it is the first one's day, and people work.
        (60, 1, "ada"),
        (70, 2, "lena leon"),
        (80, 3, "olga"),
        // At ten in the evening they do not.
        (660, 1, "ada"),
        (670, 3, "olga"),
        // The day after it is somebody else's turn, and looked at in time.
        (1_500, 1, "bob"),
    ];
    let wanted = wanted.map(|(minute, order, who)| (minute, order, who.to_owned()));
    assert_eq!(called(&records), wanted);
    let told = |desired: &Desired| matches!(desired, Desired::Message { subject, .. } if subject.contains("is called"));
    let history = simulation.world.history().into_iter();
    let told: Vec<_> = history.filter(|done| told(&done.desired)).collect();
    assert_eq!(told.len(), wanted.len());
    // Whatever is killed, nobody is called twice and nobody is left out.
    for at in 0..simulation.crash_points().len() as u64 {
        let kill = Kill {
            at,
            down_millis: 300,
            reboot: false,
        };
        let (crashed, _) = journal(&noises(), vec![kill]);
        assert_eq!(called(&crashed), wanted, "killed at {at}");
    }
}

/// What became of the maintenance: in which minute, and in which it begins.
fn maintained(records: &[Record]) -> Vec<(u64, MaintenanceStep, u64)> {
    let of = |record: &Record| match &record.body {
        Body::Maintenance { begins, step, .. } => {
            let begins = begins.since(at(0)).as_nanos() / 60_000_000_000;
            Some((minute(record), *step, begins))
        }
        _ => None,
    };
    records.iter().filter_map(of).collect()
}

#[test]
fn maintenance_is_announced_begins_and_is_over() {
    use MaintenanceStep::{Announced, Begun, Over};
    let (records, simulation) = journal(&[], Vec::new());
    let day = 24 * 60;
    let days = (0..3).flat_map(|n| {
        let begins = 540 + n * day;
        [
            (begins - 360, Announced, begins),
            (begins, Begun, begins),
            (begins + 120, Over, begins),
        ]
    });
    assert_eq!(maintained(&records), days.collect::<Vec<_>>());
    let told = |desired: &Desired| matches!(desired, Desired::Message { subject, .. } if subject.contains("Patches"));
    let history = simulation.world.history().into_iter();
    assert_eq!(history.filter(|done| told(&done.desired)).count(), 9);
}

#[test]
fn maintenance_that_came_while_it_was_down_is_recorded_once() {
    use MaintenanceStep::{Announced, Begun, Over};
    let kill = Kill {
        at: 1,
        down_millis: 49 * 3_600_000,
        reboot: true,
    };
    let (records, _) = journal(&[], vec![kill]);
    let day = 24 * 60;
    let (first, second, third) = (540, 540 + day, 540 + 2 * day);
    // It dies when the first one is announced, and comes back on the third day, after the third was to be announced.
    let (died, up) = (first - 360, first - 360 + 49 * 60);
    assert_eq!(
        maintained(&records),
        [
            (died, Announced, first),
            (up, Begun, second),
            (up, Over, second),
            (up, Announced, third),
            (third, Begun, third),
            (third + 120, Over, third),
        ]
    );
}
