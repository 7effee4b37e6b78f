//! Sequences of other systems: delays, dates, budgets, limits, queues, hedges. One row, one case.
//!
//! `docs/semantics.md` says which rules are not taken over, and why.
#![cfg(not(any(loom, shuttle)))]
#![expect(
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "tables of rows, read as one"
)]

use core::future::Future;
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use phasegate_resilience::{
    Backoff, BackoffState, Bulkhead, BulkheadConfig, Call, CallClass, ClientThrottle,
    ConcurrentBudget, ExpiringBudget, Hint, HttpDate, Jitter, Judgement, Quota, Rate, RateLimiter,
    Retry, RetryAfter, RetryDecision, RetryPolicy, Rng, Seed, StopReason, Tick, TokenBudget,
    TokenBudgetConfig,
};

const READ: CallClass = CallClass::Read;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Tick {
    Tick::from_millis(1_000_000 + millis)
}

fn delays(backoff: &Backoff, n: usize) -> Vec<u64> {
    let mut state = BackoffState::new(backoff, Rng::new(7));
    let millis = |delay: Duration| u64::try_from(delay.as_millis()).expect("short");
    (0..n).map(|_| millis(state.next(backoff))).collect()
}

#[test]
fn schedules_without_jitter_are_those_of_other_systems() {
    let plain = |backoff: Backoff| backoff.jitter(Jitter::None);
    let factor = |first, factor| {
        Backoff::exponential(ms(first))
            .factor(factor)
            .expect("in range")
    };
    let rows: Vec<(&str, Backoff, Vec<u64>)> = vec![
        (
            "resilience4j default interval",
            Backoff::constant(ms(500)),
            vec![500, 500, 500],
        ),
        (
            "resilience4j ofExponentialBackoff(500, 1.5)",
            plain(factor(500, 1.5)),
            vec![500, 750, 1125, 1687],
        ),
        (
            "resilience4j ofExponentialBackoff(100, 2, max 1000)",
            plain(factor(100, 2.0)).cap(ms(1000)),
            vec![100, 200, 400, 800, 1000, 1000],
        ),
        (
            "Polly constant",
            Backoff::constant(ms(2000)),
            vec![2000, 2000],
        ),
        (
            "Polly linear: base * (attempt + 1)",
            plain(Backoff::linear(ms(1000), ms(1000))),
            vec![1000, 2000, 3000, 4000],
        ),
        (
            "Polly exponential: base * 2^attempt",
            plain(Backoff::exponential(ms(2000))),
            vec![2000, 4000, 8000, 16000],
        ),
        (
            "Polly MaxDelay",
            plain(Backoff::exponential(ms(2000))).cap(ms(5000)),
            vec![2000, 4000, 5000, 5000],
        ),
        (
            "failsafe-go WithBackoff(100 ms, 700 ms)",
            plain(Backoff::exponential(ms(100))).cap(ms(700)),
            vec![100, 200, 400, 700, 700],
        ),
        (
            "retry crate: Fibonacci",
            plain(Backoff::fibonacci(ms(10))),
            vec![10, 10, 20, 30, 50, 80],
        ),
        (
            "tokio-retry from_millis(10) means factor 10",
            plain(factor(10, 10.0)),
            vec![10, 100, 1000, 10000],
        ),
        (
            "backoff crate: 500 ms, factor 1.5, cap 60 s",
            plain(factor(500, 1.5)).cap(ms(60_000)),
            vec![500, 750, 1125, 1687, 2531, 3796],
        ),
        (
            "a custom list, then its last",
            Backoff::list([ms(10), ms(20), ms(100)]).expect("not empty"),
            vec![10, 20, 100, 100],
        ),
        (
            "a cap below the first delay",
            plain(Backoff::exponential(ms(100))).cap(ms(30)),
            vec![30, 30],
        ),
    ];
    for (name, backoff, expected) in rows {
        assert_eq!(delays(&backoff, expected.len()), expected, "{name}");
        let last = u32::try_from(expected.len() - 1).expect("short");
        assert_eq!(
            backoff.plain(last).as_millis(),
            u128::from(*expected.last().expect("a row")),
            "{name}"
        );
    }
}

#[test]
fn jitter_stays_in_its_bounds_and_reaches_both_ends() {
    let base = || Backoff::exponential(ms(1000)).cap(ms(4000));
    let tenth = Rate::percent(10).expect("a percentage");
    // Bounds of the first, second, third and fifth delay in milliseconds.
    let rows: &[(&str, Jitter, [(u64, u64); 4])] = &[
        (
            "none",
            Jitter::None,
            [(1000, 1000), (2000, 2000), (4000, 4000), (4000, 4000)],
        ),
        (
            "full (AWS)",
            Jitter::Full,
            [(0, 1000), (0, 2000), (0, 4000), (0, 4000)],
        ),
        (
            "equal (AWS)",
            Jitter::Equal,
            [(500, 1000), (1000, 2000), (2000, 4000), (2000, 4000)],
        ),
        (
            "decorrelated (AWS)",
            Jitter::Decorrelated,
            [(1000, 3000), (1000, 4000), (1000, 4000), (1000, 4000)],
        ),
        (
            "proportional (resilience4j, failsafe: +-f; inside the cap)",
            Jitter::Proportional(tenth),
            [(900, 1100), (1800, 2200), (3272, 4000), (3272, 4000)],
        ),
        (
            "proportional 0.5 (backoff, Polly's older form)",
            Jitter::Proportional(Rate::HALF),
            [(500, 1500), (1000, 3000), (1333, 4000), (1333, 4000)],
        ),
    ];
    for &(name, jitter, bounds) in rows {
        let backoff = base().jitter(jitter);
        let mut seen = [(u64::MAX, 0); 4];
        for seed in 0..3000 {
            let mut state = BackoffState::new(&backoff, Rng::new(seed));
            let drawn: Vec<u64> = (0..5)
                .map(|_| u64::try_from(state.next(&backoff).as_nanos()).expect("short"))
                .collect();
            for (seen, place) in seen.iter_mut().zip([0, 1, 2, 4]) {
                let nanos = drawn[place];
                *seen = (seen.0.min(nanos), seen.1.max(nanos));
            }
        }
        for (place, ((low, high), (least, most))) in bounds.iter().zip(seen).enumerate() {
            let (low, high) = (low * 1_000_000, high * 1_000_000);
            // The lower bound of a row is rounded down to a millisecond.
            assert!(
                least >= low && most <= high,
                "{name} {place}: {least}..{most}"
            );
            let reach = (high - low) / 20 + 1_000_000;
            let wide = least <= low + reach && most + reach >= high;
            assert!(
                wide,
                "{name} {place}: {least}..{most} does not reach {low}..{high}"
            );
        }
    }
}

#[test]
fn retry_after_is_read_in_all_its_forms() {
    let answered = "Sun, 06 Nov 1994 08:49:37 GMT";
    let rows: &[(&str, Option<u64>)] = &[
        ("0", Some(0)),
        ("120", Some(120)),
        (" 120 ", Some(120)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
        ("Sunday, 06-Nov-94 08:50:37 GMT", Some(60)),
        ("Sun Nov  6 08:50:37 1994", Some(60)),
        ("Sun Nov 16 08:49:37 1994", Some(10 * 86_400)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
        ("Tue, 29 Feb 2000 00:00:00 GMT", Some(167_670_623)),
        ("-1", None),
        ("+5", None),
        ("1.5", None),
        ("12h", None),
        ("", None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:37", None),
        ("Sun, 06 Nov 1994 08:49:37 UTC", None),
        ("Sun, 31 Nov 1994 08:49:37 GMT", None),
        ("1994-11-06T08:49:37Z", None),
    ];
    let date = HttpDate::parse(answered);
    for &(text, seconds) in rows {
        let wait = RetryAfter::parse(text).and_then(|after| after.wait(date));
        assert_eq!(wait, seconds.map(Duration::from_secs), "{text:?}");
    }
    let undated = RetryAfter::parse("Sun, 06 Nov 1994 08:50:37 GMT").expect("a date");
    assert_eq!(
        undated.hint(None),
        Hint::None,
        "a date needs one to be compared with"
    );
    let pushback: &[(&str, Hint)] = &[
        ("0", Hint::After(ms(0))),
        ("250", Hint::After(ms(250))),
        ("-1", Hint::Never),
        ("", Hint::Never),
        ("soon", Hint::Never),
    ];
    for &(text, hint) in pushback {
        assert_eq!(
            Hint::from_grpc_pushback(text),
            hint,
            "gRPC pushback {text:?}"
        );
    }
}

/// What a retry decides, in milliseconds from the start: `Ok((earliest, latest))` of the next
/// attempt, or the reason to stop and the moment to come back.
type Decided = Result<(u64, u64), (StopReason, Option<u64>)>;

#[test]
fn a_retry_honours_hints_deadlines_totals_and_what_may_be_repeated() {
    let policy = || {
        let backoff = Backoff::exponential(ms(100))
            .cap(ms(1000))
            .jitter(Jitter::None);
        RetryPolicy::default().attempts(3).backoff(backoff)
    };
    let (fail, busy) = (Judgement::failure(), |millis| {
        Judgement::throttled().after(ms(millis))
    });
    let rows: Vec<(&str, RetryPolicy, Call, Vec<(u64, Judgement)>, Decided)> = vec![
        (
            "the first delay",
            policy(),
            Call::read(),
            vec![(0, fail)],
            Ok((100, 100)),
        ),
        (
            "the second delay",
            policy(),
            Call::read(),
            vec![(0, fail), (100, fail)],
            Ok((300, 300)),
        ),
        (
            "three attempts in all",
            policy(),
            Call::read(),
            vec![(0, fail), (100, fail), (300, fail)],
            Err((StopReason::AttemptsSpent, None)),
        ),
        (
            "a wish is not undercut",
            policy(),
            Call::read(),
            vec![(0, busy(2000))],
            Ok((2001, 2101)),
        ),
        (
            "a shorter wish does not shorten",
            policy(),
            Call::read(),
            vec![(0, busy(10))],
            Ok((100, 100)),
        ),
        (
            "a wish beyond the total ends the call",
            policy().total(ms(1500)),
            Call::read(),
            vec![(0, busy(2000))],
            Err((StopReason::TotalSpent, Some(2101))),
        ),
        (
            "a delay that meets the total ends it too",
            policy().total(ms(100)),
            Call::read(),
            vec![(0, fail)],
            Err((StopReason::TotalSpent, Some(100))),
        ),
        (
            "the deadline leaves no time for a typical attempt",
            policy().typical(ms(50)),
            Call::read().deadline(at(140)),
            vec![(0, fail)],
            Err((StopReason::DeadlineTooShort, Some(100))),
        ),
        (
            "the deadline leaves just enough",
            policy().typical(ms(50)),
            Call::read().deadline(at(151)),
            vec![(0, fail)],
            Ok((100, 100)),
        ),
        (
            "a wish longer than allowed",
            policy().longest_hint(ms(1000)),
            Call::read(),
            vec![(0, busy(1001))],
            Err((StopReason::HintTooLong, Some(1102))),
        ),
        (
            "a server that says never (gRPC)",
            policy(),
            Call::read(),
            vec![(0, fail.hint(Hint::Never))],
            Err((StopReason::ServerSaidStop, None)),
        ),
        (
            "keyed may be repeated",
            policy(),
            Call::keyed("k"),
            vec![(0, fail)],
            Ok((100, 100)),
        ),
        (
            "idempotent may be repeated",
            policy(),
            Call::idempotent(),
            vec![(0, fail)],
            Ok((100, 100)),
        ),
        (
            "unsafe may not",
            policy(),
            Call::at_most_once(),
            vec![(0, fail)],
            Err((StopReason::NotIdempotent, None)),
        ),
        (
            "unsafe may when nothing was sent",
            policy(),
            Call::at_most_once(),
            vec![(0, fail.not_sent())],
            Ok((100, 100)),
        ),
        (
            "permanent failures are not retried",
            policy(),
            Call::read(),
            vec![(0, Judgement::permanent())],
            Err((StopReason::NotRetryable, None)),
        ),
        (
            "an outer layer retries",
            policy(),
            Call::read().outer_retries(),
            vec![(0, fail)],
            Err((StopReason::OuterRetries, None)),
        ),
        (
            "a good value may be asked again",
            policy(),
            Call::read(),
            vec![(0, Judgement::again())],
            Ok((100, 100)),
        ),
    ];
    for (name, policy, call, attempts, expected) in rows {
        let mut retry = Retry::new(&policy, &call, at(0));
        let mut decided = None;
        for (millis, judged) in attempts {
            decided = Some(retry.after(&judged, at(millis)));
        }
        let since =
            |tick: Tick| u64::try_from(tick.saturating_since(at(0)).as_millis()).expect("short");
        match (decided.expect("a row"), expected) {
            (RetryDecision::Again { at, .. }, Ok((low, high))) => {
                assert!((low..=high).contains(&since(at)), "{name}: {}", since(at));
            }
            (RetryDecision::Stop { reason, retry_at }, Err((wanted, back))) => {
                assert_eq!((reason, retry_at.map(since)), (wanted, back), "{name}");
            }
            (decided, expected) => {
                assert_eq!(format!("{decided:?}"), format!("{expected:?}"), "{name}");
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Token {
    Good(u32),
    Bad(u32),
    Retry(bool),
    Left(u64),
}

#[test]
fn token_budgets_hold_the_values_of_grpc_and_aws() {
    use Token::{Bad, Good, Left, Retry as Try};
    let grpc = TokenBudgetConfig::grpc;
    let aws = TokenBudgetConfig::aws;
    let rows: Vec<(&str, TokenBudgetConfig, Vec<Token>)> = vec![
        (
            "gRPC maxTokens 10, ratio 0.1: retries while more than half is left",
            grpc(10, 100),
            vec![
                Bad(4),
                Left(6000),
                Try(true),
                Bad(1),
                Left(5000),
                Try(false),
                Good(1),
                Left(5100),
                Try(true),
            ],
        ),
        (
            "gRPC: never below zero",
            grpc(10, 100),
            vec![Bad(25), Left(0), Good(10), Left(1000), Try(false)],
        ),
        (
            "gRPC: never above the most",
            grpc(10, 100),
            vec![Good(50), Left(10_000)],
        ),
        (
            "gRPC maxTokens 4, ratio 1.5",
            grpc(4, 1500),
            vec![
                Bad(2),
                Left(2000),
                Try(false),
                Good(1),
                Left(3500),
                Try(true),
                Good(1),
                Left(4000),
            ],
        ),
        (
            "gRPC ratio to a thousandth",
            grpc(3, 3),
            vec![Bad(1), Good(7), Left(2021)],
        ),
        (
            "AWS: a retry costs five of 500",
            aws(500, 5),
            vec![
                Try(true),
                Left(495_000),
                Bad(3),
                Left(495_000),
                Good(2),
                Left(497_000),
            ],
        ),
        (
            "AWS: empty means no retry",
            aws(10, 5),
            vec![
                Try(true),
                Try(true),
                Left(0),
                Try(false),
                Good(5),
                Try(true),
            ],
        ),
    ];
    for (name, config, steps) in rows {
        let budget = TokenBudget::new(config).expect("a capacity");
        for (at, step) in steps.into_iter().enumerate() {
            match step {
                Good(n) => (0..n).for_each(|_| budget.on_success()),
                Bad(n) => (0..n).for_each(|_| budget.on_failure()),
                Try(allowed) => {
                    assert_eq!(budget.try_retry(READ).is_ok(), allowed, "{name}, step {at}");
                }
                Left(milli) => assert_eq!(budget.left_milli(), milli, "{name}, step {at}"),
            }
        }
    }
    let budget = TokenBudget::new(aws(500, 5)).expect("a capacity");
    assert!(budget.try_retry(READ).is_ok());
    budget.refund_retry();
    assert_eq!(
        budget.left_milli(),
        500_000,
        "AWS: a retry that succeeded gives its cost back"
    );
    budget
        .try_retry_at(READ, 10_000)
        .expect("AWS: a retry after a timeout costs ten");
    assert_eq!(budget.left_milli(), 490_000);
}

#[derive(Clone, Copy, Debug)]
enum Expiring {
    Deposit(u32),
    Wait(u64),
    Withdraw(bool),
}

/// The cases of tower's `TpsBudget`, and those that it gets wrong.
#[test]
fn expiring_budgets_hold_the_rules_of_finagle_and_tower() {
    use Expiring::{Deposit, Wait, Withdraw};
    let percent = |percent| Rate::percent(percent).expect("a percentage");
    let rows: Vec<(&str, u64, Rate, u32, Vec<Expiring>)> = vec![
        ("empty", 1000, percent(100), 0, vec![Withdraw(false)]),
        (
            "leaky",
            1000,
            percent(100),
            0,
            vec![Deposit(1), Wait(3000), Withdraw(false)],
        ),
        (
            "a deposit holds for its whole time",
            1000,
            percent(50),
            0,
            vec![Deposit(2), Wait(901), Withdraw(true)],
        ),
        (
            "also to its last millisecond",
            1000,
            percent(50),
            0,
            vec![Deposit(2), Wait(999), Withdraw(true)],
        ),
        (
            "and not much longer",
            1000,
            percent(50),
            0,
            vec![Deposit(2), Wait(1100), Withdraw(false)],
        ),
        (
            "slots expire one by one",
            1000,
            percent(50),
            0,
            vec![
                Deposit(1),
                Wait(301),
                Deposit(1),
                Wait(801),
                Deposit(1),
                Withdraw(true),
                Withdraw(false),
            ],
        ),
        (
            "a reserve per second",
            1000,
            percent(100),
            5,
            vec![
                Withdraw(true),
                Withdraw(true),
                Withdraw(true),
                Withdraw(true),
                Withdraw(true),
                Withdraw(false),
                Wait(1100),
                Withdraw(true),
            ],
        ),
        (
            "no ratio, no retry",
            1000,
            Rate::ZERO,
            0,
            vec![Deposit(1000), Withdraw(false)],
        ),
    ];
    for (name, ttl, ratio, reserve, steps) in rows {
        // The age of the clock against the slots must not matter.
        for offset in [0, 1, 50, 99] {
            let budget = ExpiringBudget::new(ms(ttl), ratio, reserve).expect("a time");
            let mut now = at(offset);
            for (place, step) in steps.iter().enumerate() {
                match *step {
                    Deposit(n) => (0..n).for_each(|_| budget.deposit(&now)),
                    Wait(millis) => now = now + ms(millis),
                    Withdraw(allowed) => {
                        let answer = budget.try_retry(READ, &now).is_ok();
                        assert_eq!(answer, allowed, "{name}, step {place}, offset {offset}");
                    }
                }
            }
        }
    }
    for (thousandths, retries) in [
        (100, 100),
        (300, 300),
        (333, 333),
        (600, 600),
        (700, 700),
        (900, 900),
    ] {
        let ratio = Rate::fraction(thousandths, 1000).expect("a ratio");
        let budget = ExpiringBudget::new(ms(10_000), ratio, 0).expect("a time");
        (0..1000).for_each(|_| budget.deposit(&at(0)));
        let paid = (0..2000)
            .filter(|_| budget.try_retry(READ, &at(0)).is_ok())
            .count();
        assert_eq!(paid, retries, "{thousandths} of 1000");
    }
}

#[test]
fn a_concurrent_budget_holds_envoys_and_failsafes_share() {
    // (share in percent, at least, calls under way, retries allowed)
    for (share, least, calls, retries) in [
        (20, 3, 0, 3),
        (20, 3, 10, 3),
        (20, 3, 20, 4),
        (20, 3, 100, 20),
        (0, 0, 50, 0),
    ] {
        let budget = ConcurrentBudget::new(Rate::percent(share).expect("a percentage"), least);
        let under_way: Vec<_> = (0..calls).map(|_| budget.begin_call()).collect();
        let mut held = Vec::new();
        while let Ok(retry) = budget.try_retry(READ) {
            held.push(retry);
        }
        assert_eq!(
            held.len(),
            retries,
            "{share} % of {calls}, at least {least}"
        );
        drop((held, under_way));
    }
}

/// (milliseconds, cells, allowed or the moment to come back)
type Asked = (u64, u32, Result<(), Option<u64>>);

#[test]
fn limits_hold_conforming_sequences() {
    let quota = |cells, per, burst| Quota::new(cells, ms(per)).expect("a quota").burst(burst);
    let rows: Vec<(&str, Quota, Vec<Asked>)> = vec![
        (
            "governor per_second(2): two at once, then one each half second",
            quota(2, 1000, 2),
            vec![
                (0, 1, Ok(())),
                (0, 1, Ok(())),
                (0, 1, Err(Some(500))),
                (499, 1, Err(Some(500))),
                (500, 1, Ok(())),
                (500, 1, Err(Some(1000))),
                (1500, 2, Ok(())),
            ],
        ),
        (
            "a burst of one is a pace",
            quota(10, 1000, 1),
            vec![
                (0, 1, Ok(())),
                (99, 1, Err(Some(100))),
                (100, 1, Ok(())),
                (199, 1, Err(Some(200))),
                (350, 1, Ok(())),
                (449, 1, Err(Some(450))),
            ],
        ),
        (
            "several cells, all or none",
            quota(4, 1000, 4),
            vec![
                (0, 3, Ok(())),
                (0, 2, Err(Some(250))),
                (0, 1, Ok(())),
                (250, 2, Err(Some(500))),
                (500, 2, Ok(())),
            ],
        ),
        (
            "more than the burst is never possible",
            quota(4, 1000, 4),
            vec![(0, 5, Err(None)), (0, 4, Ok(()))],
        ),
        (
            "idle time fills to the burst and no further",
            quota(4, 1000, 4),
            vec![(60_000, 4, Ok(())), (60_000, 1, Err(Some(60_250)))],
        ),
        (
            "no double burst around a border, as in fixed periods",
            quota(5, 1000, 5),
            vec![
                (990, 5, Ok(())),
                (1000, 1, Err(Some(1190))),
                (1010, 1, Err(Some(1190))),
                (1190, 1, Ok(())),
            ],
        ),
        (
            "ATM forum form: T = 10, tau = 10",
            quota(100, 1000, 2),
            vec![
                (0, 1, Ok(())),
                (1, 1, Ok(())),
                (6, 1, Err(Some(10))),
                (12, 1, Ok(())),
                (18, 1, Err(Some(20))),
                (20, 1, Ok(())),
            ],
        ),
    ];
    for (name, quota, asked) in rows {
        let limiter = RateLimiter::new(quota);
        for (millis, cells, expected) in asked {
            let answer = limiter.try_acquire(cells, READ, &at(millis));
            let answer = answer.map_err(|refused| {
                refused.retry_at.map(|back| {
                    u64::try_from(back.saturating_since(at(0)).as_millis()).expect("short")
                })
            });
            assert_eq!(answer, expected, "{name}, {cells} at {millis}");
        }
    }
}

#[test]
fn a_bulkhead_lets_waiters_in_by_class_and_then_in_order() {
    use CallClass::{Mutation, Read, Safety};
    let rows: &[(&str, &[CallClass], &[usize])] = &[
        ("first come, first served", &[Read, Read, Read], &[0, 1, 2]),
        (
            "a higher class first",
            &[Read, Mutation, Safety],
            &[2, 1, 0],
        ),
        (
            "order within a class",
            &[Read, Safety, Read, Safety],
            &[1, 3, 0, 2],
        ),
    ];
    for &(name, classes, expected) in rows {
        let bulkhead = Bulkhead::new(BulkheadConfig::new(1).queue(8));
        let mut inside = Some(bulkhead.try_acquire(Safety).expect("empty"));
        let mut cx = Context::from_waker(Waker::noop());
        let mut waiters: Vec<_> = classes
            .iter()
            .map(|class| Some(Box::pin(bulkhead.acquire(*class))))
            .collect();
        for waiter in waiters.iter_mut().flatten() {
            assert!(waiter.as_mut().poll(&mut cx).is_pending(), "{name}");
        }
        let mut order = Vec::new();
        while order.len() < classes.len() {
            drop(inside.take());
            for (place, slot) in waiters.iter_mut().enumerate() {
                let Some(waiter) = slot else { continue };
                if let Poll::Ready(permit) = waiter.as_mut().poll(&mut cx) {
                    order.push(place);
                    inside = Some(permit.expect("granted"));
                    *slot = None;
                    break;
                }
            }
        }
        assert_eq!(order, expected, "{name}");
    }
    let full = Bulkhead::new(BulkheadConfig::new(1).queue(1));
    let _inside = full.try_acquire(Read).expect("empty");
    let mut cx = Context::from_waker(Waker::noop());
    let mut first = Box::pin(full.acquire(Read));
    assert!(first.as_mut().poll(&mut cx).is_pending());
    let mut second = Box::pin(full.acquire(Read));
    assert!(
        matches!(second.as_mut().poll(&mut cx), Poll::Ready(Err(_))),
        "the queue is full"
    );
}

/// Google SRE: reject with probability `max(0, (requests - K * accepts) / (requests + 1))`.
#[test]
fn a_client_throttle_sheds_what_the_book_says() {
    // (K in thousandths, requests so far, accepts so far)
    for (k, requests, accepts) in [
        (2000, 100, 50),
        (2000, 100, 40),
        (2000, 1000, 100),
        (1100, 100, 50),
        (2000, 100, 0),
    ] {
        let trials = 4000;
        let mut shed = 0;
        for seed in 0..trials {
            let throttle = ClientThrottle::new(ms(120_000), k, Seed::fixed(seed));
            for _ in 0..accepts {
                throttle.on_accepted(&at(0));
            }
            for _ in 0..requests {
                // A safety call is counted and never shed.
                throttle
                    .try_send(CallClass::Safety, &at(0))
                    .expect("safety passes");
            }
            shed += u32::from(throttle.try_send(READ, &at(0)).is_err());
        }
        let excess = (f64::from(requests) - f64::from(k) / 1000.0 * f64::from(accepts)).max(0.0);
        let wanted = excess / (f64::from(requests) + 1.0);
        let found = f64::from(shed) / f64::from(u32::try_from(trials).expect("few"));
        assert!(
            (found - wanted).abs() < 0.03,
            "K {k}, {requests}, {accepts}: {found} for {wanted}"
        );
    }
}
