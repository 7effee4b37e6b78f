//! Clocks that jump, stand still and go back.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::time::Duration;

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, CallClass, Clock, ExpiringBudget, Jitter, NotBefore, Quota,
    Rate, RateLimiter, State, Tick, TickClock, Window,
};

const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

fn breaker(window: Window) -> Breaker {
    let open = Backoff::exponential(Duration::from_secs(5))
        .cap(Duration::from_secs(60))
        .jitter(Jitter::None);
    let config = BreakerConfig::default()
        .window(window)
        .min_calls(2)
        .probes(1)
        .open_for(open);
    Breaker::new(config).unwrap()
}

fn opened(clock: &TickClock) -> Breaker {
    let breaker = breaker(Window::Calls(2));
    for _ in 0..2 {
        breaker
            .try_acquire(CallClass::Read, clock)
            .unwrap()
            .failure(clock);
    }
    assert_eq!(breaker.state(), State::Open);
    breaker
}

#[test]
fn a_clock_that_goes_back_holds_no_breaker_open_beyond_its_longest_opening() {
    for back in [Duration::from_secs(10), HOUR, YEAR] {
        let clock = TickClock::new(Tick::ZERO + YEAR + YEAR);
        let breaker = opened(&clock);
        clock.set(clock.now().saturating_sub(back));
        let rejection = breaker.try_acquire(CallClass::Read, &clock).unwrap_err();
        let wait = rejection.retry_at.unwrap().saturating_since(clock.now());
        assert!(
            wait <= Duration::from_millis(60_001),
            "{wait:?} after a step of {back:?}"
        );
        clock.advance(wait);
        assert!(breaker.try_acquire(CallClass::Read, &clock).is_ok());
    }
}

#[test]
fn a_clock_that_jumps_ahead_ends_an_opening() {
    for ahead in [HOUR, YEAR / 2, YEAR] {
        let clock = TickClock::new(Tick::from_secs(10));
        let breaker = opened(&clock);
        clock.advance(ahead);
        assert!(
            breaker.try_acquire(CallClass::Read, &clock).is_ok(),
            "{ahead:?}"
        );
    }
}

#[test]
fn a_clock_that_stands_still_keeps_everything_as_it_is() {
    let clock = TickClock::new(Tick::from_secs(10));
    let breaker = opened(&clock);
    let limiter = RateLimiter::new(Quota::new(1, HOUR).unwrap());
    assert!(limiter.try_acquire(1, CallClass::Read, &clock).is_ok());
    for _ in 0..1000 {
        assert!(breaker.try_acquire(CallClass::Read, &clock).is_err());
        assert!(limiter.try_acquire(1, CallClass::Read, &clock).is_err());
    }
}

#[test]
fn the_state_word_works_at_every_age_of_the_clock() {
    // The deadline is kept in 36 bits of milliseconds; a clock may count from anywhere.
    for start in [0, (1 << 36) - 1, (1 << 36) + 5, (1_u64 << 43) - 2] {
        let clock = TickClock::new(Tick::from_millis(start));
        let breaker = opened(&clock);
        clock.advance(Duration::from_millis(5_000));
        assert!(
            breaker.try_acquire(CallClass::Read, &clock).is_err(),
            "from {start}"
        );
        clock.advance(Duration::from_millis(1));
        assert!(
            breaker.try_acquire(CallClass::Read, &clock).is_ok(),
            "from {start}"
        );
    }
}

#[test]
fn open_times_grow_to_their_cap_and_start_over_after_a_recovery() {
    let clock = TickClock::new(Tick::from_secs(10));
    let breaker = opened(&clock);
    let mut waits = Vec::new();
    for _ in 0..6 {
        let rejection = breaker.try_acquire(CallClass::Read, &clock).unwrap_err();
        let at = rejection.retry_at.unwrap();
        waits.push(at.saturating_since(clock.now()).as_secs());
        clock.set(at);
        breaker
            .try_acquire(CallClass::Read, &clock)
            .unwrap()
            .failure(&clock);
    }
    assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
    clock.advance(HOUR);
    breaker
        .try_acquire(CallClass::Read, &clock)
        .unwrap()
        .success(&clock);
    assert_eq!(breaker.state(), State::Closed);
    for _ in 0..2 {
        breaker
            .try_acquire(CallClass::Read, &clock)
            .unwrap()
            .failure(&clock);
    }
    let at = breaker
        .try_acquire(CallClass::Read, &clock)
        .unwrap_err()
        .retry_at
        .unwrap();
    assert_eq!(at.saturating_since(clock.now()).as_secs(), 5);
}

#[test]
fn a_time_window_survives_a_leap_into_the_far_future_and_back() {
    let window = Window::Time {
        span: Duration::from_secs(10),
        slots: 10,
    };
    let clock = TickClock::new(Tick::ZERO + YEAR);
    let breaker = breaker(window);
    let call = |failed: bool| {
        let permit = breaker.try_acquire(CallClass::Read, &clock).unwrap();
        if failed {
            permit.failure(&clock);
        } else {
            permit.success(&clock);
        }
    };
    call(false);
    clock.advance(HOUR);
    call(true);
    clock.set(clock.now().saturating_sub(HOUR));
    call(false);
    assert_eq!(
        (breaker.snapshot().calls, breaker.snapshot().failures),
        (1, 0)
    );
    // When that future really comes, nothing of it comes up again.
    clock.advance(HOUR);
    call(false);
    assert_eq!(
        (breaker.snapshot().calls, breaker.snapshot().failures),
        (1, 0)
    );
}

#[test]
fn a_lost_probe_is_written_off_after_the_wait() {
    let clock = TickClock::new(Tick::from_secs(10));
    let config = BreakerConfig::default()
        .window(Window::Calls(2))
        .min_calls(2)
        .probes(1);
    let breaker = Breaker::new(config.probe_wait(Duration::from_secs(30))).unwrap();
    breaker.begin_half_open(&clock);
    let lost = breaker
        .try_acquire(CallClass::Read, &clock)
        .unwrap()
        .into_ticket();
    clock.advance(Duration::from_secs(30));
    assert!(breaker.try_acquire(CallClass::Read, &clock).is_err());
    assert_eq!(breaker.state(), State::HalfOpen);
    clock.advance(Duration::from_millis(1));
    assert!(breaker.try_acquire(CallClass::Read, &clock).is_err());
    assert_eq!(breaker.state(), State::Open);
    breaker.release(lost);
    assert_eq!(breaker.state(), State::Open);
    // Without a call that is out there is nothing to lose: a quiet service stays half-open.
    breaker.begin_half_open(&clock);
    clock.advance(HOUR);
    assert!(breaker.try_acquire(CallClass::Read, &clock).is_ok());
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_clock_that_goes_back_locks_neither_limiter_nor_budget_nor_gate() {
    let clock = TickClock::new(Tick::ZERO + YEAR);
    let limiter = RateLimiter::new(Quota::new(2, Duration::from_secs(2)).unwrap());
    let budget = ExpiringBudget::new(Duration::from_secs(10), Rate::HALF, 0).unwrap();
    let gate = NotBefore::new(Duration::from_secs(100));
    assert!(limiter.try_acquire(2, CallClass::Read, &clock).is_ok());
    budget.deposit(&clock);
    gate.wait_for(HOUR, &clock);
    clock.set(clock.now().saturating_sub(YEAR / 2));
    let at = limiter
        .try_acquire(1, CallClass::Read, &clock)
        .unwrap_err()
        .retry_at
        .unwrap();
    assert_eq!(at.saturating_since(clock.now()), Duration::from_secs(1));
    budget.deposit(&clock);
    budget.deposit(&clock);
    assert_eq!(budget.left(&clock), 1);
    let at = gate.check(&clock).unwrap_err().retry_at.unwrap();
    assert_eq!(at.saturating_since(clock.now()), Duration::from_secs(100));
}

#[test]
fn a_saved_state_from_a_wrong_clock_cannot_hold_a_breaker_open() {
    let clock = TickClock::new(Tick::from_secs(10));
    let mut saved = opened(&clock).save(&clock);
    assert_eq!(
        (saved.state, saved.openings, saved.open_left_millis),
        (State::Open, 1, 5_001)
    );
    let fresh = breaker(Window::Calls(2));
    assert!(fresh.restore(&saved, Duration::from_secs(2), &clock));
    let rejection = fresh.try_acquire(CallClass::Read, &clock).unwrap_err();
    assert_eq!(
        rejection.trip.map(|trip| (trip.count, trip.of)),
        Some((2, 2))
    );
    let left = rejection.retry_at.unwrap().saturating_since(clock.now());
    assert_eq!(left, Duration::from_millis(3_002));
    // The next opening goes on growing where the saved one stood.
    clock.advance(left);
    fresh
        .try_acquire(CallClass::Read, &clock)
        .unwrap()
        .failure(&clock);
    let at = fresh
        .try_acquire(CallClass::Read, &clock)
        .unwrap_err()
        .retry_at
        .unwrap();
    assert_eq!(
        at.saturating_since(clock.now()),
        Duration::from_millis(10_001)
    );
    saved.open_left_millis = u64::MAX;
    assert!(fresh.restore(&saved, Duration::ZERO, &clock));
    let at = fresh
        .try_acquire(CallClass::Read, &clock)
        .unwrap_err()
        .retry_at
        .unwrap();
    assert!(at.saturating_since(clock.now()) <= Duration::from_millis(60_001));
    saved.version = 99;
    assert!(!fresh.restore(&saved, Duration::ZERO, &clock));
}
