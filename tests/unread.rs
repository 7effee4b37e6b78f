//! Before something is changed it is read. Where it cannot be, nothing is changed, and it does not stay
//! silent: what refuses to be read is a person's to mend at once, what is only out of reach after a while.

use phasegate_core::{Span, Timestamp};
use phasegate_engine::Act;
use phasegate_engine::record::{Body, HoldReason, Outcome, Record};
use phasegate_testkit::simulation::{Ended, Setup, Simulation};
use phasegate_testkit::world::{Outage, OutageKind, World};
use phasegate_tests::{at, errors, latency, person, program};

/// The rollout `regress` with a router that fails so for so long, from the start.
fn run(kind: OutageKind, minutes: u64, released: Option<u64>) -> (Ended, Vec<Record>) {
    let mut world = World::default();
    for (kpi, metric) in [
        ("errors", errors("0.1%")),
        ("service-errors", errors("0.1%")),
        ("latency", latency(1.0)),
    ] {
        world.metrics.insert(kpi.parse().expect("an id"), metric);
    }
    world.outages.push(Outage {
        binding: "edge".parse().expect("an id"),
        kind,
        from: at(0),
        until: at(minutes),
        exposure: phasegate_core::Ratio::ZERO,
    });
    let mut setup = Setup::new(program("regress", None), world, at(0));
    if let Some(minute) = released {
        let release = (at(minute), person("olga", "operator"), Act::Release);
        setup.acts.push(release);
    }
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let ended = simulation
        .run(Span::from_secs(6 * 3600))
        .expect("no defect");
    (ended, simulation.records().expect("a whole journal"))
}

/// When it was held first, and why.
fn held(records: &[Record]) -> Option<(Timestamp, String)> {
    records.iter().find_map(|record| match &record.body {
        Body::Held {
            reason: HoldReason::Effect { reason, .. },
        } => Some((record.at(), reason.clone())),
        _ => None,
    })
}

/// When the router was first told something.
fn intended(records: &[Record]) -> Option<Timestamp> {
    let is_routed = |record: &&Record| match &record.body {
        Body::Intended { effect, .. } => effect.to.as_str() == "edge",
        _ => false,
    };
    records.iter().find(is_routed).map(Record::at)
}

#[test]
fn what_refuses_to_be_read_is_told_soon_and_goes_on_after_a_release() {
    let (ended, records) = run(OutageKind::KnowsNothing, 30, Some(40));
    let (moment, why) = held(&records).expect("it holds");
    assert!(moment <= at(5), "{moment}");
    assert!(
        why.contains("cannot be read") && why.contains("no such route"),
        "{why}"
    );
    let first = intended(&records).expect("it goes on");
    assert!(first >= at(40), "{first}");
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
}

#[test]
fn what_refuses_still_after_a_release_is_told_again_and_changed_never() {
    let (ended, records) = run(OutageKind::KnowsNothing, 100_000, Some(40));
    let holds = records.iter().filter(|record| {
        matches!(
            &record.body,
            Body::Held {
                reason: HoldReason::Effect { .. }
            }
        )
    });
    assert_eq!(holds.count(), 2);
    assert_eq!(intended(&records), None);
    assert_ne!(ended, Ended::Finished(Outcome::Completed));
}

#[test]
fn what_is_out_of_reach_for_minutes_holds_nothing() {
    let (ended, records) = run(OutageKind::Unreachable, 8, None);
    assert_eq!(held(&records), None);
    assert!(intended(&records).expect("it goes on") >= at(8));
    assert_eq!(ended, Ended::Finished(Outcome::Completed));
}

#[test]
fn what_stays_out_of_reach_is_told_after_ten_minutes() {
    let (_, records) = run(OutageKind::Unreachable, 100_000, None);
    let (moment, why) = held(&records).expect("it holds");
    assert!(moment >= at(10) && moment <= at(15), "{moment}");
    assert!(why.contains("no answer"), "{why}");
    assert_eq!(intended(&records), None);
}
