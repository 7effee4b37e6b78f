//! Pieces that a policy composes beside retry, breaker, bulkhead, limiter and timeout: hooks, the
//! three budgets, throttle, adaptive limit, hedge, and a fallback around policies.
#![cfg(all(feature = "tokio", not(any(loom, shuttle))))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::cell::Cell;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use phasegate_resilience::{
    AdaptiveConfig, AdaptiveLimit, AttemptEvent, Backoff, Breaker, BreakerConfig, Bulkhead,
    BulkheadConfig, Call, CallClass, ClientThrottle, Clock, ConcurrentBudget, ErrorKind,
    ExpiringBudget, Fallback, HedgeDelay, HedgePolicy, Jitter, Judgement, OkOrFailure, Policy,
    PolicyError, Rate, RejectionKind, RetryPolicy, Seed, StdClock, StopReason, TokioTimer, Window,
};

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn retries(attempts: u32) -> RetryPolicy {
    let backoff = Backoff::constant(ms(100)).jitter(Jitter::None);
    RetryPolicy::default().attempts(attempts).backoff(backoff)
}

/// A policy that writes down its attempts in words.
fn heard(policy: Policy) -> (Policy, Arc<Mutex<Vec<String>>>) {
    let words = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&words);
    let listener = move |_: &Call, event: &AttemptEvent<'_>| {
        let word = match event {
            AttemptEvent::Began(attempt) => format!("began {}", attempt.number),
            AttemptEvent::Ended { number, judged } => {
                format!("ended {number} {:?}", judged.outcome())
            }
            AttemptEvent::Repeats { number, at } => {
                format!("repeats {number} at {}", at.as_millis())
            }
            AttemptEvent::GaveUp { number, reason, .. } => format!("gave up {number}: {reason}"),
            AttemptEvent::Refused { number, rejection } => {
                format!("refused {number}: {}", rejection.kind)
            }
            _ => String::from("unknown"),
        };
        kept.lock().unwrap().push(word);
    };
    (policy.listener(Arc::new(listener)), words)
}

#[tokio::test(start_paused = true)]
async fn a_hook_hears_of_every_attempt() {
    let timer = TokioTimer::new();
    let (policy, words) = heard(Policy::new().retry(retries(3)));
    let answer: Result<u32, _> = policy
        .run(&timer, &Call::read(), &OkOrFailure, |attempt| async move {
            if attempt.number < 3 { Err("no") } else { Ok(7) }
        })
        .await;
    assert_eq!(answer, Ok(7));
    assert_eq!(
        *words.lock().unwrap(),
        [
            "began 1",
            "ended 1 Failure",
            "repeats 1 at 100",
            "began 2",
            "ended 2 Failure",
            "repeats 2 at 200",
            "began 3",
            "ended 3 Success"
        ]
    );
}

#[test]
fn a_hook_hears_of_refusals_and_of_giving_up_on_the_blocking_face_too() {
    let breaker = Arc::new(
        Breaker::new(
            BreakerConfig::default()
                .window(Window::Calls(1))
                .min_calls(1),
        )
        .unwrap(),
    );
    let (policy, words) = heard(Policy::new().breaker(breaker));
    for _ in 0..2 {
        let _answer = policy.run_blocking(&StdClock, &Call::read(), &OkOrFailure, |_| {
            Err::<u32, _>("no")
        });
    }
    assert_eq!(
        *words.lock().unwrap(),
        [
            "began 1",
            "ended 1 Failure",
            "gave up 1: all attempts are used",
            "refused 1: the breaker is open"
        ]
    );
}

/// How many attempts `calls` failing calls make in all.
async fn attempts(policy: &Policy, calls: u32) -> (u32, Option<StopReason>) {
    let timer = TokioTimer::new();
    let made = Cell::new(0);
    let mut stop = None;
    for _ in 0..calls {
        let answer: Result<u32, PolicyError<&str>> = policy
            .run(&timer, &Call::read(), &OkOrFailure, |_| {
                made.set(made.get() + 1);
                async { Err("no") }
            })
            .await;
        stop = answer.err().map(|error| error.stop);
    }
    (made.get(), stop)
}

#[tokio::test(start_paused = true)]
async fn an_expiring_budget_pays_for_its_share_of_the_calls() {
    let budget =
        ExpiringBudget::new(Duration::from_secs(1000), Rate::percent(20).unwrap(), 0).unwrap();
    let policy = Policy::new().retry(retries(5)).budget(Arc::new(budget));
    let (made, stop) = attempts(&policy, 50).await;
    assert_eq!((made, stop), (60, Some(StopReason::BudgetEmpty)));
}

#[tokio::test(start_paused = true)]
async fn a_concurrent_budget_counts_each_call_once_and_gives_back_what_ended() {
    let budget = Arc::new(ConcurrentBudget::new(Rate::ZERO, 1));
    let policy = Policy::new().retry(retries(3)).budget(Arc::clone(&budget));
    // One retry at a time may be under way, and each ends before the next begins.
    let (made, stop) = attempts(&policy, 2).await;
    assert_eq!((made, stop), (6, Some(StopReason::AttemptsSpent)));
    let held = budget.try_retry(CallClass::Read).unwrap();
    let (made, stop) = attempts(&policy, 2).await;
    assert_eq!((made, stop), (2, Some(StopReason::BudgetEmpty)));
    drop(held);
    assert!(
        budget.try_retry(CallClass::Read).is_ok(),
        "nothing was left behind"
    );
}

#[tokio::test(start_paused = true)]
async fn a_throttle_sheds_when_the_server_refuses_and_not_when_it_merely_fails() {
    let timer = TokioTimer::new();
    let shed = |judged: Judgement| {
        let throttle = Arc::new(ClientThrottle::new(
            Duration::from_secs(120),
            2000,
            Seed::fixed(3),
        ));
        let policy = Policy::new().throttle(throttle);
        let judge = move |_: &Result<u32, &str>| judged;
        async move {
            let mut shed = 0;
            for _ in 0..300 {
                let answer: Result<u32, PolicyError<&str>> = policy
                    .run(&timer, &Call::read(), &judge, |_| async { Err("no") })
                    .await;
                let kind = answer.unwrap_err().kind;
                shed += u32::from(kind == ErrorKind::Rejected(RejectionKind::Throttled));
            }
            shed
        }
    };
    assert!(shed(Judgement::throttled()).await > 200);
    assert!(shed(Judgement::failure().not_sent()).await > 200);
    assert_eq!(shed(Judgement::failure()).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_limit_follows_the_results_of_its_policy() {
    let timer = TokioTimer::new();
    let mut config = AdaptiveConfig::between(1, 10).unwrap();
    config.keep = Rate::HALF;
    let limit = Arc::new(AdaptiveLimit::new(config));
    let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1)));
    let policy = Policy::new()
        .bulkhead(Arc::clone(&bulkhead), Duration::ZERO)
        .adaptive(Arc::clone(&limit));
    let call = |good: bool| {
        let policy = &policy;
        async move {
            let _answer: Result<u32, _> = policy
                .run(&timer, &Call::read(), &OkOrFailure, |_| async move {
                    if good { Ok(1) } else { Err("no") }
                })
                .await;
        }
    };
    for _ in 0..3 {
        call(true).await;
    }
    assert!(limit.limit() >= 2, "{}", limit.limit());
    assert_eq!(bulkhead.limit(), u64::from(limit.limit()));
    tokio::time::advance(Duration::from_secs(10)).await;
    call(false).await;
    assert_eq!((limit.limit(), bulkhead.limit()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_runs_inside_the_breaker_and_for_reads_only() {
    let timer = TokioTimer::new();
    let breaker = Arc::new(Breaker::new(BreakerConfig::default()).unwrap());
    let policy = Policy::new()
        .breaker(Arc::clone(&breaker))
        .timeout(ms(1000))
        .hedge(HedgePolicy::new(HedgeDelay::After(ms(50))));
    for (call, expected) in [(Call::read(), 1), (Call::idempotent(), 0)] {
        let answer: Result<u32, PolicyError<&str>> = policy
            .run(&timer, &call, &OkOrFailure, |attempt| async move {
                // The first request is slow, its hedge is not.
                tokio::time::sleep(ms(if attempt.hedge == 0 { 300 } else { 10 })).await;
                Ok(attempt.hedge)
            })
            .await;
        assert_eq!(answer, Ok(expected));
    }
    assert_eq!(timer.now().as_millis(), 60 + 300);
    let seen = breaker.snapshot();
    assert_eq!((seen.calls, seen.failures), (2, 0), "one result each");
}

#[tokio::test(start_paused = true)]
async fn a_fallback_asks_policies_in_turn_and_says_who_answered() {
    let timer = TokioTimer::new();
    let open = Arc::new(Breaker::new(BreakerConfig::default()).unwrap());
    open.open_now(None, &timer);
    let (primary, mirror) = (Policy::new().breaker(open), Policy::new().retry(retries(2)));
    let call = Call::read();
    let served = Fallback::first("primary", || {
        primary.run(&timer, &call, &OkOrFailure, |_| async {
            Ok::<u32, &str>(1)
        })
    })
    .or("mirror", || {
        mirror.run(&timer, &call, &OkOrFailure, |attempt| async move {
            if attempt.number == 1 {
                Err("busy")
            } else {
                Ok(2)
            }
        })
    })
    .or("cache", || core::future::ready(Ok(3)))
    .run(&OkOrFailure)
    .await;
    assert_eq!(
        (served.result, served.by, served.passed),
        (Ok(2), "mirror", 1)
    );
}
