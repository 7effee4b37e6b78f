//! The published crates, configured as close to ours as they allow.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::harness::{
    Contender, Failed, contender, now_or_never, operation, repeat, repeat_with_failures,
};
use crate::ours::Plain;

const LONG: Duration = Duration::from_secs(100_000);

macro_rules! sync_peer {
    ($failing:expr, $name:expr, $shared:expr, |$breaker:ident, $input:ident| $call:expr) => {
        if $failing {
            contender($name, false, $shared, |$breaker, times| {
                repeat_with_failures(times, |$input| $call);
            })
        } else {
            contender($name, false, $shared, |$breaker, times| {
                repeat(times, |$input| $call);
            })
        }
    };
}

fn recloser() -> recloser::Recloser {
    recloser::Recloser::custom()
        .error_rate(0.5)
        .closed_len(100)
        .open_wait(LONG)
        .build()
}

fn consecutive() -> impl failsafe::CircuitBreaker + failsafe::futures::CircuitBreaker + Clone {
    let policy =
        failsafe::failure_policy::consecutive_failures(10, failsafe::backoff::constant(LONG));
    failsafe::Config::new().failure_policy(policy).build()
}

fn rate() -> impl failsafe::CircuitBreaker {
    let policy = failsafe::failure_policy::success_rate_over_time_window(
        0.5,
        100,
        Duration::from_secs(10),
        failsafe::backoff::constant(LONG),
    );
    failsafe::Config::new().failure_policy(policy).build()
}

type CircuitBreakerRs = circuitbreaker_rs::CircuitBreaker<circuitbreaker_rs::DefaultPolicy, Failed>;

fn circuitbreaker_rs() -> CircuitBreakerRs {
    CircuitBreakerRs::builder()
        .failure_threshold(0.5)
        .min_throughput(100)
        .cooldown(LONG)
        .build()
}

fn nobreak() -> nobreak::CircuitBreaker {
    nobreak::builder()
        .with_failure_threshold(10)
        .with_open_duration(LONG)
        .build()
}

type Reliakit = (
    parking_lot::Mutex<reliakit_circuit::CircuitBreaker>,
    Instant,
);

fn reliakit() -> Reliakit {
    (
        parking_lot::Mutex::new(reliakit_circuit::CircuitBreaker::new(10, u64::MAX / 2)),
        Instant::now(),
    )
}

#[inline(always)]
fn through_reliakit((breaker, origin): &Reliakit, input: u64) -> Option<Result<u64, Failed>> {
    let now = || u64::try_from(origin.elapsed().as_millis()).unwrap_or(u64::MAX);
    if !breaker.lock().allow(now()) {
        return None;
    }
    let result = operation(input);
    match result {
        Ok(_) => breaker.lock().on_success(),
        Err(_) => breaker.lock().on_failure(now()),
    }
    Some(result)
}

pub fn breakers(failing: bool) -> Vec<Contender> {
    use failsafe::CircuitBreaker as _;
    vec![
        sync_peer!(failing, "recloser 1.4", recloser(), |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(
            failing,
            "failsafe 1.3 consecutive",
            consecutive(),
            |b, n| { failsafe::CircuitBreaker::call(b, || operation(n)).is_ok() }
        ),
        sync_peer!(failing, "failsafe 1.3 rate (EMA)", rate(), |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(
            failing,
            "circuitbreaker-rs 0.1",
            circuitbreaker_rs(),
            |b, n| b.call(|| operation(n)).is_ok()
        ),
        sync_peer!(
            failing,
            "circuit_breaker 0.1 (no window)",
            circuit_breaker::CircuitBreaker::new(10, LONG),
            |b, n| b.execute(|| operation(n)).is_ok()
        ),
        sync_peer!(failing, "nobreak 0.1 (no window)", nobreak(), |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(
            failing,
            "reliakit-circuit 0.2 in a mutex",
            reliakit(),
            |b, n| { through_reliakit(b, n) }
        ),
    ]
}

pub fn rejections() -> Vec<Contender> {
    use failsafe::CircuitBreaker as _;
    let fail = |call: &mut dyn FnMut()| (0..1_000).for_each(|_| call());
    let recloser = recloser();
    fail(&mut || drop(recloser.call(|| operation(u64::MAX))));
    let consecutive = consecutive();
    fail(&mut || {
        drop(failsafe::CircuitBreaker::call(&consecutive, || {
            operation(u64::MAX)
        }))
    });
    let rate = rate();
    fail(&mut || drop(rate.call(|| operation(u64::MAX))));
    let circuitbreaker_rs = circuitbreaker_rs();
    fail(&mut || drop(circuitbreaker_rs.call(|| operation(u64::MAX))));
    let circuit_breaker = circuit_breaker::CircuitBreaker::new(10, LONG);
    fail(&mut || drop(circuit_breaker.execute(|| operation(u64::MAX))));
    let nobreak = nobreak();
    fail(&mut || drop(nobreak.call(|| operation(u64::MAX))));
    let reliakit = reliakit();
    fail(&mut || drop(through_reliakit(&reliakit, u64::MAX)));
    vec![
        sync_peer!(false, "recloser 1.4", recloser, |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(false, "failsafe 1.3 consecutive", consecutive, |b, n| {
            failsafe::CircuitBreaker::call(b, || operation(n)).is_ok()
        }),
        sync_peer!(false, "failsafe 1.3 rate (EMA)", rate, |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(false, "circuitbreaker-rs 0.1", circuitbreaker_rs, |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(false, "circuit_breaker 0.1", circuit_breaker, |b, n| b
            .execute(|| operation(n))
            .is_ok()),
        sync_peer!(false, "nobreak 0.1", nobreak, |b, n| b
            .call(|| operation(n))
            .is_ok()),
        sync_peer!(
            false,
            "reliakit-circuit 0.2 in a mutex",
            reliakit,
            |b, n| { through_reliakit(b, n) }
        ),
    ]
}

pub fn async_success() -> Vec<Contender> {
    use tower::Service as _;
    let resilience = || {
        tower_resilience_circuitbreaker::CircuitBreakerLayer::standard()
            .build()
            .unwrap()
            .layer_fn(Plain)
    };
    vec![
        contender(
            "recloser 1.4 (AsyncRecloser)",
            false,
            recloser::AsyncRecloser::from(recloser()),
            |b, times| {
                repeat(times, |n| {
                    now_or_never(b.call(async move { operation(n) })).is_ok()
                })
            },
        ),
        contender(
            "failsafe 1.3 consecutive",
            false,
            consecutive(),
            |b, times| {
                repeat(times, |n| {
                    now_or_never(failsafe::futures::CircuitBreaker::call(
                        b,
                        Box::pin(async move { operation(n) }),
                    ))
                    .is_ok()
                });
            },
        ),
        contender("nobreak 0.1 (no window)", false, nobreak(), |b, times| {
            repeat(times, |n| {
                now_or_never(b.call_async(|| async move { operation(n) })).is_ok()
            });
        }),
        contender(
            "tower-resilience-circuitbreaker 0.14",
            false,
            Mutex::new(resilience()),
            |b, times| {
                let mut service = b.lock().unwrap().clone();
                let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
                repeat(times, |n| {
                    let _ready = service.poll_ready(&mut cx).is_ready();
                    now_or_never(service.call(n)).is_ok()
                });
            },
        ),
    ]
}

pub fn retry_first_try() -> Vec<Contender> {
    use backon::BlockingRetryable as _;
    vec![
        contender("backon 1.6", false, (), |(), times| {
            repeat(times, |n| {
                (|| operation(n))
                    .retry(backon::ExponentialBuilder::default().with_jitter())
                    .call()
            });
        }),
        contender("backoff 0.4", false, (), |(), times| {
            repeat(times, |n| {
                backoff::retry(backoff::ExponentialBackoff::default(), || {
                    operation(n).map_err(backoff::Error::transient)
                })
            });
        }),
        contender("retry 2.2", false, (), |(), times| {
            repeat(times, |n| {
                let delays = retry::delay::Exponential::from_millis(100).map(retry::delay::jitter);
                retry::retry(delays.take(3), || operation(n))
            });
        }),
    ]
}

pub fn retry_first_try_async() -> Vec<Contender> {
    use backon::Retryable as _;
    vec![
        contender("backon 1.6", false, (), |(), times| {
            repeat(times, |n| {
                let request = || async move { operation(n) };
                let builder = backon::ExponentialBuilder::default().with_jitter();
                now_or_never(async { request.retry(builder).await })
            });
        }),
        contender("tokio-retry 0.3", false, (), |(), times| {
            repeat(times, |n| {
                let delays = tokio_retry::strategy::ExponentialBackoff::from_millis(2)
                    .map(tokio_retry::strategy::jitter)
                    .take(3);
                now_or_never(tokio_retry::Retry::spawn(
                    delays,
                    || async move { operation(n) },
                ))
            });
        }),
        contender("tryhard 0.5", false, (), |(), times| {
            repeat(times, |n| {
                let retry = tryhard::retry_fn(|| async move { operation(n) }).retries(3);
                now_or_never(retry.exponential_backoff(Duration::from_millis(100)))
            });
        }),
    ]
}

pub fn delays() -> Vec<Contender> {
    use backoff::backoff::Backoff as _;
    use backon::BackoffBuilder as _;
    vec![
        contender("backon 1.6 exponential, jitter", false, (), |(), times| {
            let mut delays = backon::ExponentialBuilder::default()
                .with_jitter()
                .without_max_times()
                .build();
            repeat(times, |_| delays.next());
        }),
        contender("backoff 0.4 exponential", false, (), |(), times| {
            let mut delays = backoff::ExponentialBackoff {
                max_elapsed_time: None,
                ..Default::default()
            };
            repeat(times, |_| delays.next_backoff());
        }),
        contender(
            "tokio-retry 0.3 exponential, jitter",
            false,
            (),
            |(), times| {
                let mut delays = tokio_retry::strategy::ExponentialBackoff::from_millis(2)
                    .max_delay(Duration::from_secs(30))
                    .map(tokio_retry::strategy::jitter);
                repeat(times, |_| delays.next());
            },
        ),
        contender("retry 2.2 exponential, jitter", false, (), |(), times| {
            let mut delays = retry::delay::Exponential::from_millis_with_factor(100, 1.000_001)
                .map(retry::delay::jitter);
            repeat(times, |_| delays.next());
        }),
        contender("failsafe 1.3 equal jitter", false, (), |(), times| {
            let mut delays =
                failsafe::backoff::equal_jittered(Duration::from_secs(1), Duration::from_secs(30));
            repeat(times, |_| delays.next());
        }),
    ]
}

pub fn budgets() -> Vec<Contender> {
    use tower::retry::budget::{Budget as _, TpsBudget};
    let tps = TpsBudget::new(Duration::from_secs(10), 10, 0.2);
    let buckets = tower_resilience_retry::RetryBudgetBuilder::new();
    let token = buckets.token_bucket().build().unwrap();
    let aimd = tower_resilience_retry::RetryBudgetBuilder::new()
        .aimd()
        .build()
        .unwrap();
    vec![
        contender("tower 0.5 TpsBudget", false, tps, |b, times| {
            repeat(times, |_| b.deposit())
        }),
        contender(
            "tower-resilience 0.14 token bucket",
            false,
            token,
            |b, times| {
                repeat(times, |_| b.deposit());
            },
        ),
        contender("tower-resilience 0.14 AIMD", false, aimd, |b, times| {
            repeat(times, |_| b.deposit());
        }),
    ]
}

pub fn limiters() -> Vec<Contender> {
    let quota = governor::Quota::per_second(std::num::NonZeroU32::new(1_000_000_000).unwrap());
    let governor = governor::RateLimiter::direct(quota);
    vec![
        contender("governor 0.10 direct", false, governor, |limiter, times| {
            repeat(times, |_| limiter.check().is_ok());
        }),
        contender(
            "ratelimit 2.0",
            false,
            ratelimit::Ratelimiter::new(1_000_000_000),
            |l, times| {
                repeat(times, |_| l.try_wait().is_ok());
            },
        ),
    ]
}

pub fn bulkheads() -> Vec<Contender> {
    let semaphore = Arc::new(tokio::sync::Semaphore::new(64));
    vec![contender(
        "tokio Semaphore::try_acquire",
        false,
        semaphore,
        |semaphore, times| {
            repeat(times, |_| semaphore.try_acquire().is_ok());
        },
    )]
}

pub fn timeouts() -> Vec<Contender> {
    vec![contender("tokio::time::timeout", false, (), |(), times| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let _entered = runtime.enter();
        repeat(times, |n| {
            now_or_never(tokio::time::timeout(
                Duration::from_secs(1),
                std::future::ready(operation(n)),
            ))
        });
    })]
}
