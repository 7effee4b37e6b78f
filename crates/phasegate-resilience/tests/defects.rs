//! The defects that were seen in published crates, one test each: what they do wrong, done right.
//!
//! The table in the crate's documentation names these tests.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use phasegate_resilience::{
    Backoff, BackoffState, Breaker, BreakerConfig, Call, CallClass, Clock, ExpiringBudget, Jitter,
    Judgement, OkOrFailure, Policy, Rate, RejectionKind, Retry, RetryDecision, RetryPolicy, Rng,
    Seed, State, StopReason, Tick, TickClock, Window,
};

const NOW: Tick = Tick::from_secs(1000);

fn count(calls: u32) -> BreakerConfig {
    BreakerConfig::default()
        .window(Window::Calls(calls))
        .min_calls(calls)
        .probes(1)
}

fn built(config: BreakerConfig) -> Breaker {
    Breaker::new(config).unwrap()
}

fn succeed(breaker: &Breaker, calls: u32) {
    for _ in 0..calls {
        breaker
            .try_acquire(CallClass::Read, &NOW)
            .unwrap()
            .success(&NOW);
    }
}

fn fail(breaker: &Breaker, calls: u32) {
    for _ in 0..calls {
        breaker
            .try_acquire(CallClass::Read, &NOW)
            .unwrap()
            .failure(&NOW);
    }
}

fn delays(backoff: &Backoff, seed: u64, n: usize) -> Vec<Duration> {
    let mut state = BackoffState::new(backoff, Rng::new(seed));
    (0..n).map(|_| state.next(backoff)).collect()
}

#[test]
fn a_budget_pays_for_exactly_its_ratio() {
    for percent in [30, 60, 70, 90] {
        let ratio = Rate::percent(percent).unwrap();
        let budget = ExpiringBudget::new(Duration::from_secs(60), ratio, 0).unwrap();
        for _ in 0..1000 {
            budget.deposit(&NOW);
        }
        let paid = (0..2000)
            .filter(|_| budget.try_retry(CallClass::Read, &NOW).is_ok())
            .count();
        assert_eq!(paid, usize::try_from(percent).unwrap() * 10);
    }
}

#[test]
fn jitter_is_finer_than_seconds_from_the_first_delay_on() {
    let jitter = Jitter::Proportional(Rate::percent(20).unwrap());
    let backoff = Backoff::exponential(Duration::from_secs(1))
        .cap(Duration::from_secs(40))
        .jitter(jitter);
    for at in 0..6 {
        let spread: BTreeSet<Duration> =
            (0..50).map(|seed| delays(&backoff, seed, 6)[at]).collect();
        assert!(
            spread.len() > 40,
            "delay {at} takes {} values of 50",
            spread.len()
        );
        assert!(spread.iter().any(|delay| delay.subsec_nanos() != 0));
    }
}

#[test]
fn requests_of_one_policy_do_not_retry_in_step() {
    let policy = RetryPolicy::default().attempts(4).seed(Seed::fixed(7));
    let call = Call::read();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let mut retry = Retry::new(&policy, &call, NOW);
        let RetryDecision::Again { delay, .. } = retry.after(&Judgement::failure(), NOW) else {
            panic!("the first failure is retried");
        };
        seen.insert(delay);
    }
    assert_eq!(seen.len(), 100);
}

#[test]
fn idle_time_costs_a_budget_nothing() {
    // A budget that steps over every second of it would take 13 thousand million steps here.
    let budget = ExpiringBudget::new(Duration::from_secs(1), Rate::HALF, 0).unwrap();
    let clock = TickClock::new(NOW);
    for _ in 0..5_000 {
        clock.advance(Duration::from_secs(30 * 86_400));
        budget.deposit(&clock);
        budget.deposit(&clock);
        assert_eq!(budget.left(&clock), 1);
    }
}

#[test]
fn failures_after_many_successes_open_within_the_window() {
    let breaker = built(count(100));
    succeed(&breaker, 10_000);
    fail(&breaker, 49);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_window_need_not_be_full_when_the_minimum_is_reached() {
    let breaker = built(count(100).min_calls(10));
    fail(&breaker, 10);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_time_window_keeps_numbers_and_not_calls() {
    let window = Window::Time {
        span: Duration::from_secs(10),
        slots: 10,
    };
    let breaker = built(BreakerConfig::default().window(window).min_calls(10));
    succeed(&breaker, 10);
    let grown = allocation_counter::measure(|| {
        succeed(&breaker, 99_980);
        fail(&breaker, 10);
    });
    assert_eq!((grown.count_total, breaker.snapshot().calls), (0, 100_000));
}

#[test]
fn a_stale_success_does_not_close_a_probing_breaker() {
    let breaker = built(count(2));
    let (a, b) = (
        breaker.try_acquire(CallClass::Read, &NOW).unwrap(),
        breaker.try_acquire(CallClass::Read, &NOW).unwrap(),
    );
    fail(&breaker, 2);
    let later = NOW + Duration::from_secs(61);
    let probe = breaker.try_acquire(CallClass::Read, &later).unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    a.success(&later);
    b.success(&later);
    assert_eq!(
        breaker.state(),
        State::HalfOpen,
        "two successes from before the opening"
    );
    probe.failure(&later);
    assert_eq!(breaker.state(), State::Open);
}

#[cfg(feature = "tower")]
#[test]
fn an_open_breaker_stays_ready_and_rejects_in_the_call() {
    use core::task::{Context, Poll, Waker};
    use phasegate_resilience::tower::{BreakerLayer, LayerError};
    use tower_layer::Layer;
    use tower_service::Service;

    #[derive(Clone)]
    struct Unreachable;
    impl Service<()> for Unreachable {
        type Response = ();
        type Error = &'static str;
        type Future = core::future::Ready<Result<(), &'static str>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Ok(()))
        }
        fn call(&mut self, (): ()) -> Self::Future {
            core::future::ready(Err("must not be called"))
        }
    }
    let breaker = Arc::new(built(count(1)));
    breaker.open_now(None, &NOW);
    let mut service = BreakerLayer::new(breaker, NOW, OkOrFailure).layer(Unreachable);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..40_000 {
        assert!(service.poll_ready(&mut cx).is_ready());
        let mut call = core::pin::pin!(service.call(()));
        let Poll::Ready(Err(LayerError::Rejected(rejection))) = call.as_mut().poll(&mut cx) else {
            panic!("rejected at once");
        };
        assert_eq!(rejection.kind, RejectionKind::BreakerOpen);
    }
}

#[test]
fn cancelled_probes_give_their_slots_back() {
    let breaker = built(count(1).probes(3).min_calls(1));
    fail(&breaker, 1);
    let later = NOW + Duration::from_secs(61);
    for _ in 0..1000 {
        drop(breaker.try_acquire(CallClass::Read, &later).unwrap());
    }
    assert_eq!(
        (breaker.state(), breaker.snapshot().probes_left),
        (State::HalfOpen, 3)
    );
}

#[test]
fn a_probing_breaker_admits_no_more_than_its_probes() {
    for probes in [1, 7, 1023] {
        let breaker = built(count(1).probes(probes));
        fail(&breaker, 1);
        let later = NOW + Duration::from_secs(61);
        let admitted: Vec<_> = (0..5000)
            .filter_map(|_| breaker.try_acquire(CallClass::Read, &later).ok())
            .collect();
        assert_eq!(admitted.len(), usize::try_from(probes).unwrap());
    }
}

#[test]
fn failures_far_apart_are_no_run() {
    let breaker = built(count(100).no_failure_rate().consecutive_failures(3));
    for _ in 0..3 {
        fail(&breaker, 1);
        succeed(&breaker, 100_000);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn an_open_breaker_executes_nothing() {
    let breaker = Arc::new(built(count(1)));
    breaker.open_now(None, &phasegate_resilience::StdClock);
    let policy = Policy::new().breaker(breaker);
    let mut executed = 0;
    for _ in 0..100 {
        let end = policy.run_blocking(
            &phasegate_resilience::StdClock,
            &Call::read(),
            &OkOrFailure,
            |_| {
                executed += 1;
                Ok::<_, &str>(())
            },
        );
        assert!(end.is_err());
    }
    assert_eq!(executed, 0);
}

#[test]
fn a_breaker_holds_the_same_memory_after_any_number_of_calls() {
    let breaker = built(count(100));
    let grown = allocation_counter::measure(|| {
        succeed(&breaker, 100_000);
        for _ in 0..1000 {
            fail(&breaker, 1);
            succeed(&breaker, 150);
        }
    });
    assert_eq!(grown.count_total, 0);
    // The opening makes the counters of rejections, once.
    fail(&breaker, 50);
    let grown = allocation_counter::measure(|| {
        for _ in 0..100_000 {
            assert!(breaker.try_acquire(CallClass::Read, &NOW).is_err());
        }
    });
    assert_eq!(
        (grown.count_total, breaker.snapshot().rejected),
        (0, 100_000)
    );
}

#[test]
fn a_window_of_ten_opens_at_the_tenth_call() {
    let breaker = built(count(10));
    fail(&breaker, 9);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_permit_that_is_held_holds_no_memory_of_others() {
    // There: memory freed by another thread stays alive while one protected call runs.
    let breaker = built(count(100));
    let held = breaker.try_acquire(CallClass::Read, &NOW).unwrap();
    let kept = allocation_counter::measure(|| {
        for _ in 0..1000 {
            drop(vec![0_u8; 64]);
        }
    });
    assert_eq!(kept.count_current, 0);
    held.success(&NOW);
}

#[test]
fn a_window_of_milliseconds_divides_by_nothing() {
    let window = Window::Time {
        span: Duration::from_millis(3),
        slots: 10,
    };
    let breaker = built(BreakerConfig::default().window(window).min_calls(2));
    fail(&breaker, 1);
    let first = Backoff::exponential(Duration::from_nanos(1)).jitter(Jitter::Equal);
    assert_eq!(delays(&first, 1, 1), [Duration::from_nanos(1)]);
    fail(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
    let too_fine = Window::Time {
        span: Duration::from_nanos(3),
        slots: 10,
    };
    assert!(Breaker::new(BreakerConfig::default().window(too_fine)).is_err());
}

#[test]
fn a_server_that_repeats_its_wish_does_not_outlast_the_total() {
    let policy = RetryPolicy::default()
        .attempts(10_000)
        .total(Duration::from_millis(20));
    let call = Call::read();
    let mut retry = Retry::new(&policy, &call, NOW);
    let clock = TickClock::new(NOW);
    let busy = Judgement::throttled().after(Duration::from_millis(1));
    let reason = loop {
        match retry.after(&busy, clock.now()) {
            RetryDecision::Again { delay, .. } => clock.advance(delay),
            RetryDecision::Stop { reason, .. } => break reason,
        }
    };
    assert_eq!(reason, StopReason::TotalSpent);
    assert!(clock.now() < NOW + Duration::from_millis(20));
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn each_attempt_is_made_after_its_delay() {
    let timer = phasegate_resilience::TokioTimer::new();
    let backoff = Backoff::constant(Duration::from_millis(100));
    let policy = Policy::new().retry(RetryPolicy::default().attempts(3).backoff(backoff));
    let called = core::cell::RefCell::new(Vec::new());
    let _end = policy
        .run(&timer, &Call::read(), &OkOrFailure, |_| {
            called.borrow_mut().push(timer.now().as_millis());
            async { Err::<(), _>("no") }
        })
        .await;
    assert_eq!(*called.borrow(), [0, 100, 200]);
}

#[test]
fn no_jitter_crosses_the_cap() {
    let cap = Duration::from_millis(100);
    let share = Rate::percent(50).unwrap();
    for jitter in [
        Jitter::Full,
        Jitter::Equal,
        Jitter::Decorrelated,
        Jitter::Proportional(share),
    ] {
        let backoff = Backoff::exponential(Duration::from_millis(30))
            .cap(cap)
            .jitter(jitter);
        let mut at_cap = BTreeSet::new();
        for seed in 0..200 {
            let drawn = delays(&backoff, seed, 12);
            assert!(drawn.iter().all(|delay| *delay <= cap), "{jitter:?}");
            at_cap.insert(drawn[11]);
        }
        assert!(at_cap.len() > 150, "{jitter:?} does not vanish at the cap");
    }
}

#[test]
fn exponential_from_a_second_doubles() {
    let backoff = Backoff::exponential(Duration::from_secs(1)).jitter(Jitter::None);
    let seconds: Vec<u64> = delays(&backoff, 1, 5)
        .iter()
        .map(Duration::as_secs)
        .collect();
    assert_eq!(seconds, [1, 2, 4, 8, 16]);
}

#[test]
fn rates_are_compared_exactly() {
    let breaker = built(count(1000).failure_rate(Rate::new(0.004).unwrap()));
    succeed(&breaker, 996);
    fail(&breaker, 4);
    assert_eq!(breaker.state(), State::Open);
    let breaker = built(count(1000));
    succeed(&breaker, 505);
    fail(&breaker, 495);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_clock_that_goes_back_neither_empties_the_window_nor_runs_ahead() {
    let window = Window::Time {
        span: Duration::from_secs(60),
        slots: 60,
    };
    let breaker = built(BreakerConfig::default().window(window).min_calls(10_000));
    let clock = TickClock::new(NOW);
    let call = || {
        breaker
            .try_acquire(CallClass::Read, &clock)
            .unwrap()
            .success(&clock);
    };
    call();
    clock.set(NOW.saturating_sub(Duration::from_secs(5)));
    for _ in 0..999 {
        call();
    }
    assert_eq!(breaker.snapshot().calls, 1000);
    // A minute and a slot after the first call everything has left, so no slot lay in the future.
    clock.set(NOW + Duration::from_secs(60));
    call();
    assert_eq!(breaker.snapshot().calls, 1);
}

#[test]
fn a_failed_change_is_not_repeated_and_a_wish_of_the_server_is_kept() {
    let policy = RetryPolicy::default();
    let change = Call::at_most_once();
    let judged = Judgement::failure().after(Duration::from_secs(2));
    let stop = Retry::new(&policy, &change, NOW).after(&judged, NOW);
    let RetryDecision::Stop { reason, retry_at } = stop else {
        panic!("not repeated")
    };
    assert_eq!(reason, StopReason::NotIdempotent);
    assert_eq!(retry_at, Some(NOW + Duration::from_secs(2)));
    let look = Call::read();
    for _ in 0..1000 {
        match Retry::new(&policy, &look, NOW).after(&judged, NOW) {
            RetryDecision::Again { at, .. } => assert!(at > NOW + Duration::from_secs(2)),
            RetryDecision::Stop { .. } => panic!("a read is repeated"),
        }
    }
}
