//! A crash anywhere changes nothing.
//!
//! Thirteen plans that together hold every step kind, gate, trigger and timer there is, and a rollback that
//! fails, are carried out once without a crash and once for each crash point: before and after each
//! append, before each effect and between an effect and its outcome. The end, the decisions in the
//! journal and what was done outside must be the same, and nothing may be done twice.
//!
//! Recovery was broken on purpose, one line at a time, and this test run against each. It fails when
//!
//! * an effect in doubt is repeated at once instead of read back (`resolve`): `ramp`, done twice;
//! * `AtMostOnce` is treated as `IdempotentByKey` (`resolve`): `people`, done twice;
//! * the answer to "did it happen?" is ignored (`Engine::answer`): `people`, other decisions;
//! * `poll_effect` hands an effect out before its record is durable: every plan. An append takes a while, the
//!   driver is asked for more meanwhile, and before each effect the simulation looks for its record in the journal.
//!
//! It does not fail when `Engine::recover` names nothing as in doubt: whatever is not in flight is concluded
//! as unknown by the next step, and is resolved all the same.

use std::collections::BTreeMap;

use phasegate_core::{Clock as _, Decimal, Desired, Ratio, Span};
use phasegate_engine::program::Back;
use phasegate_engine::record::{Outcome, Record};
use phasegate_engine::{Act, Engine};
use phasegate_testkit::simulation::{CrashPoint, Ended, Kill, Setup, Simulation, decisions};
use phasegate_testkit::world::{
    Difference, Metric, Outage, OutageKind, People, Regression, Reply, World,
};
use phasegate_tests::{at, errors, latency, person, program};
use proptest::prelude::*;

fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

fn reply(by: &str, yes: bool, minutes: u64) -> Reply {
    Reply {
        by: by.parse().expect("an id"),
        yes,
        after: Span::from_secs(60 * minutes),
    }
}

/// A world in which everything is well.
fn healthy() -> World {
    let mut world = World::default();
    let id = |text: &str| text.parse().expect("an id");
    world.metrics.insert(id("latency"), latency(1.0));
    world.metrics.insert(id("errors"), errors("0.1%"));
    world.metrics.insert(id("service-errors"), errors("0.2%"));
    world.metrics.insert(
        id("queue"),
        Metric::Scalar {
            value: Decimal::from(12u64),
        },
    );
    let mut replies = BTreeMap::new();
    let role = |text: &str| text.parse().expect("an id");
    replies.insert(
        role("lead"),
        vec![reply("lena", true, 2), reply("leon", true, 5)],
    );
    replies.insert(role("operator"), vec![reply("olga", true, 3)]);
    world.people = People { replies };
    world
}

fn outage(binding: &str, kind: OutageKind, from: u64, until: u64) -> Outage {
    Outage {
        binding: binding.parse().expect("an id"),
        kind,
        from: at(from),
        until: at(until),
        exposure: Ratio::ZERO,
    }
}

/// A plan, its world, who acts, and how it ends.
fn case(name: &str) -> (Setup, Ended) {
    let plan = if name == "drill" { "regress" } else { name };
    let program = program(plan, None);
    let mut setup = Setup::new(program, healthy(), at(0));
    let world = &mut setup.world;
    let bad = |kpi: &str, from: u32, becomes: Metric| Regression {
        kpi: kpi.parse().expect("an id"),
        from: percent(from),
        becomes,
    };
    let end = match name {
        "ramp" | "people" => Ended::Finished(Outcome::Completed),
        "kinds" => {
            // One region refuses its upgrade and is passed over; old and new differ once.
            world.unwilling.insert("south".parse().expect("an id"));
            world.differences.push(Difference {
                from: at(1),
                target: "checkout".parse().expect("an id"),
                id: "rounding".to_owned(),
                count: 3,
                detail: "amounts differ by a cent".to_owned(),
            });
            Ended::Finished(Outcome::Completed)
        }
        "experiment" => {
            // Without its cache the queue grows.
            let queue = Metric::Scalar {
                value: Decimal::from(500u64),
            };
            world
                .while_broken
                .insert("queue".parse().expect("an id"), queue);
            setup
                .acts
                .push((at(30), person("olga", "operator"), Act::Release));
            Ended::Finished(Outcome::Completed)
        }
        "regress" => {
            world.regressions.push(bad("errors", 25, errors("20%")));
            Ended::Finished(Outcome::RolledBack)
        }
        "broken-rollback" => {
            world.regressions.push(bad("latency", 50, latency(9.0)));
            // The proxy refuses everything from the second rung on, for ever.
            let jam = outage("edge", OutageKind::Refuses, 0, 100_000);
            world.outages.push(Outage {
                exposure: percent(50),
                ..jam
            });
            setup
                .acts
                .push((at(60), person("olga", "operator"), Act::TakeOver));
            Ended::Finished(Outcome::RollbackFailed)
        }
        "blind" => {
            world
                .outages
                .push(outage("metrics", OutageKind::Unreachable, 5, 30));
            setup
                .acts
                .push((at(45), person("olga", "operator"), Act::Release));
            Ended::Finished(Outcome::Completed)
        }
        "staged" => {
            // The first stage is not enough, the second is; what is left waits for a person.
            world.regressions.push(bad("errors", 25, errors("20%")));
            setup
                .acts
                .push((at(60), person("olga", "operator"), Act::Abort));
            Ended::Finished(Outcome::Aborted)
        }
        // A part is switched off and let go on; in one of the two plans it is switched on again.
        "partial" | "re-enabled" => {
            let back = Back::Procedure("no-advice".parse().expect("an id"));
            let olga = || person("olga", "operator");
            setup.acts.extend([
                (at(6), olga(), Act::RollBack { back }),
                (at(14), olga(), Act::Release),
            ]);
            Ended::Finished(Outcome::Completed)
        }
        "amended" => {
            // While it waits, a plan is brought in in which a step is left to the second phase.
            let polish = "      - {id: polish, command: {binding: shell, name: warm-cache}}\n";
            let plan = phasegate_tests::text("amended").replace(polish, "");
            let all = "{weight: 100%, bake: 5m}]}}\n";
            let revised = plan.replace(all, &format!("{all}{polish}"));
            let revised = phasegate_tests::program_of(&revised, None);
            let olga = person("olga", "operator");
            setup.amendments.push((at(30), olga, revised));
            Ended::Finished(Outcome::Completed)
        }
        "drill" => {
            // The way back is rehearsed, and then the rollout begins anew. It is rehearsed in the bake at 5 %: a crash
            // makes the bakes before it longer by what was not recorded of them, and none reaches the next rung.
            let olga = || person("olga", "operator");
            let back = Back::Start;
            setup.acts.push((at(4), olga(), Act::Drill { back }));
            setup.acts.push((at(60), olga(), Act::Release));
            Ended::Finished(Outcome::Completed)
        }
        "rejected" => {
            let role = "operator".parse().expect("an id");
            world
                .people
                .replies
                .insert(role, vec![reply("olga", false, 3)]);
            Ended::Finished(Outcome::RolledBack)
        }
        _ => panic!("no case {name}"),
    };
    (setup, end)
}

const CASES: [&str; 13] = [
    "amended",
    "drill",
    "ramp",
    "regress",
    "people",
    "broken-rollback",
    "blind",
    "rejected",
    "kinds",
    "experiment",
    "staged",
    "partial",
    "re-enabled",
];
const LIMIT: Span = Span::from_secs(2 * 86_400);

/// What must be the same.
#[derive(Debug, PartialEq)]
struct Trace {
    ended: Ended,
    decisions: Vec<String>,
    /// What was done, and what stands in the end.
    done: Vec<String>,
    stands: Vec<String>,
}

fn trace(simulation: &mut Simulation, name: &str) -> Trace {
    let ended = simulation
        .run(LIMIT)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let records = simulation.records().expect("a whole journal");
    let mut done: Vec<_> = simulation
        .world
        .history()
        .iter()
        .map(|done| match &done.desired {
            // Its words hold numbers that were measured at the moment.
            Desired::Message { channel, .. } => (done.key.clone(), format!("message to {channel}")),
            desired => (done.key.clone(), desired.to_string()),
        })
        .collect();
    done.sort();
    // A message may arrive twice after a crash; that is said of messages.
    let twice = done
        .windows(2)
        .find(|pair| pair[0] == pair[1] && !pair[0].1.starts_with("message"));
    assert_eq!(twice, None, "{name}: done twice");
    done.dedup();
    let mut done: Vec<String> = done.into_iter().map(|(_, what)| what).collect();
    done.sort();
    let stands = simulation.world.things.values();
    let stands = stands.map(|thing| format!("{:?}", thing.now)).collect();
    Trace {
        ended,
        decisions: decisions(&records),
        done,
        stands,
    }
}

fn run(name: &str, kill: Option<Kill>) -> (Trace, Vec<CrashPoint>) {
    let (mut setup, _) = case(name);
    setup.kills.extend(kill);
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let told = format!("{name} killed at {kill:?}");
    let trace = trace(&mut simulation, &told);
    (trace, simulation.crash_points().to_vec())
}

/// What happened when, for a failing test.
fn story(simulation: &Simulation) -> String {
    let records = simulation.records().expect("a whole journal");
    let lines = records.iter().map(|r| format!("{} {:?}", r.at(), r.body));
    lines
        .filter(|line| !line.contains("Created"))
        .map(|l| l.chars().take(300).collect::<String>() + "\n")
        .collect()
}

#[test]
fn every_plan_ends_as_it_should() {
    for name in CASES {
        let (setup, end) = case(name);
        let mut simulation = Simulation::new(setup).expect("a rollout");
        let trace = trace(&mut simulation, name);
        let points = simulation.crash_points();
        assert_eq!(trace.ended, end, "{name}: {}", story(&simulation));
        assert!(points.contains(&CrashPoint::AfterEffect), "{name}");
    }
}

#[test]
fn a_crash_anywhere_changes_nothing() {
    let mut points_in_all = 0;
    for name in CASES {
        let (plain, points) = run(name, None);
        for (index, point) in points.iter().enumerate() {
            // Two seeds: a quick restart of the process, and a machine that boots for a while.
            for (down_millis, reboot) in [(300, false), (41_000, true)] {
                let kill = Kill {
                    at: index as u64,
                    down_millis,
                    reboot,
                };
                let (crashed, _) = run(name, Some(kill));
                let told = format!("{name}: killed {point:?} {kill:?}");
                let missing = plain
                    .decisions
                    .iter()
                    .filter(|d| !crashed.decisions.contains(d));
                let added = crashed
                    .decisions
                    .iter()
                    .filter(|d| !plain.decisions.contains(d));
                let (missing, added): (Vec<_>, Vec<_>) = (missing.collect(), added.collect());
                assert_eq!((added, missing), (vec![], vec![]), "{told}: added, missing");
                let moved = crashed
                    .decisions
                    .iter()
                    .zip(&plain.decisions)
                    .find(|(a, b)| a != b);
                assert_eq!(moved, None, "{told}: another order");
                assert_eq!(crashed.done, plain.done, "{told}");
                assert_eq!(crashed, plain, "{told}");
                points_in_all += 1;
            }
        }
        println!("{name}: {} crash points", points.len());
    }
    println!("{points_in_all} runs with a crash");
    assert!(points_in_all >= 400, "only {points_in_all} runs");
}

#[test]
fn what_dies_with_the_process_is_set_again_before_a_rollout_completes() {
    let mortal = |kill: Option<Kill>| {
        let (mut setup, _) = case("ramp");
        setup.world.dies_with_process = true;
        setup.kills.extend(kill);
        let mut simulation = Simulation::new(setup).expect("a rollout");
        let ended = simulation.run(Span::from_secs(86_400)).expect("no defect");
        let stands = simulation.world.things.values();
        let stands: Vec<_> = stands.map(|thing| thing.now.clone()).collect();
        (ended, stands, simulation.crash_points().len())
    };
    let (ended, stands, points) = mortal(None);
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
    for at in 0..points as u64 {
        let kill = Kill {
            at,
            down_millis: 300,
            reboot: false,
        };
        let (crashed, left, _) = mortal(Some(kill));
        // A crash after the last record leaves nobody to set anything.
        if at + 1 < points as u64 {
            assert_eq!(
                (crashed, left),
                (ended.clone(), stands.clone()),
                "killed at {at} of {points}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever was journalled so far replays to the state that the running engine has, at any moment of any
    /// plan, also after a crash.
    #[test]
    fn any_prefix_of_a_journal_replays_to_the_live_state(
        name in proptest::sample::select(CASES.to_vec()),
        stops in proptest::collection::vec(1u64..900, 1..24),
        kill in proptest::option::of((0u64..40, 1u64..90_000, any::<bool>())),
    ) {
        let (mut setup, _) = case(name);
        setup.kills.extend(kill.map(|(at, down_millis, reboot)| Kill { at, down_millis, reboot }));
        let mut simulation = Simulation::new(setup).expect("a rollout");
        for seconds in stops {
            let until = simulation.clock.now().wall + Span::from_secs(seconds);
            simulation.run(Span::from_secs(seconds)).expect("no defect");
            simulation.clock.advance_to(until);
            let records = simulation.records().expect("a whole journal");
            let encoded = |record: &Record| (record.kind(), record.encode().expect("a record"));
            let stored: Vec<_> = records.iter().map(encoded).collect();
            let replayed = Engine::replay(stored.iter().map(|(kind, payload)| (*kind, &**payload)));
            let replayed = replayed.expect("what was journalled replays");
            if let Some(live) = simulation.state() {
                prop_assert_eq!(replayed.state(), live, "{} after {} records", name, records.len());
            }
        }
    }
}
