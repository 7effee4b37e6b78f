//! Sequences of calls on a breaker and what is seen: the rows of tables about other systems.
#![expect(clippy::expect_used, reason = "rows name themselves")]

use core::time::Duration;

use phasegate_resilience::{
    Breaker, BreakerConfig, CallClass, Judgement, Rate, State, Tick, TickClock, Ticket, Window,
};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// So many calls that succeed.
    Ok(u32),
    /// So many calls that fail.
    Fail(u32),
    Throttled(u32),
    Ignored(u32),
    /// A call that takes so many milliseconds and succeeds, or fails.
    Takes(u64, bool),
    /// The clock moves on by so many milliseconds.
    Wait(u64),
    /// So many calls are refused.
    Refused(u32),
    /// So many calls are admitted and stay under way.
    Begin(u32),
    /// The oldest call under way succeeds, fails, or is given up.
    EndOk,
    EndFail,
    GiveUp,
    /// The host's timer.
    Timer,
    /// A failure with a server's wish in milliseconds.
    FailUntil(u64),
    ForceOpen,
    Close,
    Is(State),
}
use Step::{
    Begin, Close, EndFail, EndOk, Fail, FailUntil, ForceOpen, GiveUp, Ignored, Is, Refused, Takes,
    Throttled, Timer, Wait,
};

struct Bench {
    breaker: Breaker,
    clock: TickClock,
    under_way: Vec<Ticket>,
}

impl Bench {
    fn calls(&self, n: u32, judged: Judgement, row: &str) {
        for _ in 0..n {
            let permit = self.breaker.try_acquire(CallClass::Read, &self.clock);
            permit.expect(row).record(&judged, &self.clock);
        }
    }

    fn step(&mut self, step: Step, row: &str) {
        let wish = |millis| Judgement::throttled().after(Duration::from_millis(millis));
        match step {
            Step::Ok(n) => self.calls(n, Judgement::success(), row),
            Fail(n) => self.calls(n, Judgement::failure(), row),
            Throttled(n) => self.calls(n, Judgement::throttled(), row),
            Ignored(n) => self.calls(n, Judgement::ignored(), row),
            FailUntil(millis) => self.calls(1, wish(millis), row),
            Takes(millis, good) => {
                let permit = self.breaker.try_acquire(CallClass::Read, &self.clock);
                let permit = permit.expect(row);
                self.clock.advance(Duration::from_millis(millis));
                if good {
                    permit.success(&self.clock);
                } else {
                    permit.failure(&self.clock);
                }
            }
            Wait(millis) => self.clock.advance(Duration::from_millis(millis)),
            Refused(n) => {
                for _ in 0..n {
                    let answer = self.breaker.try_acquire(CallClass::Read, &self.clock);
                    assert!(answer.is_err(), "{row}: admitted");
                }
            }
            Begin(n) => {
                for _ in 0..n {
                    let permit = self.breaker.try_acquire(CallClass::Read, &self.clock);
                    self.under_way.push(permit.expect(row).into_ticket());
                }
            }
            EndOk => {
                let ticket = self.under_way.remove(0);
                self.breaker
                    .record(ticket, &Judgement::success(), &self.clock);
            }
            EndFail => {
                let ticket = self.under_way.remove(0);
                self.breaker
                    .record(ticket, &Judgement::failure(), &self.clock);
            }
            GiveUp => {
                let ticket = self.under_way.remove(0);
                self.breaker.release(ticket);
            }
            Timer => {
                let _next = self.breaker.handle_timeout(&self.clock);
            }
            ForceOpen => self.breaker.force_open(&self.clock),
            Close => self.breaker.close(&self.clock),
            Is(state) => assert_eq!(self.breaker.state(), state, "{row}"),
        }
    }
}

pub(crate) fn run(rows: Vec<(&str, BreakerConfig, Vec<Step>)>) {
    for (name, config, steps) in rows {
        let mut bench = Bench {
            breaker: Breaker::new(config).expect(name),
            clock: TickClock::new(Tick::from_secs(1_000)),
            under_way: Vec::new(),
        };
        for (at, step) in steps.into_iter().enumerate() {
            bench.step(step, &format!("{name}, step {at}: {step:?}"));
        }
    }
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn percent(percent: u32) -> Rate {
    Rate::percent(percent).expect("a percentage")
}

pub(crate) fn time(seconds: u64, slots: u32) -> Window {
    Window::Time {
        span: secs(seconds),
        slots,
    }
}
