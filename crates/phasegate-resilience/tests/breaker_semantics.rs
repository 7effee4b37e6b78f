//! What a breaker does, in rows: one step after the other and the state after it.
#![cfg(not(any(loom, shuttle)))]
#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "tables of rows, read as one"
)]

use core::time::Duration;

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, CallClass, Condition, Judgement, Rate, RejectionKind, State,
    Tick, TickClock, Window,
};

#[derive(Clone, Copy, Debug)]
enum Step {
    /// So many successes.
    Ok(u32),
    /// So many failures.
    Fail(u32),
    Throttled(u32),
    Ignored(u32),
    /// A success that takes so many milliseconds.
    Takes(u64),
    /// The clock moves on by milliseconds.
    Wait(u64),
    /// So many calls are rejected.
    Rejected(u32),
    Is(State),
    Counts(u64, u64, u64),
}
use Step::{Counts, Fail, Ignored, Is, Rejected, Takes, Throttled, Wait};

fn run(name: &str, config: BreakerConfig, steps: &[Step]) {
    let breaker = Breaker::new(config).expect("a valid configuration");
    let clock = TickClock::new(Tick::from_secs(1000));
    let record = |n: u32, judged: Judgement| {
        for _ in 0..n {
            breaker
                .try_acquire(CallClass::Read, &clock)
                .expect(name)
                .record(&judged, &clock);
        }
    };
    for (at, step) in steps.iter().enumerate() {
        match *step {
            Step::Ok(n) => record(n, Judgement::success()),
            Fail(n) => record(n, Judgement::failure()),
            Throttled(n) => record(n, Judgement::throttled()),
            Ignored(n) => record(n, Judgement::ignored()),
            Takes(millis) => {
                let permit = breaker.try_acquire(CallClass::Read, &clock).expect(name);
                clock.advance(Duration::from_millis(millis));
                permit.success(&clock);
            }
            Wait(millis) => clock.advance(Duration::from_millis(millis)),
            Rejected(n) => {
                for _ in 0..n {
                    assert!(
                        breaker.try_acquire(CallClass::Read, &clock).is_err(),
                        "{name}, step {at}: admitted"
                    );
                }
            }
            Is(state) => assert_eq!(breaker.state(), state, "{name}, step {at}"),
            Counts(calls, failures, slow) => {
                let seen = breaker.snapshot();
                assert_eq!(
                    (seen.calls, seen.failures, seen.slow_calls),
                    (calls, failures, slow),
                    "{name}, step {at}"
                );
            }
        }
    }
}

fn count(size: u32, min: u32) -> BreakerConfig {
    BreakerConfig::default()
        .window(Window::Calls(size))
        .min_calls(min)
        .open_for(Backoff::constant(Duration::from_secs(5)))
        .probes(2)
}

#[test]
fn count_windows_trip_close_and_reopen_as_configured() {
    use State::{Closed, HalfOpen, Open};
    let rows: Vec<(&str, BreakerConfig, Vec<Step>)> = vec![
        (
            "below the minimum nothing is decided",
            count(10, 5),
            vec![
                Fail(4),
                Is(Closed),
                Counts(4, 4, 0),
                Fail(1),
                Is(Open),
                Rejected(3),
            ],
        ),
        (
            "the threshold itself trips",
            count(10, 10),
            vec![Step::Ok(5), Fail(5), Is(Open)],
        ),
        (
            "one less does not",
            count(10, 10),
            vec![
                Step::Ok(6),
                Fail(4),
                Is(Closed),
                Counts(10, 4, 0),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "a success trips when it reaches the minimum",
            count(10, 4),
            vec![Fail(3), Is(Closed), Step::Ok(1), Is(Open), Counts(4, 3, 0)],
        ),
        (
            "the minimum is at most the window",
            count(3, 100),
            vec![Fail(2), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "the window is the last N",
            count(4, 4),
            vec![
                Step::Ok(10_000),
                Fail(1),
                Is(Closed),
                Counts(4, 1, 0),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "old failures leave",
            count(4, 4),
            vec![
                Step::Ok(3),
                Fail(1),
                Step::Ok(3),
                Counts(4, 1, 0),
                Step::Ok(1),
                Counts(4, 0, 0),
                Fail(1),
                Is(Closed),
                Counts(4, 1, 0),
            ],
        ),
        (
            "ignored results leave no trace",
            count(4, 4),
            vec![Ignored(50), Counts(0, 0, 0), Is(Closed)],
        ),
        (
            "throttled answers count in the rate",
            count(4, 4),
            vec![Throttled(4), Is(Open)],
        ),
        (
            "open until strictly after the wait",
            count(2, 2),
            vec![
                Fail(2),
                Is(Open),
                Wait(4999),
                Rejected(1),
                Wait(1),
                Rejected(1),
                Wait(1),
                Step::Ok(1),
                Is(HalfOpen),
            ],
        ),
        (
            "good probes close with an empty window",
            count(2, 2),
            vec![
                Fail(2),
                Wait(5001),
                Step::Ok(2),
                Is(Closed),
                Counts(0, 0, 0),
            ],
        ),
        (
            "bad probes open again, judged by rate",
            count(2, 2),
            vec![
                Fail(2),
                Wait(5001),
                Step::Ok(1),
                Fail(1),
                Is(Open),
                Rejected(1),
            ],
        ),
        (
            "a throttled probe is a bad probe",
            count(2, 2),
            vec![Fail(2), Wait(5001), Throttled(2), Is(Open)],
        ),
        (
            "an ignored probe gives its slot back",
            count(2, 2),
            vec![
                Fail(2),
                Wait(5001),
                Ignored(7),
                Is(HalfOpen),
                Step::Ok(2),
                Is(Closed),
            ],
        ),
        (
            "half-open is judged at min(minimum, probes)",
            count(10, 2).probes(5),
            vec![
                Fail(2),
                Is(Open),
                Wait(5001),
                Step::Ok(1),
                Is(HalfOpen),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "a rate below half of the probes closes",
            count(4, 4).probes(3),
            vec![Fail(4), Wait(5001), Fail(1), Step::Ok(2), Is(Closed)],
        ),
    ];
    for (name, config, steps) in rows {
        run(name, config, &steps);
    }
}

#[test]
fn slow_calls_are_strictly_longer_and_trip_at_their_rate() {
    let slow = || count(4, 4).slow_calls(Duration::from_millis(100), Rate::HALF);
    run(
        "as long as the limit is not slow",
        slow(),
        &[
            Takes(100),
            Takes(100),
            Takes(100),
            Takes(100),
            Is(State::Closed),
            Counts(4, 0, 0),
        ],
    );
    run(
        "longer is slow",
        slow(),
        &[
            Takes(1),
            Takes(101),
            Takes(1),
            Is(State::Closed),
            Takes(101),
            Is(State::Open),
            Counts(4, 0, 2),
        ],
    );
    run(
        "slow probes open again",
        slow(),
        &[Fail(4), Wait(5001), Takes(101), Takes(101), Is(State::Open)],
    );
}

#[test]
fn a_run_of_failures_trips_before_any_minimum() {
    let run_of_3 = || count(100, 100).consecutive_failures(3);
    run(
        "three in a row",
        run_of_3(),
        &[Fail(2), Is(State::Closed), Fail(1), Is(State::Open)],
    );
    run(
        "a success breaks the run",
        run_of_3(),
        &[
            Fail(2),
            Step::Ok(1),
            Fail(2),
            Is(State::Closed),
            Fail(1),
            Is(State::Open),
        ],
    );
    run(
        "a throttled answer neither breaks nor extends it",
        run_of_3(),
        &[
            Fail(2),
            Throttled(3),
            Is(State::Closed),
            Fail(1),
            Is(State::Open),
        ],
    );
    run(
        "far apart is no run",
        count(10, 10).no_failure_rate().consecutive_failures(3),
        &[
            Fail(1),
            Step::Ok(100_000),
            Fail(1),
            Step::Ok(100_000),
            Fail(1),
            Is(State::Closed),
        ],
    );
}

#[test]
fn a_rejection_says_why_and_until_when() {
    let breaker = Breaker::new(count(10, 10)).expect("valid");
    let start = Tick::from_secs(50);
    for judged in [
        Judgement::success(),
        Judgement::failure().because("http 503"),
    ] {
        for _ in 0..5 {
            breaker
                .try_acquire(CallClass::Read, &start)
                .expect("closed")
                .record(&judged, &start);
        }
    }
    let rejection = breaker
        .try_acquire(CallClass::Read, &start)
        .expect_err("open");
    assert_eq!(rejection.kind, RejectionKind::BreakerOpen);
    assert_eq!(rejection.retry_at, Some(Tick::from_millis(55_001)));
    let trip = rejection.trip.expect("a trip");
    assert_eq!(
        (trip.condition, trip.count, trip.of),
        (Condition::FailureRate, 5, 10)
    );
    assert!(
        breaker
            .try_acquire(CallClass::Read, &rejection.retry_at.expect("time"))
            .is_ok()
    );
    let text = breaker.explain(&start).to_string();
    assert_eq!(
        text,
        "half-open since 55001 ms; last trip: 5 of 10 calls failed; last cause: http 503"
    );
}

#[test]
fn a_safety_call_passes_an_open_breaker_and_its_success_begins_probing() {
    let breaker = Breaker::new(count(2, 2)).expect("valid");
    let now = Tick::from_secs(9);
    for _ in 0..2 {
        breaker
            .try_acquire(CallClass::Read, &now)
            .expect("closed")
            .failure(&now);
    }
    assert!(breaker.try_acquire(CallClass::Mutation, &now).is_err());
    breaker
        .try_acquire(CallClass::Safety, &now)
        .expect("passes")
        .failure(&now);
    assert_eq!(breaker.state(), State::Open);
    breaker
        .try_acquire(CallClass::Safety, &now)
        .expect("passes")
        .success(&now);
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker
        .try_acquire(CallClass::Read, &now)
        .expect("the second probe")
        .success(&now);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_forced_open_breaker_rejects_even_safety_and_a_disabled_one_nothing() {
    let breaker = Breaker::new(count(2, 2)).expect("valid");
    let now = Tick::from_secs(9);
    breaker.force_open(&now);
    for class in [CallClass::Read, CallClass::Mutation, CallClass::Safety] {
        let rejection = breaker.try_acquire(class, &now).expect_err("forced");
        assert_eq!(
            (rejection.kind, rejection.retry_at),
            (RejectionKind::BreakerForcedOpen, None)
        );
    }
    breaker.disable(&now);
    for _ in 0..10 {
        breaker
            .try_acquire(CallClass::Read, &now)
            .expect("disabled")
            .failure(&now);
    }
    assert_eq!(
        (breaker.state(), breaker.snapshot().calls),
        (State::Disabled, 0)
    );
}

#[test]
fn metrics_only_admits_all_and_reports_what_it_would_have_rejected() {
    let breaker = Breaker::new(count(5, 5)).expect("valid");
    let clock = TickClock::new(Tick::from_secs(9));
    breaker.metrics_only(&clock);
    for _ in 0..8 {
        breaker
            .try_acquire(CallClass::Read, &clock)
            .expect("admits all")
            .failure(&clock);
    }
    let seen = breaker.snapshot();
    assert_eq!(
        (seen.state, seen.calls, seen.failures),
        (State::MetricsOnly, 5, 5)
    );
    assert_eq!(
        (seen.would_reject, seen.rejected, seen.totals.opened),
        (3, 0, 1)
    );
    // Enforced, it would begin probing now, and two good probes would close it.
    clock.advance(Duration::from_secs(6));
    for _ in 0..2 {
        breaker
            .try_acquire(CallClass::Read, &clock)
            .expect("admits all")
            .success(&clock);
    }
    let seen = breaker.snapshot();
    assert_eq!(
        (seen.state, seen.calls, seen.totals.recovered),
        (State::MetricsOnly, 0, 1)
    );
}
