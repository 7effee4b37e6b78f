//! Random histories against plain reference models, kept as lists of what happened.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "helpers of tests build valid values")]

use core::time::Duration;
use std::collections::VecDeque;

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Bulkhead, BulkheadConfig, CallClass, Clock, ConcurrentBudget,
    ExpiringBudget, Judgement, Permit, Quota, Quotas, Rate, RateLimiter, State, Tick, TickClock,
    TokenBudget, TokenBudgetConfig, Window,
};
use proptest::prelude::*;

const OPEN_MS: u64 = 1_000;
const PROBE_MS: u64 = 5_000;
const SLOW_MS: u64 = 100;

/// What may happen to a breaker.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// Ask for a permit and keep it.
    Begin(CallClass),
    /// End the n-th held call, as this.
    End(usize, End),
    /// So many whole calls at once.
    Burst(u8, End),
    /// The clock moves; negative means back.
    Clock(i32),
    Force(State),
}

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Failure,
    Throttled,
    Ignored,
    Dropped,
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        5 => Just(End::Success),
        4 => Just(End::Failure),
        1 => Just(End::Throttled),
        1 => Just(End::Ignored),
        1 => Just(End::Dropped),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let class = prop_oneof![
        6 => Just(CallClass::Read),
        1 => Just(CallClass::Mutation),
        1 => Just(CallClass::Safety)
    ];
    let state = prop_oneof![
        Just(State::Closed),
        Just(State::Open),
        Just(State::HalfOpen),
        Just(State::ForcedOpen),
        Just(State::Disabled),
    ];
    prop_oneof![
        8 => class.prop_map(Op::Begin),
        8 => (0_usize..6, end()).prop_map(|(n, end)| Op::End(n, end)),
        4 => (1_u8..30, end()).prop_map(|(n, end)| Op::Burst(n, end)),
        4 => (0_i32..1_500).prop_map(Op::Clock),
        1 => (-3_000_i32..8_000).prop_map(Op::Clock),
        1 => state.prop_map(Op::Force),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    calls: usize,
    min: usize,
    percent: u32,
    consecutive: u32,
    probes: usize,
    slow_percent: Option<u32>,
}

fn limits() -> impl Strategy<Value = Limits> {
    (
        1_usize..70,
        1_usize..80,
        1_u32..=100,
        0_u32..6,
        1_usize..5,
        prop::option::of(1_u32..=100),
    )
        .prop_map(
            |(calls, min, percent, consecutive, probes, slow_percent)| Limits {
                calls,
                min: min.min(calls),
                percent,
                consecutive,
                probes,
                slow_percent,
            },
        )
}

impl Limits {
    fn build(self) -> Breaker {
        let config = BreakerConfig::default()
            .window(Window::Calls(u32::try_from(self.calls).unwrap()))
            .min_calls(u32::try_from(self.min).unwrap())
            .failure_rate(Rate::percent(self.percent).unwrap())
            .consecutive_failures(self.consecutive)
            .probes(u32::try_from(self.probes).unwrap())
            .probe_wait(Duration::from_millis(PROBE_MS))
            .open_for(Backoff::constant(Duration::from_millis(OPEN_MS)).cap(ms(OPEN_MS)));
        Breaker::new(match self.slow_percent {
            Some(percent) => config.slow_calls(ms(SLOW_MS), Rate::percent(percent).unwrap()),
            None => config,
        })
        .unwrap()
    }
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The reference: a list of the last calls, an explicit generation, no cleverness.
struct Model {
    limits: Limits,
    state: State,
    generation: u32,
    calls: VecDeque<(bool, bool)>,
    run: u32,
    /// First admitted millisecond when open; end of the wait when probing.
    until: u64,
    probes_left: usize,
    probed: Vec<(bool, bool)>,
}

/// What the model remembers of a held call.
#[derive(Clone, Copy, Debug)]
struct Held {
    generation: u32,
    state: State,
    extra: bool,
    started: u64,
}

impl Model {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: State::Closed,
            generation: 0,
            calls: VecDeque::new(),
            run: 0,
            until: 0,
            probes_left: 0,
            probed: Vec::new(),
        }
    }

    fn enter(&mut self, state: State, now: u64) {
        self.state = state;
        self.generation += 1;
        match state {
            State::Open => self.until = now + OPEN_MS + 1,
            State::HalfOpen => {
                self.probes_left = self.limits.probes;
                self.probed.clear();
                self.until = now + PROBE_MS + 1;
            }
            State::Closed | State::ForcedOpen | State::Disabled | State::MetricsOnly => {
                self.calls.clear();
                self.run = 0;
            }
        }
    }

    fn begin(&mut self, class: CallClass, now: u64) -> Option<Held> {
        let held = |model: &Self, extra| {
            Some(Held {
                generation: model.generation,
                state: model.state,
                extra,
                started: now,
            })
        };
        if self.state == State::Open {
            // A wait that is longer than any opening comes from a clock that went back.
            self.until = self.until.min(now + OPEN_MS + 1);
            if now < self.until {
                return if class == CallClass::Safety {
                    held(self, true)
                } else {
                    None
                };
            }
            self.enter(State::HalfOpen, now);
        }
        if self.state == State::HalfOpen {
            let out = self.limits.probes - self.probes_left;
            if now >= self.until && out > self.probed.len() {
                self.enter(State::Open, now);
                return self.begin(class, now);
            }
            if self.probes_left == 0 {
                return if class == CallClass::Safety {
                    held(self, true)
                } else {
                    None
                };
            }
            self.probes_left -= 1;
            self.until = now + PROBE_MS + 1;
            return held(self, false);
        }
        if self.state == State::ForcedOpen {
            None
        } else {
            held(self, false)
        }
    }

    fn end(&mut self, held: Held, end: End, now: u64) {
        if held.generation != self.generation || held.state != self.state {
            return;
        }
        let timed = self.limits.slow_percent.is_some();
        let slow = timed && now.saturating_sub(held.started) > SLOW_MS;
        let failed = match end {
            End::Ignored | End::Dropped => {
                if self.state == State::HalfOpen && !held.extra {
                    self.probes_left = (self.probes_left + 1).min(self.limits.probes);
                }
                return;
            }
            End::Success => false,
            End::Failure | End::Throttled => true,
        };
        match self.state {
            State::Closed => self.count(end, failed, slow, now),
            State::Open if !failed => {
                self.enter(State::HalfOpen, now);
                self.probes_left -= 1;
                self.probed.push((false, slow));
                self.judge_probes(now);
            }
            State::HalfOpen => {
                self.probed.push((failed, slow));
                self.judge_probes(now);
            }
            State::Open | State::ForcedOpen | State::Disabled | State::MetricsOnly => {}
        }
    }

    fn count(&mut self, end: End, failed: bool, slow: bool, now: u64) {
        self.calls.push_back((failed, slow));
        if self.calls.len() > self.limits.calls {
            self.calls.pop_front();
        }
        self.run = match end {
            End::Failure => self.run + 1,
            End::Throttled => self.run,
            End::Success | End::Ignored | End::Dropped => 0,
        };
        let run_trips = self.limits.consecutive > 0 && self.run >= self.limits.consecutive;
        let enough = self.calls.len() >= self.limits.min;
        let calls: Vec<_> = self.calls.iter().copied().collect();
        if run_trips || enough && self.too_bad(&calls) {
            self.enter(State::Open, now);
        }
    }

    fn judge_probes(&mut self, now: u64) {
        if self.probed.len() >= self.limits.min.min(self.limits.probes) {
            let bad = self.too_bad(&self.probed);
            self.enter(if bad { State::Open } else { State::Closed }, now);
        }
    }

    fn too_bad(&self, calls: &[(bool, bool)]) -> bool {
        let share = |n: usize, percent: u32| n * 100 >= calls.len() * percent as usize;
        share(
            calls.iter().filter(|call| call.0).count(),
            self.limits.percent,
        ) || self
            .limits
            .slow_percent
            .is_some_and(|percent| share(calls.iter().filter(|call| call.1).count(), percent))
    }
}

fn finish(permit: Permit<'_>, end: End, clock: &TickClock) {
    match end {
        End::Success => permit.success(clock),
        End::Failure => permit.failure(clock),
        End::Throttled => permit.record(&Judgement::throttled(), clock),
        End::Ignored => permit.record(&Judgement::ignored(), clock),
        End::Dropped => drop(permit),
    }
}

fn force(breaker: &Breaker, model: &mut Model, state: State, clock: &TickClock) {
    match state {
        State::Closed => breaker.close(clock),
        State::Open => breaker.open_now(None, clock),
        State::HalfOpen => breaker.begin_half_open(clock),
        State::ForcedOpen => breaker.force_open(clock),
        State::Disabled | State::MetricsOnly => breaker.disable(clock),
    }
    model.enter(state, clock.now().as_millis());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_count_breaker_agrees_with_a_list_of_calls(
        limits in limits(),
        ops in prop::collection::vec(op(), 1..120),
    ) {
        let breaker = limits.build();
        let mut model = Model::new(limits);
        let clock = TickClock::new(Tick::from_secs(100_000));
        let mut held: Vec<(Permit<'_>, Held)> = Vec::new();
        for op in ops {
            let now = clock.now().as_millis();
            match op {
                Op::Begin(class) => {
                    let ours = breaker.try_acquire(class, &clock);
                    let theirs = model.begin(class, now);
                    prop_assert_eq!(ours.is_ok(), theirs.is_some());
                    held.extend(ours.ok().zip(theirs));
                }
                Op::End(n, end) if !held.is_empty() => {
                    let (permit, theirs) = held.remove(n % held.len());
                    finish(permit, end, &clock);
                    model.end(theirs, end, now);
                }
                Op::End(..) => {}
                Op::Burst(n, end) => for _ in 0..n {
                    let ours = breaker.try_acquire(CallClass::Read, &clock);
                    let theirs = model.begin(CallClass::Read, now);
                    prop_assert_eq!(ours.is_ok(), theirs.is_some());
                    if let Some((permit, theirs)) = ours.ok().zip(theirs) {
                        finish(permit, end, &clock);
                        model.end(theirs, end, now);
                    }
                },
                Op::Clock(by) if by >= 0 => clock.advance(ms(u64::from(by.unsigned_abs()))),
                Op::Clock(by) => {
                    clock.set(clock.now().saturating_sub(ms(u64::from(by.unsigned_abs()))));
                }
                Op::Force(state) => force(&breaker, &mut model, state, &clock),
            }
            let seen = breaker.snapshot();
            prop_assert_eq!(seen.state, model.state);
            prop_assert_eq!(seen.calls, model.calls.len() as u64);
            prop_assert_eq!(seen.failures, model.calls.iter().filter(|c| c.0).count() as u64);
            prop_assert_eq!(seen.slow_calls, model.calls.iter().filter(|c| c.1).count() as u64);
            if model.state == State::HalfOpen {
                prop_assert_eq!(seen.probes_left as usize, model.probes_left);
            }
        }
    }

    #[test]
    fn a_time_breaker_agrees_with_a_list_of_calls(
        slots in 1_u64..12,
        min in 1_usize..30,
        percent in 20_u32..=100,
        start in 0_u64..1_000,
        ops in prop::collection::vec((0_u8..12, 0_u64..900), 1..200),
    ) {
        const SLOT_MS: u64 = 250;
        let breaker = Breaker::new(BreakerConfig::default()
            .window(Window::Time { span: ms(SLOT_MS * slots), slots: u32::try_from(slots).unwrap() })
            .min_calls(u32::try_from(min).unwrap())
            .failure_rate(Rate::percent(percent).unwrap())).unwrap();
        let clock = TickClock::new(Tick::from_millis(1_000_000 + start));
        let mut list: Vec<(u64, bool)> = Vec::new();
        let mut newest = 0;
        // Slots begin with the first call and anew when the window is emptied.
        let mut offset = None;
        for (kind, wait) in ops {
            if kind >= 10 {
                clock.set(clock.now().saturating_sub(ms(wait / 4)));
            } else if kind >= 6 {
                clock.advance(ms(wait));
            }
            let failed = kind % 3 == 0;
            let now = clock.now().as_millis();
            let slot = (now + *offset.get_or_insert(SLOT_MS - now % SLOT_MS)) / SLOT_MS;
            // Back within the window stays in the newest slot; further back starts over.
            if slot + slots <= newest {
                list.clear();
                newest = slot;
            }
            newest = newest.max(slot);
            list.push((newest, failed));
            list.retain(|call| call.0 + slots > newest);
            let permit = breaker.try_acquire(CallClass::Read, &clock).unwrap();
            if failed { permit.failure(&clock) } else { permit.success(&clock) }
            let failures = list.iter().filter(|call| call.1).count();
            let seen = breaker.snapshot();
            prop_assert_eq!(seen.calls, list.len() as u64);
            prop_assert_eq!(seen.failures, failures as u64);
            let trips = list.len() >= min && failures * 100 >= list.len() * percent as usize;
            prop_assert_eq!(seen.state == State::Open, trips);
            if trips {
                breaker.close(&clock);
                list.clear();
                let first = now / SLOT_MS + 1;
                newest = first.max(newest + 1);
                offset = Some(SLOT_MS - now % SLOT_MS + SLOT_MS * (newest - first));
            }
        }
    }

    #[test]
    fn a_limiter_never_gives_more_than_the_burst_and_the_rate(
        burst in 1_u32..20,
        steps in prop::collection::vec((0_u64..300, 1_u32..5), 1..200),
    ) {
        let quota = Quota::new(10, ms(1000)).unwrap().burst(burst);
        let limiter = RateLimiter::new(quota);
        let clock = TickClock::new(Tick::from_secs(50));
        // The reference: a bucket of milliseconds, 100 for a cell.
        let mut bucket = u64::from(burst) * 100;
        for (wait, cells) in steps {
            clock.advance(ms(wait));
            bucket = (bucket + wait).min(u64::from(burst) * 100);
            prop_assert_eq!(limiter.left(&clock), bucket / 100);
            let cost = u64::from(cells) * 100;
            match limiter.try_acquire(cells, CallClass::Read, &clock) {
                Ok(()) => {
                    prop_assert!(cost <= bucket);
                    bucket -= cost;
                }
                Err(rejection) => {
                    prop_assert!(cost > bucket);
                    let at = (cells <= burst).then(|| clock.now() + ms(cost - bucket));
                    prop_assert_eq!(rejection.retry_at, at);
                }
            }
        }
    }

    #[test]
    fn quotas_are_taken_all_or_none(
        steps in prop::collection::vec((0_u64..400, 0_u32..4, 0_u32..4), 1..150),
    ) {
        let quotas = Quotas::new([
            Quota::new(10, ms(1000)).unwrap().burst(5),
            Quota::new(30, ms(10_000)).unwrap().burst(8),
        ]);
        let clock = TickClock::new(Tick::from_secs(50));
        for (wait, a, b) in steps {
            clock.advance(ms(wait));
            let before = quotas.left(&clock);
            let fits = u64::from(a) <= before[0] && u64::from(b) <= before[1];
            let taken = quotas.try_acquire(&[a, b], CallClass::Read, &clock);
            prop_assert_eq!(taken.is_ok(), fits);
            let after = quotas.left(&clock);
            if fits {
                prop_assert_eq!(after, [before[0] - u64::from(a), before[1] - u64::from(b)]);
            } else {
                prop_assert_eq!(after, before);
                let at = taken.unwrap_err().retry_at.unwrap();
                prop_assert!(at > clock.now());
                let left = quotas.left(&at);
                prop_assert!(u64::from(a) <= left[0] && u64::from(b) <= left[1]);
            }
        }
    }

    #[test]
    fn a_bulkhead_counts_what_is_inside(
        limit in 1_u32..8,
        reserve in 0_u32..3,
        ops in prop::collection::vec((0_u8..4, 0_usize..8), 1..150),
    ) {
        let bulkhead = Bulkhead::new(BulkheadConfig::new(limit).reserve(0, reserve));
        let mut inside = Vec::new();
        for (kind, n) in ops {
            let class = if kind == 0 { CallClass::Safety } else { CallClass::Read };
            let room = if kind == 0 { limit } else { limit.saturating_sub(reserve) };
            if kind == 3 {
                if !inside.is_empty() {
                    drop(inside.remove(n % inside.len()));
                }
            } else {
                let fits = inside.len() < usize::try_from(room).unwrap();
                let permit = bulkhead.try_acquire(class);
                prop_assert_eq!(permit.is_ok(), fits);
                inside.extend(permit.ok());
            }
            prop_assert_eq!(bulkhead.inside(), inside.len() as u64);
        }
    }

    #[test]
    fn token_budgets_agree_with_a_sum(
        tokens in 1_u32..30,
        ratio in 0_u32..1000,
        ops in prop::collection::vec(0_u8..4, 1..300),
    ) {
        let grpc = TokenBudget::new(TokenBudgetConfig::grpc(tokens, ratio)).unwrap();
        let aws = TokenBudget::new(TokenBudgetConfig::aws(tokens, 5)).unwrap();
        let most = i64::from(tokens) * 1000;
        let (mut a, mut b) = (most, most);
        for op in ops {
            match op {
                0 => {
                    grpc.on_success();
                    aws.on_success();
                    a = (a + i64::from(ratio)).min(most);
                    b = (b + 1000).min(most);
                }
                1 => {
                    grpc.on_failure();
                    aws.on_failure();
                    a = (a - 1000).max(0);
                }
                2 => {
                    prop_assert_eq!(grpc.try_retry(CallClass::Read).is_ok(), a > most / 2);
                    prop_assert_eq!(aws.try_retry(CallClass::Mutation).is_ok(), b >= 5000);
                    b = if b >= 5000 { b - 5000 } else { b };
                }
                _ => {
                    prop_assert!(grpc.try_retry(CallClass::Safety).is_ok());
                    prop_assert!(aws.try_retry(CallClass::Safety).is_ok());
                    b = (b - 5000).max(0);
                }
            }
            prop_assert_eq!(grpc.left_milli().cast_signed(), a);
            prop_assert_eq!(aws.left_milli().cast_signed(), b);
        }
    }

    #[test]
    fn an_expiring_budget_agrees_with_two_lists(
        percent in 0_u32..=100,
        reserve in 0_u32..3,
        ops in prop::collection::vec((0_u8..3, 0_u64..400), 1..300),
    ) {
        let ratio = Rate::percent(percent).unwrap();
        let budget = ExpiringBudget::new(ms(2000), ratio, reserve).unwrap();
        let clock = TickClock::new(Tick::from_secs(77));
        let (mut paid, mut spent): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
        for (kind, wait) in ops {
            clock.advance(ms(wait / 8));
            let slot = clock.now().as_millis() / 200;
            paid.retain(|at| at + 10 >= slot);
            spent.retain(|at| at + 10 >= slot);
            if kind < 2 {
                budget.deposit(&clock);
                paid.push(slot);
            } else {
                let granted = paid.len() * percent as usize / 100 + reserve as usize * 2;
                let taken = budget.try_retry(CallClass::Read, &clock).is_ok();
                prop_assert_eq!(taken, spent.len() < granted);
                if taken {
                    spent.push(slot);
                }
            }
        }
    }

    #[test]
    fn a_concurrent_budget_never_overshoots(
        percent in 1_u32..100,
        least in 0_u32..3,
        ops in prop::collection::vec((0_u8..4, 0_usize..8), 1..200),
    ) {
        let budget = ConcurrentBudget::new(Rate::percent(percent).unwrap(), least);
        let (mut calls, mut retries) = (Vec::new(), Vec::new());
        for (kind, n) in ops {
            match kind {
                0 => calls.push(budget.begin_call()),
                1 => {
                    let most = (calls.len() * percent as usize / 100).max(least as usize);
                    let taken = budget.try_retry(CallClass::Read);
                    prop_assert_eq!(taken.is_ok(), retries.len() < most);
                    retries.extend(taken.ok());
                }
                2 if !calls.is_empty() => drop(calls.remove(n % calls.len())),
                3 if !retries.is_empty() => drop(retries.remove(n % retries.len())),
                _ => {}
            }
        }
    }
}
