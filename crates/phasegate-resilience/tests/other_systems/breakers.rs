//! Breakers of other systems: how each is configured here, and that it then behaves as there.
//!
//! Each row: the system's own rule, the configuration that gives it, steps and what is seen.
//! `docs/semantics.md` says which rules are not taken over, and why.
#![expect(clippy::too_many_lines, reason = "tables of rows, read as one")]

use core::time::Duration;
use std::sync::{Arc, Mutex};

use crate::steps::{Step, percent, run, secs, time};
use phasegate_resilience::{
    Backoff, BreakerConfig, BreakerEvent, Condition, Opening, State, Window,
};

use State::{Closed, ForcedOpen, HalfOpen, Open};
use Step::{
    Begin, Close, EndFail, EndOk, Fail, FailUntil, ForceOpen, GiveUp, Ignored, Is, Refused, Takes,
    Throttled, Timer, Wait,
};

/// resilience4j: `waitDurationInOpenState` is constant unless told otherwise.
fn resilience4j(window: Window, min: u32, rate: u32) -> BreakerConfig {
    BreakerConfig::default()
        .window(window)
        .min_calls(min)
        .failure_rate(percent(rate))
        .open_for(Backoff::constant(secs(5)))
        .probe_wait(Duration::MAX)
}

#[test]
fn resilience4j_rules_hold_when_configured() {
    let count = |size, min, rate| resilience4j(Window::Calls(size), min, rate);
    run(vec![
        (
            "the rate is judged with >=",
            count(4, 4, 50),
            vec![Step::Ok(2), Fail(1), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "below the minimum nothing is decided",
            count(10, 5, 50),
            vec![Fail(4), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "a success can be the call that trips",
            count(4, 4, 50),
            vec![Fail(3), Is(Closed), Step::Ok(1), Is(Open)],
        ),
        (
            "the minimum is cut to a count window",
            count(3, 100, 50),
            vec![Fail(2), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "the minimum is not cut in a time window",
            resilience4j(time(10, 10), 100, 50),
            vec![Fail(99), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "only the last N count",
            count(4, 4, 50),
            vec![Fail(1), Step::Ok(4), Fail(1), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "ignored errors are not recorded",
            count(4, 4, 50),
            vec![
                Fail(1),
                Ignored(10),
                Step::Ok(1),
                Fail(1),
                Is(Closed),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "slow is strictly longer",
            count(4, 4, 100).slow_calls(secs(1), percent(50)),
            vec![
                Takes(1_000, true),
                Takes(1_000, true),
                Takes(1_000, true),
                Takes(1_000, true),
                Is(Closed),
                Takes(1_001, true),
                Is(Closed),
                Takes(1_001, true),
                Is(Open),
            ],
        ),
        (
            "a slow failure is both",
            count(2, 2, 100).slow_calls(secs(1), percent(50)),
            vec![Step::Ok(1), Takes(2_000, false), Is(Open)],
        ),
        (
            "open ends strictly after the wait, by the first caller",
            count(2, 2, 50),
            vec![
                Fail(2),
                Wait(5_000),
                Refused(1),
                Is(Open),
                Wait(1),
                Is(Open),
                Begin(1),
                Is(HalfOpen),
            ],
        ),
        (
            "automatic transition from open to half-open",
            count(2, 2, 50),
            vec![Fail(2), Timer, Is(Open), Wait(5_001), Timer, Is(HalfOpen)],
        ),
        (
            "half-open admits the permitted calls and no more",
            count(2, 2, 50).probes(3),
            vec![Fail(2), Wait(5_001), Begin(3), Refused(2), Is(HalfOpen)],
        ),
        (
            "half-open below the threshold closes when all are in",
            count(10, 10, 50).probes(3),
            vec![
                Fail(10),
                Wait(5_001),
                Begin(3),
                EndOk,
                EndFail,
                Is(HalfOpen),
                EndOk,
                Is(Closed),
            ],
        ),
        (
            "half-open at the threshold opens",
            count(10, 10, 50).probes(2),
            vec![Fail(10), Wait(5_001), Begin(2), EndOk, EndFail, Is(Open)],
        ),
        (
            "half-open is evaluated at min(minimum, permitted)",
            count(10, 2, 50).probes(5),
            vec![
                Fail(2),
                Wait(5_001),
                Step::Ok(1),
                Is(HalfOpen),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "half-open slow calls open",
            count(2, 2, 100).slow_calls(secs(1), percent(100)).probes(1),
            vec![Fail(2), Wait(5_001), Takes(1_001, true), Is(Open)],
        ),
        (
            "an ignored probe gives its permission back",
            count(2, 2, 50).probes(1),
            vec![
                Fail(2),
                Wait(5_001),
                Begin(1),
                Refused(1),
                GiveUp,
                Ignored(3),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "maximum wait in half-open, with a probe that hangs",
            count(2, 2, 50).probes(1).half_open_at_most(secs(1)),
            vec![
                Fail(2),
                Wait(5_001),
                Begin(1),
                Is(HalfOpen),
                Wait(1_001),
                Timer,
                Is(Open),
            ],
        ),
        (
            "maximum wait in half-open, without any call",
            count(2, 2, 50).probes(3).half_open_at_most(secs(1)),
            vec![
                Fail(2),
                Wait(5_001),
                Timer,
                Is(HalfOpen),
                Wait(500),
                Step::Ok(1),
                Is(HalfOpen),
                Wait(501),
                Timer,
                Is(Open),
            ],
        ),
        (
            "a result after the maximum wait decides nothing",
            count(2, 2, 50).probes(1).half_open_at_most(secs(1)),
            vec![Fail(2), Wait(5_001), Begin(1), Wait(1_002), EndOk, Is(Open)],
        ),
        (
            "a maximum wait of zero waits for ever",
            count(2, 2, 50).probes(1),
            vec![
                Fail(2),
                Wait(5_001),
                Begin(1),
                Wait(10_000_000),
                Timer,
                Is(HalfOpen),
            ],
        ),
        (
            "the wait may be a function of the attempt",
            count(2, 2, 50)
                .probes(1)
                .open_by(|o: &Opening| secs(10) * o.number, secs(3_600)),
            vec![
                Fail(2),
                Wait(10_000),
                Refused(1),
                Wait(1),
                Fail(1),
                Is(Open),
                Wait(20_000),
                Refused(1),
                Wait(1),
                Step::Ok(1),
                Is(Closed),
                Fail(2),
                Wait(10_001),
                Begin(1),
                Is(HalfOpen),
            ],
        ),
        (
            "a result may name the wait and open at once",
            count(100, 100, 50).open_on_hint(true),
            vec![
                FailUntil(7_000),
                Is(Open),
                Wait(7_000),
                Refused(1),
                Wait(1),
                Begin(1),
                Is(HalfOpen),
            ],
        ),
        (
            "a shorter wait than the configured one may be named",
            count(100, 100, 50).open_on_hint(true),
            vec![FailUntil(2_000), Wait(2_001), Begin(1), Is(HalfOpen)],
        ),
        (
            "a time window of seconds forgets",
            resilience4j(time(3, 3), 2, 100),
            vec![
                Fail(1),
                Wait(3_000),
                Fail(1),
                Is(Closed),
                Wait(1_000),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "closing starts an empty window",
            count(2, 2, 50).probes(1),
            vec![
                Fail(2),
                Wait(5_001),
                Step::Ok(1),
                Is(Closed),
                Fail(1),
                Is(Closed),
            ],
        ),
    ]);
}

/// Polly v8: one probe, time window of ten slots, only failures evaluate, a break ends at its end.
fn polly(ratio: u32, min: u32) -> BreakerConfig {
    BreakerConfig::default()
        .window(time(30, 10))
        .failure_rate(percent(ratio))
        .min_calls(min)
        .only_failures_open(true)
        .open_for(Backoff::constant(secs(5)))
        .open_ends_at_wait(true)
        .probes(1)
}

#[test]
fn polly_rules_hold_when_configured() {
    run(vec![
        (
            "throughput below the minimum never breaks",
            polly(10, 100),
            vec![Fail(99), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "a success evaluates nothing",
            polly(50, 2),
            vec![Fail(1), Step::Ok(1), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "a success of a later slot evaluates nothing either",
            polly(50, 2),
            vec![
                Step::Ok(2),
                Wait(20_000),
                Fail(1),
                Wait(15_000),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "the ratio is judged with >=",
            polly(50, 4),
            vec![Step::Ok(2), Fail(1), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "below the ratio it stays closed",
            polly(50, 4),
            vec![
                Step::Ok(3),
                Fail(1),
                Is(Closed),
                Fail(1),
                Is(Closed),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "the break is over at its end",
            polly(50, 2),
            vec![
                Fail(2),
                Wait(4_999),
                Refused(1),
                Wait(1),
                Begin(1),
                Is(HalfOpen),
            ],
        ),
        (
            "one probe at a time, whose success closes",
            polly(50, 2),
            vec![
                Fail(2),
                Wait(5_000),
                Begin(1),
                Refused(3),
                EndOk,
                Is(Closed),
                Fail(1),
                Is(Closed),
            ],
        ),
        (
            "a failed probe breaks for as long again",
            polly(50, 2),
            vec![
                Fail(2),
                Wait(5_000),
                Fail(1),
                Is(Open),
                Wait(4_999),
                Refused(1),
                Wait(1),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "a failure of before the break changes nothing",
            polly(50, 2),
            vec![
                Begin(1),
                Fail(2),
                Is(Open),
                Wait(1_000),
                EndFail,
                Wait(4_000),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "the break may be generated from rate, count and attempts",
            polly(50, 2).open_by(
                |o: &Opening| match (o.trip.condition, o.trip.count, o.trip.of) {
                    (Condition::FailureRate, 2, 2) => secs(10),
                    // Polly counts half-open attempts from 0 for the first break.
                    _ => secs(10 * u64::from(o.number)),
                },
                secs(3_600),
            ),
            vec![
                Fail(2),
                Wait(9_999),
                Refused(1),
                Wait(1),
                Fail(1),
                Wait(19_999),
                Refused(1),
                Wait(1),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "isolated until closed by hand",
            polly(50, 2),
            vec![
                ForceOpen,
                Wait(1_000_000),
                Refused(5),
                Is(ForcedOpen),
                Close,
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "a window samples for its span",
            polly(50, 2),
            vec![
                Fail(1),
                Wait(30_000),
                Fail(1),
                Is(Closed),
                Wait(1_000),
                Fail(1),
                Is(Open),
            ],
        ),
    ]);
}

/// failsafe: so many failures of the last so many calls, which need not be full.
fn failsafe(failures: u32, of: u32) -> BreakerConfig {
    BreakerConfig::default()
        .window(Window::Calls(of))
        .no_failure_rate()
        .failure_count(failures)
        .only_failures_open(true)
        .open_for(Backoff::constant(secs(60)))
        .open_ends_at_wait(true)
        .probes(of)
        .probe_successes(of - failures + 1)
}

#[test]
fn failsafe_rules_hold_when_configured() {
    let opened = [Fail(3), Wait(60_000)];
    let then = |steps: &[Step]| opened.iter().chain(steps).copied().collect::<Vec<_>>();
    run(vec![
        (
            "X failures open before N calls are in",
            failsafe(2, 3),
            vec![Fail(1), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "X failures of the last N",
            failsafe(2, 3),
            vec![Fail(1), Step::Ok(1), Fail(1), Is(Open)],
        ),
        (
            "a failure that left the last N is gone",
            failsafe(2, 3),
            vec![Fail(1), Step::Ok(2), Fail(1), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "X of X is a run",
            failsafe(3, 3),
            vec![Fail(2), Step::Ok(1), Fail(2), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "the first failure",
            failsafe(1, 1),
            vec![Step::Ok(5), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "X failures within a time",
            failsafe(2, 3).window(time(10, 10)),
            vec![
                Fail(1),
                Wait(10_000),
                Fail(1),
                Is(Closed),
                Wait(9_000),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "a rate within a time, from so many executions",
            BreakerConfig::default()
                .window(time(10, 10))
                .failure_rate(percent(40))
                .min_calls(5)
                .only_failures_open(true)
                .probes(5),
            vec![
                Fail(1),
                Step::Ok(4),
                Is(Closed),
                Fail(1),
                Is(Closed),
                Fail(1),
                Is(Open),
            ],
        ),
        (
            "the delay is over at its end",
            failsafe(3, 3),
            vec![
                Fail(3),
                Wait(59_999),
                Refused(1),
                Wait(1),
                Begin(1),
                Is(HalfOpen),
            ],
        ),
        (
            "success threshold 2: two good ones close",
            failsafe(3, 3).probes(2).probe_successes(2),
            then(&[Step::Ok(1), Is(HalfOpen), Step::Ok(1), Is(Closed)]),
        ),
        (
            "success threshold 2: one bad one opens",
            failsafe(3, 3).probes(2).probe_successes(2),
            then(&[Step::Ok(1), Fail(1), Is(Open)]),
        ),
        (
            "success threshold 3 of 5: closes at the third good one",
            failsafe(3, 3).probes(5).probe_successes(3),
            then(&[
                Fail(1),
                Step::Ok(1),
                Fail(1),
                Step::Ok(1),
                Is(HalfOpen),
                Step::Ok(1),
                Is(Closed),
            ]),
        ),
        (
            "success threshold 3 of 5: opens at the third bad one",
            failsafe(3, 3).probes(5).probe_successes(3),
            then(&[Step::Ok(2), Fail(2), Is(HalfOpen), Fail(1), Is(Open)]),
        ),
        (
            "without a success threshold the failure threshold decides: 3 of 3 bad",
            failsafe(3, 3),
            then(&[Fail(2), Is(HalfOpen), Fail(1), Is(Open)]),
        ),
        (
            "without a success threshold: one good of 3 is too few failures",
            failsafe(3, 3),
            then(&[Fail(2), Is(HalfOpen), Step::Ok(1), Is(Closed)]),
        ),
        (
            "2 of 5 without a success threshold: closes at the fourth good one",
            failsafe(2, 5),
            vec![
                Fail(2),
                Wait(60_000),
                Step::Ok(3),
                Is(HalfOpen),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
        (
            "half-open admits its capacity",
            failsafe(3, 3),
            then(&[Begin(3), Refused(1)]),
        ),
        (
            "the delay may come from the result",
            failsafe(1, 1).open_by(|o: &Opening| o.hint.unwrap_or(secs(60)), secs(3_600)),
            vec![
                FailUntil(3_000),
                Is(Open),
                Wait(2_999),
                Refused(1),
                Wait(1),
                Step::Ok(1),
                Is(Closed),
            ],
        ),
    ]);
}

#[test]
fn linkerd_and_recloser_rules_hold_when_configured() {
    let run_of_seven = BreakerConfig::default()
        .no_failure_rate()
        .consecutive_failures(7)
        .open_for(Backoff::constant(secs(1)))
        .probes(1);
    run(vec![
        (
            "linkerd: seven failures in a row",
            run_of_seven.clone(),
            vec![Fail(6), Step::Ok(1), Fail(6), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "linkerd: a throttled answer is no hard failure",
            run_of_seven.clone(),
            vec![Fail(6), Throttled(20), Is(Closed), Fail(1), Is(Open)],
        ),
        (
            "linkerd: a throttled answer fails a probe",
            run_of_seven,
            vec![Fail(7), Wait(1_001), Throttled(1), Is(Open)],
        ),
        (
            "linkerd: a throttled answer lowers the success rate",
            BreakerConfig::default().window(time(10, 10)).min_calls(4),
            vec![
                Step::Ok(2),
                Throttled(1),
                Is(Closed),
                Throttled(1),
                Is(Open),
            ],
        ),
        (
            "recloser: a full window at the rate opens (at the tenth, not the eleventh)",
            BreakerConfig::default()
                .window(Window::Calls(10))
                .min_calls(10),
            vec![Step::Ok(5), Fail(4), Is(Closed), Fail(1), Is(Open)],
        ),
    ]);
}

#[test]
fn a_listener_hears_which_opening_in_a_row_it_is_and_what_was_wished() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let heard = Arc::clone(&heard);
        move |event: &BreakerEvent| {
            if let BreakerEvent::Changed(change) = event
                && change.to == Open
            {
                let mut heard = heard.lock().expect("not poisoned");
                heard.push((change.openings, change.hint));
            }
        }
    };
    let config = polly(50, 1).listener(Arc::new(listener));
    run(vec![(
        "listener",
        config,
        vec![
            Fail(1),
            Wait(5_000),
            FailUntil(1_000),
            Wait(6_000),
            Step::Ok(1),
            Fail(1),
        ],
    )]);
    let heard = heard.lock().expect("not poisoned");
    assert_eq!(*heard, [(1, None), (2, Some(secs(1))), (1, None)]);
}
