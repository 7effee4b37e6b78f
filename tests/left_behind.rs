//! What was under way when a part alone went back is not taken for done afterwards.

use phasegate_core::{Desired, Ratio, Span, Timestamp};
use phasegate_engine::Act;
use phasegate_engine::program::Back;
use phasegate_engine::record::{Body, Finish, Outcome, Record};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{Done, Metric, Outage, OutageKind, Reply, World};
use phasegate_tests::{at, person, program_of, text};

/// The plan begins, `binding` is out for a while, the advice goes off after a minute, and a person lets the rest go on.
fn left_behind(plan: &str, binding: &str, out: (Timestamp, Timestamp)) -> Simulation {
    let mut world = World::default();
    let value = 12_u64.into();
    let queue = "queue".parse().expect("an id");
    world.metrics.insert(queue, Metric::Scalar { value });
    // Asked what became of something, Olga looks after it for a while.
    let (by, after) = ("olga".parse().expect("an id"), Span::from_secs(20 * 60));
    let no = Reply {
        by,
        yes: false,
        after,
    };
    let operator = "operator".parse().expect("an id");
    world.people.replies.insert(operator, vec![no]);
    world.outages.push(Outage {
        binding: binding.parse().expect("an id"),
        kind: OutageKind::Unreachable,
        from: out.0,
        until: out.1,
        exposure: Ratio::ZERO,
    });
    let mut setup = Setup::new(program_of(plan, None), world, at(0));
    let back = Back::Procedure("no-advice".parse().expect("an id"));
    let olga = || person("olga", "operator");
    setup.acts.push((at(1), olga(), Act::RollBack { back }));
    setup.acts.push((at(15), olga(), Act::Release));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let six_hours = Span::from_secs(6 * 3600);
    simulation.run(six_hours).expect("no defect");
    simulation
}

fn finished(records: &[Record], step: &str) -> Vec<(Timestamp, Finish)> {
    let place_of = |record: &Record| match &record.body {
        Body::OpStarted { place, step: of } if of.as_str() == step => Some(place.clone()),
        _ => None,
    };
    let places: Vec<_> = records.iter().filter_map(place_of).collect();
    let ends = records.iter().filter_map(|record| match &record.body {
        Body::OpFinished { place, finish } if places.contains(place) => {
            Some((record.at(), finish.clone()))
        }
        _ => None,
    });
    ends.collect()
}

fn is_completed(records: &[Record]) -> bool {
    let outcome = Outcome::Completed;
    records.last().map(|record| &record.body) == Some(&Body::Finished { outcome })
}

#[test]
fn a_command_of_which_nobody_knows_is_not_done_when_the_rollout_goes_on() {
    let early =
        "      - {id: early, command: {binding: shell, name: warm-cache}}\n      - {id: shop";
    let plan = text("re-enabled").replacen("      - {id: shop", early, 1);
    let simulation = left_behind(&plan, "shell", (at(0), at(5)));
    let records = simulation.records().expect("a whole journal");
    // Olga has let the rest go on, and of this she says that it has not happened: then it is done.
    let ends = finished(&records, "early");
    assert!(
        matches!(&*ends, [(when, Finish::Done)] if *when > at(20)),
        "{ends:?}"
    );
    let runs = simulation.world.log.iter();
    let is_run = |done: &&Done| matches!(done.desired, Desired::Command { .. }) && done.at > at(20);
    assert_eq!(runs.filter(is_run).count(), 1);
    assert!(is_completed(&records));
}

#[test]
fn what_the_part_that_goes_off_sets_as_well_is_not_set_by_its_phase_afterwards() {
    let begun = at(0) + Span::from_millis(30);
    let simulation = left_behind(
        &text("re-enabled"),
        "flags",
        (begun, begun + Span::from_secs(80)),
    );
    let records = simulation.records().expect("a whole journal");
    let ends: Vec<Finish> = finished(&records, "advice")
        .into_iter()
        .map(|end| end.1)
        .collect();
    assert_eq!(ends, [Finish::NotNeeded]);
    let key = (
        "flags".parse().expect("an id"),
        "advice".parse().expect("an id"),
    );
    let history = &simulation.world.things[&key].history;
    // It was never on, the procedure leaves it so, and it goes on by the procedure's own criteria.
    let on: Vec<_> = history
        .iter()
        .map(|done| (done.desired.exposure(), done.at > at(15)))
        .collect();
    assert_eq!(on, [(Some(Ratio::ONE), true)]);
    assert!(is_completed(&records));
}
