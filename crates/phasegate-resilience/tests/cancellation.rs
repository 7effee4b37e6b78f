//! A call that is dropped at any await point gives back all that it held.
#![cfg(all(feature = "tokio", not(any(loom, shuttle))))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Bulkhead, BulkheadConfig, Call, CallClass, HedgeDelay,
    HedgePolicy, OkOrFailure, Policy, Quota, RateLimiter, RetryPolicy, State, TokioTimer, Window,
};

/// Pending so many times, then the result.
struct Steps(u32, Result<u32, &'static str>);

impl Future for Steps {
    type Output = Result<u32, &'static str>;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 == 0 {
            return Poll::Ready(self.1);
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls at most so many times, moving time on between; whether it ended.
async fn poll_times<F: Future>(future: F, times: u32) -> bool {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if future.as_mut().poll(&mut cx).is_ready() {
            return true;
        }
        tokio::time::advance(Duration::from_millis(40)).await;
    }
    false
}

struct Pieces {
    breaker: Arc<Breaker>,
    bulkhead: Arc<Bulkhead>,
    policy: Policy,
}

/// A half-open breaker, a bulkhead of one, a limiter that makes wait, retries and a timeout.
fn pieces(timer: &TokioTimer) -> Pieces {
    let config = BreakerConfig::default()
        .window(Window::Calls(4))
        .min_calls(4)
        .probes(3);
    let breaker = Arc::new(Breaker::new(config).unwrap());
    breaker.begin_half_open(timer);
    let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1).queue(1)));
    let quota = Quota::new(10, Duration::from_secs(1)).unwrap().burst(1);
    let limiter = Arc::new(RateLimiter::new(quota));
    limiter.try_acquire(1, CallClass::Read, timer).unwrap();
    let backoff = Backoff::constant(Duration::from_millis(100));
    let policy = Policy::new()
        .retry(RetryPolicy::default().attempts(2).backoff(backoff))
        .breaker(Arc::clone(&breaker))
        .bulkhead(Arc::clone(&bulkhead), Duration::from_secs(5))
        .limiter(limiter, Duration::from_secs(5))
        .timeout(Duration::from_secs(5));
    Pieces {
        breaker,
        bulkhead,
        policy,
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_at_any_await_point_gives_everything_back() {
    let mut ended = 0;
    for polls in 0..40 {
        let timer = TokioTimer::new();
        let Pieces {
            breaker,
            bulkhead,
            policy,
        } = pieces(&timer);
        let call = Call::read();
        let run = policy.run(&timer, &call, &OkOrFailure, |attempt| {
            let result = if attempt.number == 1 {
                Err("first")
            } else {
                Ok(attempt.number)
            };
            Steps(3, result)
        });
        let done = poll_times(run, polls).await;
        ended += u32::from(done);
        assert_eq!(
            (bulkhead.inside(), bulkhead.waiting()),
            (0, 0),
            "after {polls} polls"
        );
        let seen = breaker.snapshot();
        assert_eq!(seen.state, State::HalfOpen);
        // A slot is out only for a result that came in: the first failure, the second success.
        let results = 3 - seen.probes_left;
        let expected = if done { 2..=2 } else { 0..=2 };
        assert!(
            expected.contains(&results),
            "{results} slots out after {polls} polls"
        );
        let mut held = Vec::new();
        for _ in 0..seen.probes_left {
            held.push(breaker.try_acquire(CallClass::Read, &timer).unwrap());
        }
        assert!(breaker.try_acquire(CallClass::Read, &timer).is_err());
    }
    assert!(
        ended > 0 && ended < 40,
        "both the dropped and the ended were seen: {ended}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_waiter_dropped_in_the_queue_leaves_no_trace() {
    let bulkhead = Bulkhead::new(BulkheadConfig::new(1).queue(2));
    let inside = bulkhead.try_acquire(CallClass::Read).unwrap();
    for polls in 0..3 {
        assert!(!poll_times(bulkhead.acquire(CallClass::Read), polls).await);
        assert_eq!((bulkhead.inside(), bulkhead.waiting()), (1, 0));
    }
    // Granted and then dropped without being polled again: the place is handed on.
    let mut first = Box::pin(bulkhead.acquire(CallClass::Read));
    let mut second = Box::pin(bulkhead.acquire(CallClass::Read));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut cx).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    drop(inside);
    assert_eq!((bulkhead.inside(), bulkhead.waiting()), (1, 1));
    drop(first);
    assert!(second.as_mut().poll(&mut cx).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_higher_class_is_let_in_first() {
    let bulkhead = Bulkhead::new(BulkheadConfig::new(1).queue(3));
    let inside = bulkhead.try_acquire(CallClass::Read).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut read = Box::pin(bulkhead.acquire(CallClass::Read));
    let mut mutation = Box::pin(bulkhead.acquire(CallClass::Mutation));
    assert!(read.as_mut().poll(&mut cx).is_pending());
    assert!(mutation.as_mut().poll(&mut cx).is_pending());
    drop(inside);
    assert!(read.as_mut().poll(&mut cx).is_pending());
    assert!(mutation.as_mut().poll(&mut cx).is_ready());
    assert!(read.as_mut().poll(&mut cx).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_hedged_call_dropped_anywhere_drops_all_its_requests() {
    let alive = Arc::new(());
    let timer = TokioTimer::new();
    let hedge = HedgePolicy::new(HedgeDelay::After(Duration::from_millis(50))).extra(3);
    let call = Call::read();
    for polls in 0..12 {
        let run = hedge.run(&timer, &call, &OkOrFailure, |_| {
            let held = Arc::clone(&alive);
            async move {
                let _held = held;
                core::future::pending::<Result<(), ()>>().await
            }
        });
        assert!(!poll_times(Box::pin(run), polls).await);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_good_answer_wins_and_not_the_first() {
    let timer = TokioTimer::new();
    let hedge = HedgePolicy::new(HedgeDelay::After(Duration::from_millis(50))).extra(2);
    let run = |call: Call| {
        let (timer, hedge) = (&timer, &hedge);
        async move {
            hedge
                .run(timer, &call, &OkOrFailure, |number| async move {
                    match number {
                        0 => tokio::time::sleep(Duration::from_millis(500)).await,
                        1 => return Err("bad but early"),
                        _ => tokio::time::sleep(Duration::from_millis(10)).await,
                    }
                    Ok(number)
                })
                .await
        }
    };
    let answer = run(Call::read()).await;
    assert_eq!((answer.result, answer.winner, answer.made), (Ok(2), 2, 3));
    let change = run(Call::idempotent()).await;
    assert_eq!(
        (change.result, change.made),
        (Ok(0), 1),
        "only reads are hedged"
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_operation_gives_the_permit_back() {
    let timer = TokioTimer::new();
    let Pieces {
        breaker,
        bulkhead,
        policy,
    } = pieces(&timer);
    let task = tokio::spawn(async move {
        let call = Call::read();
        let _end: Result<(), _> = policy
            .run(&timer, &call, &OkOrFailure, |_| async {
                panic!("in the operation") as Result<(), ()>
            })
            .await;
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!((breaker.snapshot().probes_left, bulkhead.inside()), (3, 0));
}

/// A policy of a breaker only, whose first attempt waits: the probe is out while it waits, given back
/// when the call is dropped, and counted when it ends.
#[tokio::test(start_paused = true)]
async fn a_plain_call_holds_its_probe_while_it_waits() {
    let timer = TokioTimer::new();
    let config = BreakerConfig::default().min_calls(2).probes(2);
    let breaker = Arc::new(Breaker::new(config).unwrap());
    breaker.begin_half_open(&timer);
    let policy = Policy::new().breaker(Arc::clone(&breaker));
    let call = Call::read();
    for polls in 0..4 {
        let waiting = |_attempt| Steps(9, Ok(1));
        let mut future = Box::pin(policy.run(&timer, &call, &OkOrFailure, waiting));
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            assert!(future.as_mut().poll(&mut cx).is_pending());
        }
        let out = u32::from(polls > 0);
        assert_eq!(
            breaker.snapshot().probes_left,
            2 - out,
            "after {polls} polls"
        );
        drop(future);
        assert_eq!(
            breaker.snapshot().probes_left,
            2,
            "dropped after {polls} polls"
        );
    }
    for good in [true, false] {
        let result = if good { Ok(1) } else { Err("failed") };
        let answer = policy
            .run(&timer, &call, &OkOrFailure, |_attempt| Steps(3, result))
            .await;
        assert_eq!(answer.is_ok(), good);
    }
    assert_eq!(breaker.state(), State::Open, "one of two probes failed");
}

/// An operation that panics, in the call or while it is polled, gives the probe back.
#[tokio::test(start_paused = true)]
async fn a_plain_call_that_panics_gives_its_probe_back() {
    let timer = TokioTimer::new();
    let breaker = Arc::new(Breaker::new(BreakerConfig::default().probes(1)).unwrap());
    breaker.begin_half_open(&timer);
    let policy = Policy::new().breaker(Arc::clone(&breaker));
    for waits in 0..3 {
        let call = Call::read();
        let operation = |_attempt| async move {
            Steps(waits, Ok(1)).await.unwrap();
            assert!(waits > 9, "the operation panics");
            Ok::<_, &str>(1)
        };
        let mut future = Box::pin(policy.run(&timer, &call, &OkOrFailure, operation));
        let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut cx = Context::from_waker(Waker::noop());
            while future.as_mut().poll(&mut cx).is_pending() {}
        }));
        assert!(polled.is_err());
        drop(future);
        assert_eq!(
            breaker.snapshot().probes_left,
            1,
            "panicked after {waits} waits"
        );
    }
}

/// After it was ready a call stays pending, and asks nothing again.
#[tokio::test(start_paused = true)]
async fn a_call_that_ended_stays_ended() {
    let timer = TokioTimer::new();
    let closed = Arc::new(Breaker::new(BreakerConfig::default()).unwrap());
    let open = Arc::new(Breaker::new(BreakerConfig::default()).unwrap());
    open.open_now(None, &timer);
    let policies = [
        Policy::new().breaker(closed),
        Policy::new().breaker(open),
        Policy::new().timeout(Duration::from_secs(1)),
        Policy::new(),
    ];
    for (at, policy) in policies.iter().enumerate() {
        for result in [Ok(1), Err("failed")] {
            let made = core::cell::Cell::new(0);
            let call = Call::read();
            let operation = |_attempt| {
                made.set(made.get() + 1);
                Steps(1, result)
            };
            let mut future = Box::pin(policy.run(&timer, &call, &OkOrFailure, operation));
            let mut cx = Context::from_waker(Waker::noop());
            while future.as_mut().poll(&mut cx).is_pending() {}
            let before = made.get();
            assert!(future.as_mut().poll(&mut cx).is_pending(), "policy {at}");
            assert_eq!(made.get(), before, "policy {at}");
        }
    }
}
