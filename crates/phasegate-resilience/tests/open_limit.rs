//! Breakers that share a limit of how many may be open at once.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::expect_used, reason = "helpers of tests build valid values")]

use core::time::Duration;
use std::sync::{Arc, Mutex};

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, BreakerEvent, CallClass, Condition, Listener, OpenLimit, Rate,
    State, Tick, Window,
};

const NOW: Tick = Tick::from_secs(1_000);
const LATER: Tick = Tick::from_secs(1_010);

fn config(limit: &Arc<OpenLimit>) -> BreakerConfig {
    BreakerConfig::default()
        .window(Window::Calls(4))
        .min_calls(2)
        .probes(1)
        .open_for(Backoff::constant(Duration::from_secs(5)))
        .open_limit(Arc::clone(limit))
}

fn set(limit: &Arc<OpenLimit>, of: usize) -> Vec<Breaker> {
    (0..of)
        .map(|_| Breaker::new(config(limit)).expect("valid"))
        .collect()
}

fn fail(breaker: &Breaker, times: u32, now: Tick) {
    for _ in 0..times {
        let permit = breaker.try_acquire(CallClass::Read, &now);
        permit.expect("admitted").failure(&now);
    }
}

fn succeed(breaker: &Breaker, now: Tick) {
    let permit = breaker.try_acquire(CallClass::Read, &now);
    permit.expect("admitted").success(&now);
}

fn states(breakers: &[Breaker]) -> Vec<State> {
    breakers.iter().map(Breaker::state).collect()
}

#[test]
fn a_fault_that_all_see_leaves_all_but_the_limit_closed() {
    let limit = Arc::new(OpenLimit::new(2));
    let all = set(&limit, 4);
    for breaker in &all {
        fail(breaker, 2, NOW);
    }
    use State::{Closed, Open};
    assert_eq!(states(&all), [Open, Open, Closed, Closed]);
    assert_eq!(limit.open(), 2);
    let withheld: Vec<u32> = all
        .iter()
        .map(|breaker| breaker.snapshot().totals.withheld)
        .collect();
    assert_eq!(withheld, [0, 0, 1, 1]);
}

#[test]
fn a_trip_that_was_withheld_starts_the_window_over() {
    let limit = Arc::new(OpenLimit::new(0));
    let breaker = Breaker::new(config(&limit)).expect("valid");
    fail(&breaker, 2, NOW);
    let seen = breaker.snapshot();
    assert_eq!((seen.calls, seen.failures, seen.totals.withheld), (0, 0, 1));
    fail(&breaker, 1, NOW);
    assert_eq!(breaker.snapshot().totals.withheld, 1, "below the minimum");
    fail(&breaker, 1, NOW);
    assert_eq!(breaker.snapshot().totals.withheld, 2);
}

#[test]
fn a_breaker_that_recovers_makes_room_and_one_that_fails_again_keeps_its_place() {
    let limit = Arc::new(OpenLimit::new(1));
    let all = set(&limit, 2);
    fail(&all[0], 2, NOW);
    // Half-open, and open again: both count.
    fail(&all[0], 1, LATER);
    assert_eq!((all[0].state(), limit.open()), (State::Open, 1));
    fail(&all[1], 2, LATER);
    assert_eq!(all[1].state(), State::Closed);
    let recovered = LATER + Duration::from_secs(6);
    succeed(&all[0], recovered);
    assert_eq!((all[0].state(), limit.open()), (State::Closed, 0));
    fail(&all[1], 2, recovered);
    assert_eq!((all[1].state(), limit.open()), (State::Open, 1));
}

#[test]
fn what_a_person_opens_is_opened_and_counts() {
    let limit = Arc::new(OpenLimit::new(1));
    let all = set(&limit, 3);
    all[0].force_open(&NOW);
    all[1].open_now(None, &NOW);
    assert_eq!(limit.open(), 2, "beyond the limit");
    all[1].force_open(&NOW);
    assert_eq!(limit.open(), 2, "one breaker has one place");
    fail(&all[2], 2, NOW);
    assert_eq!(all[2].state(), State::Closed);
    all[0].close(&NOW);
    all[1].metrics_only(&NOW);
    assert_eq!(limit.open(), 0);
    fail(&all[2], 2, NOW);
    assert_eq!(all[2].state(), State::Open);
}

#[test]
fn metrics_only_takes_no_part() {
    let limit = Arc::new(OpenLimit::new(1));
    let all = set(&limit, 2);
    all[0].metrics_only(&NOW);
    fail(&all[0], 2, NOW);
    assert_eq!((limit.open(), all[0].snapshot().totals.opened), (0, 1));
    fail(&all[1], 2, NOW);
    assert_eq!(all[1].state(), State::Open);
}

#[test]
fn a_breaker_that_is_gone_holds_no_place() {
    let limit = Arc::new(OpenLimit::new(1));
    let breaker = Breaker::new(config(&limit)).expect("valid");
    fail(&breaker, 2, NOW);
    assert_eq!(limit.open(), 1);
    drop(breaker);
    assert_eq!(limit.open(), 0);
}

#[test]
fn the_listener_hears_of_a_trip_that_was_withheld_with_its_numbers() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    let listener: Arc<dyn Listener> = Arc::new(move |event: &BreakerEvent| {
        log.lock().expect("no panic under it").push(*event);
    });
    let limit = Arc::new(OpenLimit::new(0));
    let breaker = Breaker::new(config(&limit).listener(listener)).expect("valid");
    fail(&breaker, 2, NOW);
    let heard = heard.lock().expect("no panic under it");
    let [BreakerEvent::Withheld(change)] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    let trip = change.trip.expect("a trip");
    assert_eq!(
        (trip.condition, trip.count, trip.of),
        (Condition::FailureRate, 2, 2)
    );
    assert_eq!((change.from, change.to), (State::Closed, State::Closed));
}

#[test]
fn a_share_is_at_least_one() {
    let rows = [
        (10, 5, 1),
        (10, 100, 10),
        (50, 3, 1),
        (100, 3, 3),
        (0, 7, 1),
    ];
    for (percent, members, most) in rows {
        let share = Rate::percent(percent).expect("a percentage");
        assert_eq!(
            OpenLimit::share(share, members).most(),
            most,
            "{percent} % of {members}"
        );
    }
}
