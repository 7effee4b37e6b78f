//! Concurrent pieces under every interleaving (loom) or very many (shuttle).
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test -p phasegate-resilience --release --test interleavings
//! RUSTFLAGS="--cfg shuttle" cargo test -p phasegate-resilience --release --test interleavings
//! ```
//!
//! Each model states how many interleavings it must at least explore: a model whose threads begin
//! with an atomic load can explore one and prove nothing.
#![cfg(any(loom, shuttle))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::time::Duration;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(loom)]
use loom::{sync::Arc, thread};
#[cfg(shuttle)]
use shuttle::{sync::Arc, thread};

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Bulkhead, BulkheadConfig, CallClass, ConcurrentBudget,
    ExpiringBudget, NotBefore, OpenLimit, Opening, Quota, Quotas, Rate, RateLimiter, State, Tick,
    TokenBudget, TokenBudgetConfig, Window,
};

const NOW: Tick = Tick::from_secs(1000);

/// Runs `model` under the checker and holds it to `at_least` interleavings.
fn explore(at_least: usize, model: impl Fn() + Send + Sync + 'static) {
    let explored = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&explored);
    let counted = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    };
    #[cfg(loom)]
    {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(3);
        builder.check(counted);
    }
    #[cfg(shuttle)]
    {
        let counted = std::sync::Arc::new(counted);
        let random = std::sync::Arc::clone(&counted);
        shuttle::check_random(move || random(), 2_000);
        shuttle::check_pct(move || counted(), 2_000, 3);
    }
    let explored = explored.load(Ordering::Relaxed);
    assert!(
        explored >= at_least,
        "explored {explored} interleavings, {at_least} expected"
    );
}

fn breaker(calls: u32, min: u32) -> Breaker {
    let config = BreakerConfig::default()
        .window(Window::Calls(calls))
        .min_calls(min)
        .probes(1)
        .open_for(Backoff::constant(Duration::from_secs(1)));
    Breaker::new(config).unwrap()
}

fn call(breaker: &Breaker, failed: bool) {
    if let Ok(permit) = breaker.try_acquire(CallClass::Read, &NOW) {
        if failed {
            permit.failure(&NOW)
        } else {
            permit.success(&NOW)
        }
    }
}

/// The calls that a breaker has recorded since it closed are those that were made.
#[test]
fn successes_and_failures_of_two_threads_are_all_counted() {
    explore(20, || {
        let breaker = Arc::new(breaker(8, 8));
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            call(&other, true);
            call(&other, false);
        });
        call(&breaker, false);
        call(&breaker, true);
        thread.join().unwrap();
        let seen = breaker.snapshot();
        assert_eq!((seen.calls, seen.failures), (4, 2));
    });
}

/// The success that reaches the minimum must not slip past a failure that is being marked.
#[test]
fn the_minimum_is_judged_whoever_reaches_it() {
    explore(8, || {
        let breaker = Arc::new(breaker(4, 3));
        call(&breaker, true);
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || call(&other, true));
        call(&breaker, false);
        thread.join().unwrap();
        assert_eq!(breaker.state(), State::Open, "two of three failed");
    });
}

/// A failure in a full window of three: whatever the order, after three later successes it is gone.
#[test]
fn a_window_becomes_clean_again_after_a_race() {
    explore(20, || {
        let breaker = Arc::new(breaker(3, 3));
        for _ in 0..3 {
            call(&breaker, false);
        }
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            for _ in 0..2 {
                call(&other, false);
            }
        });
        call(&breaker, true);
        call(&breaker, false);
        thread.join().unwrap();
        let now = breaker.snapshot();
        assert!(now.failures <= 1 && now.state == State::Closed);
        for _ in 0..3 {
            call(&breaker, false);
        }
        assert_eq!(breaker.snapshot().failures, 0);
        // Clean or not, the next two failures are two of three.
        call(&breaker, true);
        call(&breaker, true);
        assert_eq!(breaker.state(), State::Open);
    });
}

/// Exactly one of two callers gets the only probe.
#[test]
fn two_callers_do_not_share_the_only_probe() {
    explore(10, || {
        let breaker = Arc::new(breaker(1, 1));
        call(&breaker, true);
        let later = NOW + Duration::from_secs(2);
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            let permit = other.try_acquire(CallClass::Read, &later);
            permit
                .map(phasegate_resilience::Permit::into_ticket)
                .is_ok()
        });
        let permit = breaker.try_acquire(CallClass::Read, &later);
        let mine = permit
            .map(phasegate_resilience::Permit::into_ticket)
            .is_ok();
        let theirs = thread.join().unwrap();
        assert!(mine != theirs, "mine {mine}, theirs {theirs}");
    });
}

/// A probe that is given back can be taken by another, and never more than one is out.
#[test]
fn a_cancelled_probe_is_one_slot() {
    explore(10, || {
        let breaker = Arc::new(breaker(1, 1));
        breaker.begin_half_open(&NOW);
        let held = breaker.try_acquire(CallClass::Read, &NOW).unwrap();
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            let first = other.try_acquire(CallClass::Read, &NOW).is_ok();
            let second = other.try_acquire(CallClass::Read, &NOW).is_ok();
            (first, second)
        });
        drop(held);
        thread.join().unwrap();
        assert_eq!(breaker.snapshot().probes_left, 1);
    });
}

/// A result from before a reset must not count after it.
#[test]
fn a_result_that_races_with_a_reset_counts_before_or_not_at_all() {
    explore(10, || {
        let breaker = Arc::new(breaker(4, 4));
        call(&breaker, true);
        let other = Arc::clone(&breaker);
        let permit_failed = {
            let permit = breaker.try_acquire(CallClass::Read, &NOW).unwrap();
            permit.into_ticket()
        };
        let thread = thread::spawn(move || {
            other.record(
                permit_failed,
                &phasegate_resilience::Judgement::success(),
                &NOW,
            );
        });
        breaker.close(&NOW);
        let emptied = breaker.snapshot();
        thread.join().unwrap();
        assert_eq!((emptied.calls, breaker.snapshot().calls), (0, 0));
    });
}

/// A late success of a closed state never closes or feeds a probing one.
#[test]
fn a_stale_result_never_decides_a_probe() {
    explore(10, || {
        let breaker = Arc::new(breaker(1, 1));
        let stale = breaker
            .try_acquire(CallClass::Read, &NOW)
            .unwrap()
            .into_ticket();
        call(&breaker, true);
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            other.record(stale, &phasegate_resilience::Judgement::success(), &NOW);
        });
        let later = NOW + Duration::from_secs(2);
        let probe = breaker.try_acquire(CallClass::Read, &later).unwrap();
        thread.join().unwrap();
        assert_eq!(breaker.state(), State::HalfOpen);
        probe.failure(&later);
        assert_eq!(breaker.state(), State::Open);
    });
}

/// The answer to how long an opening lasts comes outside the lock; it must not reach an opening
/// that came after.
#[test]
fn an_open_time_that_comes_late_does_not_touch_a_later_opening() {
    explore(8, || {
        let config = BreakerConfig::default()
            .window(Window::Calls(1))
            .min_calls(1)
            .open_by(
                |_: &Opening| Duration::from_secs(1),
                Duration::from_secs(60),
            );
        let breaker = Arc::new(Breaker::new(config).unwrap());
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || call(&other, true));
        breaker.open_now(Some(Duration::from_secs(9)), &NOW);
        thread.join().unwrap();
        let until = breaker.explain(&NOW).retry_at.unwrap();
        assert_eq!(until.saturating_since(NOW), Duration::from_millis(9_001));
    });
}

/// Two timers of one host, or a timer and a caller, begin probing once.
#[test]
fn a_timer_and_a_caller_begin_probing_once() {
    explore(10, || {
        let breaker = Arc::new(breaker(1, 1));
        call(&breaker, true);
        let later = NOW + Duration::from_secs(2);
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            let _due = other.handle_timeout(&later);
        });
        let admitted = breaker
            .try_acquire(CallClass::Read, &later)
            .map(phasegate_resilience::Permit::into_ticket)
            .is_ok();
        thread.join().unwrap();
        assert!(admitted && breaker.snapshot().probes_left == 0);
    });
}

/// The counts of a time window are exact when threads share a shard.
#[test]
fn a_time_window_counts_all_threads() {
    explore(10, || {
        let window = Window::Time {
            span: Duration::from_secs(4),
            slots: 2,
        };
        let config = BreakerConfig::default().window(window).min_calls(10);
        let breaker = Arc::new(Breaker::new(config).unwrap());
        let other = Arc::clone(&breaker);
        let thread = thread::spawn(move || {
            call(&other, false);
            call(&other, true);
        });
        call(&breaker, false);
        thread.join().unwrap();
        let seen = breaker.snapshot();
        assert_eq!((seen.calls, seen.failures), (3, 1));
    });
}

#[test]
fn a_limiter_gives_the_last_cell_once() {
    explore(3, || {
        let quota = Quota::new(2, Duration::from_secs(2)).unwrap().burst(1);
        let limiter = Arc::new(RateLimiter::new(quota));
        let other = Arc::clone(&limiter);
        let thread = thread::spawn(move || other.try_acquire(1, CallClass::Read, &NOW).is_ok());
        let mine = limiter.try_acquire(1, CallClass::Read, &NOW).is_ok();
        assert!(mine != thread.join().unwrap());
        assert_eq!(limiter.left(&NOW), 0);
    });
}

#[test]
fn two_reservations_are_two_turns() {
    explore(3, || {
        let quota = Quota::new(1, Duration::from_secs(1)).unwrap();
        let limiter = Arc::new(RateLimiter::new(quota).longest_wait(Duration::from_secs(1)));
        let other = Arc::clone(&limiter);
        let thread = thread::spawn(move || other.reserve(1, CallClass::Read, &NOW).unwrap());
        let mine = limiter.reserve(1, CallClass::Read, &NOW).unwrap();
        let theirs = thread.join().unwrap();
        assert_eq!(mine.min(theirs), NOW);
        assert_eq!(mine.max(theirs), NOW + Duration::from_secs(1));
        assert!(limiter.reserve(1, CallClass::Read, &NOW).is_err());
    });
}

#[test]
fn quotas_are_never_taken_in_part() {
    explore(2, || {
        let one = |burst| Quota::new(2, Duration::from_secs(2)).unwrap().burst(burst);
        let quotas = Arc::new(Quotas::new([one(2), one(1)]));
        let other = Arc::clone(&quotas);
        let thread =
            thread::spawn(move || other.try_acquire(&[1, 1], CallClass::Read, &NOW).is_ok());
        let mine = quotas.try_acquire(&[1, 1], CallClass::Read, &NOW).is_ok();
        assert!(mine != thread.join().unwrap());
        assert_eq!(quotas.left(&NOW), [1, 0]);
    });
}

#[test]
fn a_bulkhead_never_holds_more_than_its_limit() {
    explore(5, || {
        let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1)));
        let inside = Arc::new(AtomicUsize::new(0));
        let enter = |bulkhead: &Bulkhead, inside: &AtomicUsize| {
            if let Ok(permit) = bulkhead.try_acquire(CallClass::Read) {
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                thread::yield_now();
                inside.fetch_sub(1, Ordering::SeqCst);
                drop(permit);
            }
        };
        let (other, theirs) = (Arc::clone(&bulkhead), Arc::clone(&inside));
        let thread = thread::spawn(move || enter(&other, &theirs));
        enter(&bulkhead, &inside);
        thread.join().unwrap();
        assert_eq!(bulkhead.inside(), 0);
    });
}

/// A waiter that joins while the last call leaves is let in: no wake-up is lost.
#[test]
fn nobody_waits_in_front_of_an_empty_bulkhead() {
    use core::future::Future;
    use core::task::{Context, Waker};
    explore(10, || {
        let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1).queue(1)));
        bulkhead.try_enter(CallClass::Read).unwrap();
        let other = Arc::clone(&bulkhead);
        let thread = thread::spawn(move || other.leave());
        let mut cx = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(bulkhead.acquire(CallClass::Read));
        let early = waiting.as_mut().poll(&mut cx).is_ready();
        thread.join().unwrap();
        assert!(
            early || waiting.as_mut().poll(&mut cx).is_ready(),
            "the place came"
        );
        drop(waiting);
        if early {
            // The permit was dropped with the poll's answer.
            assert_eq!(bulkhead.inside(), 0);
        }
        assert_eq!(bulkhead.waiting(), 0);
    });
}

/// A waiter that gives up while it is being let in hands the place on.
#[test]
fn a_waiter_that_gives_up_loses_no_place() {
    use core::future::Future;
    use core::task::{Context, Waker};
    explore(10, || {
        let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1).queue(2)));
        bulkhead.try_enter(CallClass::Read).unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut waiting = Box::pin(bulkhead.acquire(CallClass::Read));
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        let other = Arc::clone(&bulkhead);
        let thread = thread::spawn(move || other.leave());
        drop(waiting);
        thread.join().unwrap();
        assert_eq!((bulkhead.inside(), bulkhead.waiting()), (0, 0));
        assert!(bulkhead.try_acquire(CallClass::Read).is_ok());
    });
}

#[test]
fn a_token_budget_loses_no_deposit_and_pays_once() {
    explore(5, || {
        let budget = Arc::new(TokenBudget::new(TokenBudgetConfig::aws(2, 2)).unwrap());
        let other = Arc::clone(&budget);
        let thread = thread::spawn(move || {
            let paid = other.try_retry(CallClass::Read).is_ok();
            other.on_success();
            paid
        });
        let mine = budget.try_retry(CallClass::Read).is_ok();
        budget.on_success();
        let theirs = thread.join().unwrap();
        let paid = u64::from(mine) + u64::from(theirs);
        // Two tokens at first, two deposits; what was deposited into a full budget is lost.
        assert!(paid >= 1);
        let left = budget.left_milli();
        assert!(
            left <= 4_000 - paid * 2_000 && left + paid * 2_000 >= 3_000,
            "{left} {paid}"
        );
    });
}

#[test]
fn an_expiring_budget_loses_no_deposit() {
    explore(3, || {
        let budget = Arc::new(ExpiringBudget::new(Duration::from_secs(10), Rate::HALF, 0).unwrap());
        let other = Arc::clone(&budget);
        let thread = thread::spawn(move || other.deposit(&NOW));
        budget.deposit(&NOW);
        thread.join().unwrap();
        assert_eq!(budget.left(&NOW), 1);
    });
}

#[test]
fn an_expiring_budget_never_overshoots() {
    explore(3, || {
        let budget = Arc::new(ExpiringBudget::new(Duration::from_secs(10), Rate::HALF, 0).unwrap());
        budget.deposit(&NOW);
        let other = Arc::clone(&budget);
        let thread = thread::spawn(move || {
            other.deposit(&NOW);
            other.try_retry(CallClass::Read, &NOW).is_ok()
        });
        let mine = budget.try_retry(CallClass::Read, &NOW).is_ok();
        let theirs = thread.join().unwrap();
        assert!(!(mine && theirs), "two calls at one half pay for one retry");
        assert_eq!(budget.left(&NOW), u64::from(!mine && !theirs));
    });
}

#[test]
fn a_concurrent_budget_is_compared_and_taken_in_one_step() {
    explore(3, || {
        let budget = Arc::new(ConcurrentBudget::new(Rate::ZERO, 1));
        let both = Arc::new(AtomicUsize::new(0));
        let take = |budget: &ConcurrentBudget, both: &AtomicUsize| {
            if let Ok(retry) = budget.try_retry(CallClass::Read) {
                assert_eq!(both.fetch_add(1, Ordering::SeqCst), 0);
                thread::yield_now();
                both.fetch_sub(1, Ordering::SeqCst);
                drop(retry);
            }
        };
        let (other, theirs) = (Arc::clone(&budget), Arc::clone(&both));
        let thread = thread::spawn(move || take(&other, &theirs));
        take(&budget, &both);
        thread.join().unwrap();
    });
}

#[test]
fn the_longer_of_two_waits_holds() {
    explore(2, || {
        let gate = Arc::new(NotBefore::new(Duration::from_secs(100)));
        let other = Arc::clone(&gate);
        let thread = thread::spawn(move || other.wait_for(Duration::from_secs(9), &NOW));
        gate.wait_for(Duration::from_secs(5), &NOW);
        thread.join().unwrap();
        assert_eq!(gate.left(&NOW), Duration::from_secs(9));
    });
}

fn limited(limit: &std::sync::Arc<OpenLimit>) -> Arc<Breaker> {
    let config = BreakerConfig::default()
        .window(Window::Calls(1))
        .min_calls(1)
        .open_limit(std::sync::Arc::clone(limit));
    Arc::new(Breaker::new(config).unwrap())
}

/// Two breakers of one limit trip at the same time: one opens.
#[test]
fn a_limit_of_open_breakers_is_never_crossed() {
    explore(5, || {
        let limit = std::sync::Arc::new(OpenLimit::new(1));
        let (one, two) = (limited(&limit), limited(&limit));
        let other = Arc::clone(&two);
        let thread = thread::spawn(move || call(&other, true));
        call(&one, true);
        thread.join().unwrap();
        let open = [&one, &two].map(|breaker| u64::from(breaker.state() == State::Open));
        assert_eq!((open.iter().sum::<u64>(), limit.open()), (1, 1));
        let withheld = one.snapshot().totals.withheld + two.snapshot().totals.withheld;
        assert_eq!(withheld, 1);
        one.close(&NOW);
        two.close(&NOW);
        assert_eq!(limit.open(), 0);
    });
}

/// A breaker closes and opens again while another of the same limit trips: places are neither lost
/// nor made, and what refuses calls has one.
#[test]
fn places_of_a_limit_are_neither_lost_nor_made() {
    explore(20, || {
        let limit = std::sync::Arc::new(OpenLimit::new(1));
        let (one, two) = (limited(&limit), limited(&limit));
        call(&one, true);
        let other = Arc::clone(&two);
        let thread = thread::spawn(move || {
            call(&other, true);
            other.close(&NOW);
            call(&other, true);
        });
        one.close(&NOW);
        call(&one, true);
        thread.join().unwrap();
        let open = [&one, &two].map(|breaker| u64::from(breaker.state() == State::Open));
        let open = open.iter().sum::<u64>();
        assert_eq!(limit.open(), open);
        assert!(open <= 1);
        one.close(&NOW);
        two.close(&NOW);
        assert_eq!(limit.open(), 0);
    });
}
