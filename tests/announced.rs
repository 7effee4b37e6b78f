//! The communication plan: who is told what and when, whatever holds the rollout or kills its process.

use std::collections::BTreeMap;

use phasegate_core::{Desired, Span};
use phasegate_engine::Act;
use phasegate_engine::record::{Body, Record};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::World;
use phasegate_tests::{at, person, program};

const DAYS: u64 = 24 * 60;

/// Three weeks of the plan; a noise is declared on the third day, and it is paused for an hour on the tenth.
fn journal(kills: Vec<Kill>) -> Vec<Record> {
    let mut setup = Setup::new(program("announced", None), World::default(), at(0));
    let olga = || person("olga", "operator");
    let noise = Act::Declare {
        scenario: "noise".to_owned(),
    };
    setup.acts.push((at(2 * DAYS + 60), olga(), noise));
    setup.acts.push((at(9 * DAYS), olga(), Act::Pause));
    setup.acts.push((at(9 * DAYS + 360), olga(), Act::Resume));
    setup.kills = kills;
    let mut simulation = Simulation::new(setup).expect("a rollout");
    simulation
        .run(Span::from_secs(21 * DAYS * 60))
        .expect("no defect");
    simulation.records().expect("a whole journal")
}

/// Each message of the communication plan: when, where, its subject and body.
fn told(records: &[Record]) -> Vec<String> {
    let mut announced = false;
    let mut all = Vec::new();
    for record in records {
        match &record.body {
            Body::Announced { .. } => announced = true,
            Body::Intended { effect, .. } if announced => {
                if let Desired::Message {
                    channel,
                    subject,
                    body,
                } = &effect.desired
                {
                    let at = &record.at().to_string()[5..16];
                    all.push(format!(
                        "{at} {channel}: {subject}|{}",
                        body.replace('\n', "|")
                    ));
                }
            }
            _ => announced = false,
        }
    }
    all
}

/// The rollout begins on Monday, 7 September, at 11:00 in Berlin, two hours ahead of the times here.
const WANTED: [&str; 19] = [
    "09-07T09:00 team: Build begins (CHG-7)|At 2026-09-07T09:00:00Z.",
    "09-07T09:00 all: Build begins (CHG-7)|At 2026-09-07T09:00:00Z.",
    "09-09T06:30 team: Announced: Status|",
    "09-09T10:00 all: Announced: Trouble|For: everybody",
    "09-10T06:30 all: Announced: Ship comes|- The new shop|- What to do",
    "09-13T22:00 team: Ship begins (CHG-7)|At 2026-09-13T22:00:00Z.",
    "09-13T22:00 all: Ship begins (CHG-7)|At 2026-09-13T22:00:00Z.",
    "09-14T12:00 team: Announced: Daily while it ships|",
    "09-15T12:00 team: Announced: Daily while it ships|",
    "09-16T06:30 team: Announced: Status|",
    "09-16T06:30 all: Announced: Halfway|",
    "09-16T12:00 team: Announced: Daily while it ships|",
    "09-17T12:00 team: Announced: Daily while it ships|",
    "09-18T12:00 team: Announced: Daily while it ships|",
    "09-19T12:00 team: Announced: Daily while it ships|",
    "09-20T12:00 team: Announced: Daily while it ships|",
    "09-21T12:00 team: Announced: Daily while it ships|",
    "09-22T12:00 team: Announced: Daily while it ships|",
    "09-22T22:00 team: Ship is done|",
];

#[test]
fn people_are_told_as_the_plan_says() {
    let told = told(&journal(Vec::new()));
    assert_eq!(told, WANTED);
}

/// How often each was announced, by the title.
fn counts(records: &[Record]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in records {
        if let Body::Announced { title, .. } = &record.body {
            *counts.entry(title.clone()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn what_came_due_while_it_was_down_is_told_once() {
    // Dead for five days from the third on, and once more for two hours as soon as it is up again.
    let dead = |at, down_millis| Kill {
        at,
        down_millis,
        reboot: false,
    };
    let day = 24 * 60 * 60 * 1_000;
    for at in [14, 15, 16, 17] {
        let counts = counts(&journal(vec![dead(at, 5 * day), dead(at + 2, day / 12)]));
        let of = |title: &str| counts.get(title).copied().unwrap_or_default();
        let once = ["End", "Halfway", "Ship comes", "Trouble"].map(of);
        assert_eq!(
            (of("Beginning"), once),
            (2, [1; 4]),
            "killed at {at}: {counts:?}"
        );
        assert!(
            (1..=2).contains(&of("Status")),
            "killed at {at}: {counts:?}"
        );
    }
}
