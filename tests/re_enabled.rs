//! A part that was switched off is switched on again: when a person lets it go on and its criteria hold, not in a freeze
//! and not before the rollout's end; if they do not hold afterwards, it goes off again.

use phasegate_core::{Ratio, Span};
use phasegate_engine::Act;
use phasegate_engine::program::Back;
use phasegate_engine::record::{Body, Cause, Finish, HoldReason, Outcome, Place, Record};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{Metric, World};
use phasegate_tests::{at, person, program, program_of, text};

const LIMIT: Span = Span::from_secs(6 * 3_600);
const PART: &str = "re-enable-no-advice";

fn queue(length: u64) -> Metric {
    let value = length.into();
    Metric::Scalar { value }
}

fn is_long(simulation: &mut Simulation, length: u64) {
    let id = "queue".parse().expect("an id");
    simulation.world.metrics.insert(id, queue(length));
}

fn begun(plan: &str, acts: &[(u64, Act)]) -> Simulation {
    let mut world = World::default();
    world
        .metrics
        .insert("queue".parse().expect("an id"), queue(12));
    let mut setup = Setup::new(program_of(plan, None), world, at(0));
    let olga = || person("olga", "operator");
    let acts = acts.iter().cloned();
    setup
        .acts
        .extend(acts.map(|(minute, act)| (at(minute), olga(), act)));
    Simulation::new(setup).expect("a rollout")
}

fn off() -> Act {
    Act::RollBack {
        back: Back::Procedure("no-advice".parse().expect("an id")),
    }
}

fn records(simulation: &Simulation) -> Vec<Record> {
    simulation.records().expect("a whole journal")
}

fn run(simulation: &mut Simulation) -> Vec<Record> {
    simulation.run(LIMIT).expect("no defect");
    records(simulation)
}

fn advice(simulation: &Simulation) -> Option<Ratio> {
    let key = (
        "flags".parse().expect("an id"),
        "advice".parse().expect("an id"),
    );
    let thing = simulation.world.things.get(&key);
    thing.map(phasegate_testkit::world::Thing::exposure)
}

/// When the part began to be switched on again, each time, and when that was done.
fn again(records: &[Record]) -> (Vec<u64>, Vec<u64>) {
    let minutes = |record: &Record| record.at().since(at(0)).as_nanos() / 60_000_000_000;
    let started = records.iter().filter(
        |record| matches!(&record.body, Body::PhaseStarted { phase } if phase.as_str() == PART),
    );
    let finished = records.iter().filter(
        |record| matches!(&record.body, Body::PhaseFinished { phase } if phase.as_str() == PART),
    );
    (
        started.map(minutes).collect(),
        finished.map(minutes).collect(),
    )
}

fn outcome(records: &[Record]) -> Option<Outcome> {
    match records.last().map(|record| &record.body) {
        Some(Body::Finished { outcome }) => Some(*outcome),
        _ => None,
    }
}

#[test]
fn a_rollout_in_which_nothing_was_off_switches_nothing_on() {
    let mut simulation = begun(&text("re-enabled"), &[]);
    let records = run(&mut simulation);
    assert_eq!(outcome(&records), Some(Outcome::Completed));
    assert_eq!(again(&records), (Vec::new(), Vec::new()));
    assert_eq!(advice(&simulation), Some(Ratio::ONE));
}

#[test]
fn it_comes_back_when_a_person_lets_it_go_on_and_the_criteria_hold() {
    let acts = [(5, off()), (10, Act::Release)];
    let mut simulation = begun(&text("re-enabled"), &acts);
    let records = run(&mut simulation);
    // Two minutes before, two afterwards.
    assert_eq!(again(&records), (vec![10], vec![14]));
    assert_eq!(advice(&simulation), Some(Ratio::ONE));
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn before_its_criteria_hold_nothing_is_done_and_the_rollout_is_held() {
    let acts = [(5, off()), (10, Act::Release), (60, Act::Release)];
    let mut simulation = begun(&text("re-enabled"), &acts);
    simulation.run(Span::from_secs(8 * 60)).expect("no defect");
    is_long(&mut simulation, 500);
    simulation.run(Span::from_secs(30 * 60)).expect("no defect");
    assert_eq!(advice(&simulation), Some(Ratio::ZERO));
    let holds = simulation.state().expect("not over").holds.clone();
    let [HoldReason::Criterion { check, .. }] = &*holds else {
        panic!("{holds:?}");
    };
    assert_eq!(check.as_str(), "only-re-enable-no-advice-before-1");
    // It is told once, whatever the queue is at each look.
    let told = records(&simulation);
    let told = told.iter().filter(|record| {
        let reason = match &record.body {
            Body::Held { reason } => reason,
            _ => return false,
        };
        matches!(reason, HoldReason::Criterion { .. })
    });
    assert_eq!(told.count(), 1);
    // The fault is mended, and a person says so.
    is_long(&mut simulation, 12);
    let records = run(&mut simulation);
    assert_eq!(advice(&simulation), Some(Ratio::ONE));
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn what_is_not_well_afterwards_goes_off_again() {
    let acts = [(5, off()), (10, Act::Release), (40, Act::Release)];
    let mut simulation = begun(&text("re-enabled"), &acts);
    simulation
        .run(Span::from_secs(12 * 60 + 30))
        .expect("no defect");
    assert_eq!(advice(&simulation), Some(Ratio::ONE));
    is_long(&mut simulation, 500);
    simulation.run(Span::from_secs(10 * 60)).expect("no defect");
    assert_eq!(advice(&simulation), Some(Ratio::ZERO));
    let holds = simulation.state().expect("not over").holds.clone();
    assert_eq!(holds, [HoldReason::RolledBack]);
    is_long(&mut simulation, 12);
    let records = run(&mut simulation);
    let back = records.iter().filter_map(|record| match &record.body {
        Body::RollbackStarted { cause, phases, .. } => Some((cause, phases.len())),
        _ => None,
    });
    let back: Vec<_> = back.collect();
    assert!(
        matches!(
            back[..],
            [(Cause::Operator { .. }, 0), (Cause::Criterion { .. }, 0)]
        ),
        "{back:?}"
    );
    let (started, finished) = again(&records);
    assert_eq!((started, finished), (vec![10, 40], vec![44]));
    assert_eq!(advice(&simulation), Some(Ratio::ONE));
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn a_freeze_holds_it_and_the_end_waits_for_it() {
    let freeze = "freezes: [{title: Quiet, from: '2026-09-07T09:08:00Z', until: '2026-09-07T10:30:00Z'}]\ngates:";
    let plan = text("re-enabled").replace("gates:", freeze);
    let acts = [(5, off()), (10, Act::Release)];
    let mut simulation = begun(&plan, &acts);
    let records = run(&mut simulation);
    assert_eq!(again(&records), (vec![90], vec![94]));
    let accepted = records.iter().find(
        |record| matches!(&record.body, Body::PhaseStarted { phase } if phase.as_str() == "plan-acceptance"),
    );
    assert!(accepted.expect("it is accepted").at() >= at(94));
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn going_back_to_the_start_leaves_nothing_to_be_switched_on() {
    let acts = [(5, off()), (7, Act::Abort)];
    let mut simulation = begun(&text("re-enabled"), &acts);
    let records = run(&mut simulation);
    assert_eq!(outcome(&records), Some(Outcome::Aborted));
    assert_eq!(again(&records), (Vec::new(), Vec::new()));
    assert_eq!(advice(&simulation), Some(Ratio::ZERO));
}

/// A person may decide that it stays off: each step is skipped with a reason.
#[test]
fn a_person_may_leave_it_off() {
    let skip = |op: usize| Act::Skip {
        place: Place::Phase {
            phase: PART.parse().expect("an id"),
            op,
        },
    };
    let acts = [
        (5, off()),
        (10, Act::Release),
        (11, skip(0)),
        (11, skip(1)),
        (11, skip(2)),
        (11, skip(3)),
    ];
    let mut simulation = begun(&text("re-enabled"), &acts);
    let records = run(&mut simulation);
    assert_eq!(advice(&simulation), Some(Ratio::ZERO));
    assert_eq!(outcome(&records), Some(Outcome::Completed));
    let skipped = records.iter().filter(|record| {
        matches!(&record.body, Body::OpFinished { place: Place::Phase { phase, .. }, finish: Finish::Skipped { .. } } if phase.as_str() == PART)
    });
    assert_eq!(skipped.count(), 4);
    assert_eq!(again(&records), (vec![10], vec![11]));
}

/// A journal from before there was anything to switch on again names no such phase, and is read as it was.
#[test]
fn a_program_without_it_is_written_as_before() {
    let plain = serde_json::to_string(&program("partial", None)).expect("JSON");
    assert!(!plain.contains("re-enables"));
    let with = program("re-enabled", None);
    let text = serde_json::to_string(&with).expect("JSON");
    assert!(text.contains("re_enables") || text.contains("re-enables"));
    let again: phasegate_engine::program::Program = serde_json::from_str(&text).expect("a program");
    assert_eq!(again, with);
}
