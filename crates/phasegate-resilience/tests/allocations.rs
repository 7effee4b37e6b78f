//! What the pieces cost in memory: nothing on the way of a good call, and little to exist.
#![cfg(all(feature = "tokio", not(any(loom, shuttle))))]
#![expect(clippy::panic, reason = "a helper of tests says what cannot be")]

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;

use phasegate_resilience::{
    Breaker, BreakerConfig, Bulkhead, BulkheadConfig, Call, CallClass, OkOrFailure, Policy, Quota,
    RateLimiter, RetryPolicy, Tick, Timeout, TokenBudget, TokenBudgetConfig, TokioTimer, Window,
};

/// What a breaker over 100 calls may weigh, its heap and its configuration included.
const BREAKER_BYTES_MAX: u64 = 320;

fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn a_breaker_of_a_hundred_calls_is_small() {
    let config = BreakerConfig::default().window(Window::Calls(100));
    let mut kept = None;
    let grown = allocation_counter::measure(|| {
        kept = Some(Box::new(Breaker::new(config).unwrap()));
    });
    let bytes = u64::try_from(grown.bytes_current).unwrap();
    assert!(bytes <= BREAKER_BYTES_MAX, "{bytes} bytes");
    drop(kept);
}

#[test]
fn a_good_call_through_every_piece_allocates_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let timer = TokioTimer::new();
    let policy = Policy::new()
        .retry(RetryPolicy::default().total(Duration::from_secs(5)))
        .budget(Arc::new(
            TokenBudget::new(TokenBudgetConfig::grpc(10, 100)).unwrap(),
        ))
        .breaker(Arc::new(Breaker::new(BreakerConfig::default()).unwrap()))
        .bulkhead(
            Arc::new(Bulkhead::new(BulkheadConfig::new(4).queue(4))),
            Duration::from_secs(1),
        )
        .limiter(
            Arc::new(RateLimiter::new(
                Quota::new(1_000_000, Duration::from_secs(1)).unwrap(),
            )),
            Duration::from_secs(1),
        )
        .timeout(Duration::from_secs(1));
    let call = Call::read();
    let run = || {
        ready(
            policy.run(&timer, &call, &OkOrFailure, |attempt| async move {
                Ok::<_, ()>(attempt.number)
            }),
        )
    };
    assert_eq!(run(), Ok(1));
    let grown = allocation_counter::measure(|| {
        for _ in 0..1_000 {
            let _answer = run();
        }
    });
    assert_eq!(grown.count_total, 0);
}

#[test]
fn a_rejection_and_a_ready_timeout_allocate_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let timer = TokioTimer::new();
    let breaker = Breaker::new(BreakerConfig::default()).unwrap();
    breaker.open_now(None, &Tick::ZERO);
    let grown = allocation_counter::measure(|| {
        for _ in 0..100 {
            assert!(breaker.try_acquire(CallClass::Read, &Tick::ZERO).is_err());
            let limited = Timeout::new(timer, Duration::from_secs(1), core::future::ready(7));
            assert_eq!(ready(limited), Ok(7));
        }
    });
    assert_eq!(grown.count_total, 0);
}
