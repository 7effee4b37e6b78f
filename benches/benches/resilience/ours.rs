//! Our contenders.

use std::sync::Arc;
use std::time::Duration;

use phasegate_resilience::tower::{BreakerLayer, TimeoutLayer};
use phasegate_resilience::{
    Backoff, BackoffState, Breaker, BreakerConfig, Bulkhead, BulkheadConfig, Call, CallClass,
    Clock, CoarseClock, ExpiringBudget, Jitter, OkOrFailure, Policy, Quota, Rate, RateLimiter,
    RetryPolicy, Rng, StdClock, Tick, TickClock, Timeout, TokenBudget, TokenBudgetConfig,
    TokioTimer, Window,
};
use tower_layer::Layer;
use tower_service::Service;

use crate::harness::{
    Contender, Failed, contender, now_or_never, operation, repeat, repeat_with_failures,
};

const READ: CallClass = CallClass::Read;

fn count() -> BreakerConfig {
    BreakerConfig::default()
        .window(Window::Calls(100))
        .min_calls(100)
}

fn timed() -> BreakerConfig {
    count().slow_calls(Duration::from_secs(1), Rate::HALF)
}

fn window() -> BreakerConfig {
    let window = Window::Time {
        span: Duration::from_secs(10),
        slots: 10,
    };
    BreakerConfig::default().window(window).min_calls(100)
}

/// A breaker whose window is full.
pub fn warm<C: Clock>(config: BreakerConfig, clock: &C) -> Breaker {
    let breaker = Breaker::new(config).unwrap();
    for _ in 0..1_000 {
        breaker.try_acquire(READ, clock).unwrap().success(clock);
    }
    breaker
}

fn open<C: Clock>(config: BreakerConfig, clock: &C) -> Breaker {
    let config = config.open_for(Backoff::constant(Duration::from_secs(100_000)));
    let breaker = Breaker::new(config).unwrap();
    breaker.open_now(None, clock);
    breaker
}

#[inline(always)]
fn guarded<C: Clock>(breaker: &Breaker, clock: &C, input: u64) -> Result<u64, Option<Failed>> {
    match breaker.call(READ, clock, &OkOrFailure, || operation(input)) {
        Ok(result) => result.map_err(Some),
        Err(_rejection) => Err(None),
    }
}

fn sync<C: Clock + Send + Sync + 'static>(
    name: &'static str,
    failing: bool,
    breaker: Breaker,
    clock: C,
) -> Contender {
    if failing {
        contender(name, true, (breaker, clock), |(breaker, clock), times| {
            repeat_with_failures(times, |n| guarded(breaker, clock, n));
        })
    } else {
        contender(name, true, (breaker, clock), |(breaker, clock), times| {
            repeat(times, |n| guarded(breaker, clock, n));
        })
    }
}

pub fn breakers(failing: bool) -> Vec<Contender> {
    // One in a hundred fails, or none; timed calls have the gate of their own.
    let plain = if failing { (5.0, 30.0) } else { (1.0, 1.0) };
    let gated = |contender: Contender| contender.gate(plain.0, Some(plain.1));
    let timed_gate = |contender: Contender| {
        if failing {
            contender
        } else {
            contender.gate(8.0, Some(8.0))
        }
    };
    let tick = || TickClock::new(Tick::from_secs(1000));
    vec![
        gated(sync(
            "count 100 (coarse clock)",
            failing,
            warm(count(), &CoarseClock),
            CoarseClock,
        )),
        gated(sync(
            "count 100 (published tick)",
            failing,
            warm(count(), &tick()),
            tick(),
        )),
        timed_gate(sync(
            "count 100, timed (coarse clock)",
            failing,
            warm(timed(), &CoarseClock),
            CoarseClock,
        )),
        sync(
            "count 100, timed (standard clock)",
            failing,
            warm(timed(), &StdClock),
            StdClock,
        ),
        sync(
            "time 10 x 1 s (coarse clock)",
            failing,
            warm(window(), &CoarseClock),
            CoarseClock,
        )
        .gate(7.0, Some(8.0)),
        sync(
            "time 10 x 1 s (published tick)",
            failing,
            warm(window(), &tick()),
            tick(),
        )
        .gate(7.0, Some(8.0)),
    ]
}

pub fn rejections() -> Vec<Contender> {
    let tick = TickClock::new(Tick::from_secs(1000));
    vec![
        sync(
            "count 100 (coarse clock)",
            false,
            open(count(), &CoarseClock),
            CoarseClock,
        )
        .gate(6.0, Some(6.0)),
        sync(
            "count 100 (published tick)",
            false,
            open(count(), &tick),
            tick,
        )
        .gate(6.0, Some(6.0)),
        sync(
            "count 100 (standard clock)",
            false,
            open(count(), &StdClock),
            StdClock,
        ),
        sync(
            "time 10 x 1 s (coarse clock)",
            false,
            open(window(), &CoarseClock),
            CoarseClock,
        )
        .gate(6.0, Some(6.0)),
    ]
}

/// The operation as a service.
#[derive(Clone)]
pub struct Plain;

impl Service<u64> for Plain {
    type Response = u64;
    type Error = Failed;
    type Future = std::future::Ready<Result<u64, Failed>>;

    #[inline]
    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Failed>> {
        std::task::Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, input: u64) -> Self::Future {
        std::future::ready(operation(input))
    }
}

/// A timer on the coarse clock whose sleep is never reached here.
#[derive(Clone, Copy)]
pub struct CoarseTimer;

impl Clock for CoarseTimer {
    #[inline]
    fn now(&self) -> Tick {
        CoarseClock.now()
    }
}

impl phasegate_resilience::Timer for CoarseTimer {
    type Sleep = std::future::Pending<()>;
    fn sleep_until(&self, _: Tick) -> Self::Sleep {
        std::future::pending()
    }
}

pub fn async_success(is_open: bool) -> Vec<Contender> {
    let breaker = || {
        if is_open {
            open(count(), &CoarseClock)
        } else {
            warm(count(), &CoarseClock)
        }
    };
    let policy = |breaker| Policy::new().breaker(Arc::new(breaker));
    let shared = Arc::new(breaker());
    let leaked: &'static Breaker = Box::leak(Box::new(breaker()));
    vec![
        contender(
            "policy with a breaker, run()",
            true,
            policy(breaker()),
            |policy, times| {
                let call = Call::read();
                repeat(times, |n| {
                    now_or_never(
                        policy.run(&CoarseTimer, &call, &OkOrFailure, |_| async move {
                            operation(n)
                        }),
                    )
                });
            },
        )
        .gate(if is_open { 6.0 } else { 2.0 }, None),
        contender(
            "breaker layer, &'static handle",
            true,
            leaked,
            |breaker, times| {
                let mut service =
                    BreakerLayer::new(*breaker, CoarseClock, OkOrFailure).layer(Plain);
                repeat(times, |n| now_or_never(service.call(n)));
            },
        )
        .gate(if is_open { 6.0 } else { 2.0 }, None),
        contender(
            "breaker layer, Arc handle",
            true,
            shared,
            |breaker, times| {
                let mut service =
                    BreakerLayer::new(Arc::clone(breaker), CoarseClock, OkOrFailure).layer(Plain);
                repeat(times, |n| now_or_never(service.call(n)));
            },
        ),
    ]
}

pub fn retry_first_try() -> Vec<Contender> {
    vec![
        contender(
            "policy with a retry, blocking",
            true,
            retries(),
            |policy, times| {
                let call = Call::read();
                repeat(times, |n| {
                    policy.run_blocking(&StdClock, &call, &OkOrFailure, |_| operation(n))
                });
            },
        )
        .gate(0.5, None),
    ]
}

pub fn retry_first_try_async() -> Vec<Contender> {
    vec![
        contender(
            "policy with a retry, run()",
            true,
            retries(),
            |policy, times| {
                let call = Call::read();
                repeat(times, |n| {
                    now_or_never(
                        policy.run(&CoarseTimer, &call, &OkOrFailure, |_| async move {
                            operation(n)
                        }),
                    )
                });
            },
        )
        .gate(0.5, None),
    ]
}

fn retries() -> Policy {
    Policy::new().retry(RetryPolicy::default())
}

pub fn delays() -> Vec<Contender> {
    let one = |name, jitter| {
        let backoff = Backoff::exponential(Duration::from_millis(100))
            .cap(Duration::from_secs(30))
            .jitter(jitter);
        contender(name, true, backoff, |backoff, times| {
            let mut state = BackoffState::new(backoff, Rng::new(times));
            repeat(times, |_| state.next(backoff));
        })
        .gate(3.0, None)
    };
    vec![
        one("full jitter", Jitter::Full),
        one("equal jitter", Jitter::Equal),
        one("decorrelated jitter", Jitter::Decorrelated),
        one("proportional jitter", Jitter::Proportional(Rate::HALF)),
    ]
}

pub fn budgets() -> Vec<Contender> {
    let full = TokenBudget::new(TokenBudgetConfig::grpc(100, 100)).unwrap();
    let expiring =
        ExpiringBudget::new(Duration::from_secs(10), Rate::percent(20).unwrap(), 10).unwrap();
    vec![
        contender("token budget, full", true, full, |budget, times| {
            repeat(times, |_| budget.on_success());
        })
        .gate(1.0, Some(1.0)),
        contender(
            "expiring budget (coarse clock)",
            true,
            expiring,
            |budget, times| {
                repeat(times, |_| budget.deposit(&CoarseClock));
            },
        )
        .gate(8.0, None),
    ]
}

pub fn limiters() -> Vec<Contender> {
    let quota = Quota::new(1_000_000_000, Duration::from_secs(1)).unwrap();
    let limiter = || RateLimiter::new(quota);
    vec![
        contender("GCRA (coarse clock)", true, limiter(), |limiter, times| {
            repeat(times, |_| {
                limiter.try_acquire(1, READ, &CoarseClock).is_ok()
            });
        })
        .gate(7.5, None),
        contender(
            "GCRA (standard clock)",
            true,
            limiter(),
            |limiter, times| {
                repeat(times, |_| limiter.try_acquire(1, READ, &StdClock).is_ok());
            },
        ),
    ]
}

pub fn bulkheads() -> Vec<Contender> {
    let bulkhead = Bulkhead::new(BulkheadConfig::new(64));
    vec![
        contender("bulkhead", true, bulkhead, |bulkhead, times| {
            repeat(times, |_| bulkhead.try_acquire(READ).is_ok());
        })
        .gate(10.0, None),
    ]
}

pub fn timeouts() -> Vec<Contender> {
    vec![
        contender("lazy timeout", true, (), |(), times| {
            let timer = TokioTimer::new();
            repeat(times, |n| {
                let ready = std::future::ready(operation(n));
                now_or_never(Timeout::new(timer, Duration::from_secs(1), ready))
            });
        })
        .gate(1.0, None),
        contender("timeout layer", true, (), |(), times| {
            let timer = TokioTimer::new();
            let mut service = TimeoutLayer::new(timer, Duration::from_secs(1)).layer(Plain);
            repeat(times, |n| now_or_never(service.call(n)));
        })
        .gate(1.0, None),
    ]
}
