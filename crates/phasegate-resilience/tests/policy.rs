//! The composition: what each piece does to a call, and what the call gives back.
#![cfg(all(feature = "tokio", not(any(loom, shuttle))))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::cell::Cell;
use core::time::Duration;
use std::sync::Arc;

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Bulkhead, BulkheadConfig, Call, CallClass, Clock, ErrorKind,
    Jitter, Judgement, NotBefore, OkOrFailure, Origin, Policy, Quota, RateLimiter, RejectionKind,
    RetryPolicy, State, StopReason, TokenBudget, TokenBudgetConfig, TokioTimer, Window,
};

fn retries(attempts: u32) -> RetryPolicy {
    let backoff = Backoff::exponential(Duration::from_millis(100)).jitter(Jitter::None);
    RetryPolicy::default().attempts(attempts).backoff(backoff)
}

fn breaker(calls: u32) -> Arc<Breaker> {
    let config = BreakerConfig::default()
        .window(Window::Calls(calls))
        .min_calls(calls);
    Arc::new(Breaker::new(config).unwrap())
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_comes_after_the_delay_and_may_succeed() {
    let timer = TokioTimer::new();
    let policy = Policy::new().retry(retries(3));
    let made = Cell::new(0);
    let answer = policy
        .run(&timer, &Call::read(), &OkOrFailure, |attempt| {
            made.set(attempt.number);
            async move {
                if attempt.number < 3 {
                    Err("no")
                } else {
                    Ok(attempt.number)
                }
            }
        })
        .await;
    assert_eq!((answer, made.get()), (Ok(3), 3));
    assert_eq!(timer.now().as_millis(), 300);
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_call_is_repeated_only_when_nothing_was_sent() {
    let timer = TokioTimer::new();
    let policy = Policy::new().retry(retries(3));
    let call = Call::at_most_once();
    for (judged, attempts) in [
        (Judgement::failure(), 1),
        (Judgement::failure().not_sent(), 3),
    ] {
        let judge = |result: &Result<(), &str>| match result {
            Ok(()) => Judgement::success(),
            Err(_) => judged,
        };
        let end = policy
            .run(&timer, &call, &judge, |_| async { Err::<(), _>("no") })
            .await;
        assert_eq!(end.unwrap_err().attempts, attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejection_is_a_result_of_its_own_and_never_a_failure() {
    let timer = TokioTimer::new();
    let breaker = breaker(2);
    let policy = Policy::new().breaker(Arc::clone(&breaker));
    for _ in 0..2 {
        let end = policy
            .run(&timer, &Call::read(), &OkOrFailure, |_| async {
                Err::<(), _>("down")
            })
            .await
            .unwrap_err();
        assert_eq!(
            (end.kind, end.origin, end.error),
            (ErrorKind::Failed, Origin::Server, Some("down"))
        );
    }
    let end = policy
        .run(&timer, &Call::read(), &OkOrFailure, |_| async {
            Ok::<_, &str>(())
        })
        .await
        .unwrap_err();
    assert_eq!(end.kind, ErrorKind::Rejected(RejectionKind::BreakerOpen));
    assert_eq!(
        (end.origin, end.attempts, end.error),
        (Origin::Local, 0, None)
    );
    assert!(end.is_inconclusive());
    assert!(end.retry_at > Some(timer.now()));
    assert_eq!(breaker.snapshot().failures, 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_further_in_gives_back_what_was_taken_further_out() {
    let timer = TokioTimer::new();
    let breaker = breaker(1);
    breaker.begin_half_open(&timer);
    let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1)));
    let limiter = Arc::new(RateLimiter::new(
        Quota::new(1, Duration::from_secs(1)).unwrap(),
    ));
    limiter.try_acquire(1, CallClass::Read, &timer).unwrap();
    let policy = Policy::new()
        .breaker(Arc::clone(&breaker))
        .bulkhead(Arc::clone(&bulkhead), Duration::ZERO)
        .limiter(limiter, Duration::ZERO);
    let probes = breaker.snapshot().probes_left;
    let end = policy
        .run(&timer, &Call::read(), &OkOrFailure, |_| async {
            Ok::<_, &str>(())
        })
        .await
        .unwrap_err();
    assert_eq!(end.kind, ErrorKind::Rejected(RejectionKind::RateLimited));
    assert_eq!(
        (breaker.snapshot().probes_left, bulkhead.inside()),
        (probes, 0)
    );
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_limiter_may_be_waited_for_but_not_past_the_deadline() {
    let timer = TokioTimer::new();
    let limiter = Arc::new(RateLimiter::new(
        Quota::new(1, Duration::from_secs(1)).unwrap(),
    ));
    let policy = Policy::new().limiter(limiter, Duration::from_secs(5));
    let run = async |call: Call| {
        policy
            .run(&timer, &call, &OkOrFailure, |_| async { Ok::<_, &str>(()) })
            .await
    };
    run(Call::read()).await.unwrap();
    run(Call::read()).await.unwrap();
    assert_eq!(timer.now().as_millis(), 1000);
    let end = run(Call::read().deadline(timer.now() + ms(500)))
        .await
        .unwrap_err();
    assert_eq!(end.kind, ErrorKind::Rejected(RejectionKind::RateLimited));
    assert_eq!(timer.now().as_millis(), 1000);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_hangs_is_ended_and_counts_unless_the_caller_cut_it_short() {
    let timer = TokioTimer::new();
    let breaker = breaker(100);
    let policy = Policy::new().timeout(ms(200)).breaker(Arc::clone(&breaker));
    let hang = |_| core::future::pending::<Result<(), &str>>();
    let end = policy
        .run(&timer, &Call::read(), &OkOrFailure, hang)
        .await
        .unwrap_err();
    assert_eq!(
        (end.kind, timer.now().as_millis()),
        (ErrorKind::TimedOut, 200)
    );
    assert_eq!(breaker.snapshot().failures, 1);
    let call = Call::read().deadline(timer.now() + ms(50));
    let end = policy
        .run(&timer, &call, &OkOrFailure, hang)
        .await
        .unwrap_err();
    assert_eq!(
        (end.kind, timer.now().as_millis()),
        (ErrorKind::TimedOut, 250)
    );
    assert_eq!(breaker.snapshot().failures, 1);
    let end = policy
        .run(&timer, &call, &OkOrFailure, hang)
        .await
        .unwrap_err();
    assert_eq!(
        end.kind,
        ErrorKind::Rejected(RejectionKind::DeadlineTooShort)
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_its_wish_cannot_defeat_the_total_limit() {
    let timer = TokioTimer::new();
    let policy = Policy::new().retry(retries(1000).total(Duration::from_secs(10)));
    let busy = |_: &Result<(), &str>| Judgement::throttled().after(Duration::from_secs(3));
    let end = policy
        .run(&timer, &Call::read(), &busy, |_| async {
            Err::<(), _>("429")
        })
        .await
        .unwrap_err();
    assert_eq!((end.stop, end.attempts), (StopReason::TotalSpent, 4));
    assert!(timer.now().as_millis() < 10_000);
    assert!(end.retry_at > Some(timer.now() + Duration::from_secs(3)));
}

#[tokio::test(start_paused = true)]
async fn what_a_server_asks_of_one_call_holds_for_all_of_its_credential_but_safety() {
    let timer = TokioTimer::new();
    let gate = Arc::new(NotBefore::new(Duration::from_secs(3600)));
    let policy = Policy::new().not_before(gate);
    let busy = |result: &Result<(), &str>| match result {
        Ok(()) => Judgement::success(),
        Err(_) => Judgement::throttled().after(Duration::from_secs(60)),
    };
    let first = policy
        .run(&timer, &Call::read(), &busy, |_| async { Err("429") })
        .await;
    assert_eq!(first.unwrap_err().attempts, 1);
    let second = policy
        .run(&timer, &Call::read(), &busy, |_| async { Ok(()) })
        .await
        .unwrap_err();
    assert_eq!(second.kind, ErrorKind::Rejected(RejectionKind::NotBefore));
    assert_eq!(second.retry_at.map(|at| at.as_millis()), Some(60_000));
    let rollback = Call::idempotent().class(CallClass::Safety);
    assert_eq!(
        policy
            .run(&timer, &rollback, &busy, |_| async { Ok(()) })
            .await,
        Ok(())
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_budget_stops_retries_but_not_those_of_safety_calls() {
    let timer = TokioTimer::new();
    let budget = Arc::new(TokenBudget::new(TokenBudgetConfig::aws(2, 1)).unwrap());
    let policy = Policy::new().retry(retries(4)).budget(budget);
    let fail = |_| async { Err::<(), _>("no") };
    let end = policy
        .run(&timer, &Call::read(), &OkOrFailure, fail)
        .await
        .unwrap_err();
    assert_eq!((end.stop, end.attempts), (StopReason::BudgetEmpty, 3));
    let rollback = Call::idempotent().class(CallClass::Safety);
    let end = policy
        .run(&timer, &rollback, &OkOrFailure, fail)
        .await
        .unwrap_err();
    assert_eq!((end.stop, end.attempts), (StopReason::AttemptsSpent, 4));
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_may_still_be_asked_again_and_the_last_one_is_returned() {
    let timer = TokioTimer::new();
    let policy = Policy::new().retry(retries(3));
    let judge = |result: &Result<u32, &str>| match result {
        Ok(0) => Judgement::again(),
        Ok(_) => Judgement::success(),
        Err(_) => Judgement::failure(),
    };
    let done = policy
        .run(&timer, &Call::read(), &judge, |a| async move {
            Ok(a.number - 1)
        })
        .await;
    assert_eq!(done, Ok(1));
    let never = policy
        .run(&timer, &Call::read(), &judge, |_| async { Ok(0) })
        .await;
    assert_eq!(never, Ok(0));
}
