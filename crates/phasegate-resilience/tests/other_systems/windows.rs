//! Windows of time of other systems, call by call: what they hold, also when only time passes.
//!
//! Each row: milliseconds since the step before, successes and failures then, and what the window
//! holds afterwards (calls, failures). The sequences are those by which the other systems test theirs.
#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    reason = "tables of rows, read as one"
)]

use core::time::Duration;

use crate::steps::Step::{self, Begin, EndFail, EndOk, Fail, Ignored, Is, Refused, Wait};
use crate::steps::{percent, run, secs, time};
use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, CallClass, Judgement, State, Tick, TickClock, Window,
};

type Row = (u64, u32, u32, (u64, u64));

/// Runs `rows` from several moments of the clock: where its origin is makes no difference.
fn holds(name: &str, window: Window, rows: &[Row]) {
    for start in [0, 1, 700, 123_456_789] {
        let config = BreakerConfig::default()
            .window(window)
            .min_calls(1_000)
            .failure_rate(percent(100));
        let breaker = Breaker::new(config).expect(name);
        let clock = TickClock::new(Tick::from_millis(start));
        for (at, &(wait, good, bad, (calls, failures))) in rows.iter().enumerate() {
            clock.advance(Duration::from_millis(wait));
            for n in 0..good + bad {
                let permit = breaker.try_acquire(CallClass::Read, &clock).expect(name);
                let judged = if n < good {
                    Judgement::success()
                } else {
                    Judgement::failure()
                };
                permit.record(&judged, &clock);
            }
            let seen = breaker.snapshot_at(&clock);
            let found = (seen.calls, seen.failures);
            assert_eq!(found, (calls, failures), "{name} from {start} ms, row {at}");
        }
    }
}

#[test]
fn windows_hold_what_those_of_other_systems_hold() {
    holds(
        "resilience4j: 5 s, cleared when idle",
        time(5, 5),
        &[
            (0, 0, 1, (1, 1)),
            (100, 1, 0, (2, 1)),
            (700, 0, 1, (3, 2)),
            (4_000, 0, 0, (3, 2)),
            (1_000, 0, 0, (0, 0)),
            (100, 1, 0, (1, 0)),
            (5_000, 1, 0, (1, 0)),
        ],
    );
    holds(
        "Polly: ten slots, each call two seconds after the other",
        time(10, 10),
        &[
            (0, 1, 1, (2, 1)),
            (2_000, 1, 1, (4, 2)),
            (2_000, 2, 0, (6, 2)),
            (2_000, 2, 0, (8, 2)),
            (2_000, 2, 0, (10, 2)),
            (2_000, 0, 0, (8, 1)),
            (2_000, 0, 0, (6, 0)),
        ],
    );
    holds(
        "Polly: a sampling duration ends at its end",
        time(10, 10),
        &[(0, 2, 0, (2, 0)), (9_999, 0, 0, (2, 0)), (1, 0, 0, (0, 0))],
    );
    let tenth = Window::Time {
        span: Duration::from_millis(100),
        slots: 1,
    };
    holds(
        "Polly: one window below 200 ms",
        tenth,
        &[(0, 2, 0, (2, 0)), (99, 0, 1, (3, 1)), (1, 0, 0, (0, 0))],
    );
    holds(
        "failsafe-go: four slots of a second, some of them skipped",
        time(4, 4),
        &[
            (0, 10, 40, (50, 40)),
            (100, 10, 0, (60, 40)),
            (1_500, 0, 20, (80, 60)),
            (600, 5, 20, (105, 80)),
            (2_300, 8, 0, (53, 40)),
            (1_900, 0, 5, (13, 5)),
            (15_200, 0, 0, (0, 0)),
            (600, 3, 0, (3, 0)),
        ],
    );
    holds(
        "gobreaker: an interval of 30 s starts over",
        time(30, 1),
        &[
            (0, 5, 5, (10, 5)),
            (29_999, 1, 0, (11, 5)),
            (1, 0, 0, (0, 0)),
            (999, 0, 1, (1, 1)),
        ],
    );
}

/// gobreaker: `ReadyToTrip` at 60 % of three requests or more, three probes of which none may fail.
fn gobreaker(window: Window) -> BreakerConfig {
    BreakerConfig::default()
        .window(window)
        .min_calls(3)
        .failure_rate(percent(60))
        .only_failures_open(true)
        .open_for(Backoff::constant(secs(90)))
        .probes(3)
        .probe_successes(3)
}

#[test]
fn gobreaker_rules_hold_when_configured() {
    use State::{Closed, HalfOpen, Open};
    let default = BreakerConfig::default()
        .no_failure_rate()
        .consecutive_failures(6)
        .open_for(Backoff::constant(secs(60)))
        .probes(1);
    let mixed = [Step::Ok(1), Fail(1), Ignored(1)];
    let mut custom = mixed.repeat(5);
    custom.extend([
        Is(Closed),
        Wait(29_999),
        Step::Ok(1),
        Is(Closed),
        Wait(1_000),
        // A new interval.
        Fail(1),
        Is(Closed),
        Step::Ok(1),
        Fail(1),
        Is(Open),
        Wait(90_001),
        // Excluded requests are neutral, however many.
        Ignored(4),
        Is(HalfOpen),
        Fail(1),
        Is(Open),
        Wait(90_001),
        Step::Ok(2),
        Is(HalfOpen),
        Begin(1),
        Refused(1),
        EndOk,
        Is(Closed),
    ]);
    let mut rolling = mixed.repeat(5);
    rolling.extend([
        Is(Closed),
        Wait(3_000),
        Step::Ok(1),
        Wait(2_000),
        Step::Ok(1),
        Ignored(1),
    ]);
    rolling.extend([
        Wait(2_000),
        Ignored(1),
        Step::Ok(1),
        Wait(2_000),
        Fail(1),
        Is(Closed),
    ]);
    for _ in 0..6 {
        rolling.extend([Wait(3_000), Step::Ok(1), Fail(1)]);
    }
    // The first slot is gone: nine good and eight bad are left, and 14 of 23 is too much.
    rolling.extend([
        Wait(3_000),
        Fail(1),
        Is(Closed),
        Fail(5),
        Is(Closed),
        Fail(1),
        Is(Open),
    ]);
    run(vec![
        (
            "gobreaker: more than five failures in a row by default",
            default,
            vec![
                Fail(5),
                Step::Ok(1),
                Fail(1),
                Is(Closed),
                Fail(5),
                Is(Open),
                Refused(2),
                Wait(59_999),
                Refused(1),
                Wait(1_000),
                Fail(1),
                Is(Open),
                Wait(60_001),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "gobreaker: an interval and excluded requests",
            gobreaker(time(30, 1)),
            custom,
        ),
        (
            "gobreaker: a rolling window of ten slots",
            gobreaker(time(30, 10)),
            rolling,
        ),
        (
            "gobreaker: a result from before the opening counts nowhere",
            gobreaker(time(30, 1)),
            vec![
                Begin(2),
                Fail(3),
                Is(Open),
                Wait(90_001),
                Step::Ok(1),
                EndFail,
                EndOk,
                Is(HalfOpen),
            ],
        ),
    ]);
}
