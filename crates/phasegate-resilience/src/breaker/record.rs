//! What a result does to the windows.

use core::time::Duration;

use crate::call::{Hint, Judgement, Outcome};
use crate::sync::{Ordering, model_fence};
use crate::time::{Clock, Tick, nanos};
use crate::trip::{Condition, Trip};

use super::core::{Breaker, Core};
use super::event::BreakerEvent;
use super::half::Probed;
use super::permit::Ticket;
use super::word::{Kind, Word};

/// A result that leaves a mark: everything but a quick success.
struct Mark<'a> {
    judged: &'a Judgement,
    slow: bool,
    now: Tick,
}

impl Mark<'_> {
    fn failed(&self) -> bool {
        matches!(self.judged.outcome, Outcome::Failure | Outcome::Throttled)
    }

    fn hint(&self) -> Option<Duration> {
        match self.judged.hint {
            Hint::After(wait) => Some(wait),
            Hint::None | Hint::Never => None,
        }
    }
}

impl Breaker {
    /// Records that the call under `ticket` worked.
    #[inline]
    pub fn record_success<C: Clock>(&self, ticket: Ticket, clock: &C) {
        if self.config.slow_rate.is_some() {
            self.timed_success(ticket, clock);
            return;
        }
        let word = self.load();
        if word == ticket.word && word.is_clean() {
            return;
        }
        self.quick_success(word, ticket, clock);
    }

    /// Records the judged result of the call under `ticket`. Each ticket is recorded or released
    /// once; a result that was admitted in an earlier state is dropped.
    #[inline]
    pub fn record<C: Clock>(&self, ticket: Ticket, judged: &Judgement, clock: &C) {
        match judged.outcome {
            Outcome::Success => self.record_success(ticket, clock),
            Outcome::Ignored => self.release(ticket),
            Outcome::Failure | Outcome::Throttled => {
                let now = clock.now();
                let slow = self.is_slow(ticket, now);
                self.record_mark(ticket, &Mark { judged, slow, now });
            }
        }
    }

    /// A permit was dropped without a result.
    pub(super) fn abandon(&self, ticket: Ticket) {
        if self.config.abandoned_counts {
            let judged = Judgement::failure().because("abandoned");
            // A drop has no clock. The time of admission is the last that is known; untimed
            // tickets count from the start of the current state.
            let now = ticket.started.max(self.locked().since);
            self.record_mark(
                ticket,
                &Mark {
                    judged: &judged,
                    slow: false,
                    now,
                },
            );
        } else {
            self.release(ticket);
        }
    }

    #[inline]
    fn timed_success<C: Clock>(&self, ticket: Ticket, clock: &C) {
        let now = clock.now();
        if self.is_slow(ticket, now) {
            self.record_mark(
                ticket,
                &Mark {
                    judged: &Judgement::success(),
                    slow: true,
                    now,
                },
            );
            return;
        }
        let word = self.load();
        if word == ticket.word && word.is_clean() {
            return;
        }
        self.quick_success(word, ticket, &now);
    }

    #[inline]
    fn is_slow(&self, ticket: Ticket, now: Tick) -> bool {
        self.config.slow_rate.is_some()
            && nanos(now.saturating_since(ticket.started)) > self.config.slow_over
    }

    #[inline]
    fn quick_success(&self, word: Word, ticket: Ticket, clock: &dyn Clock) {
        if !word.admits_result_of(ticket.word) || word.is_clean() {
            return;
        }
        match word.kind() {
            Kind::Closed | Kind::ShadowClosed | Kind::ShadowOpen => {
                let drawn = self.counter(word).fetch_add(1, Ordering::SeqCst) + 1;
                model_fence();
                if drawn >= self.wake.load(Ordering::SeqCst) {
                    self.woken(ticket, clock.now());
                }
            }
            Kind::Open | Kind::HalfOpen | Kind::ShadowHalfOpen => {
                let mark = Mark {
                    judged: &Judgement::success(),
                    slow: false,
                    now: clock.now(),
                };
                self.record_mark(ticket, &mark);
            }
            Kind::Disabled | Kind::ForcedOpen => {}
        }
    }

    #[inline]
    pub(super) fn counter(&self, word: Word) -> &crate::sync::AtomicU64 {
        let [a, b, c, d] = &self.drawn;
        match word.generation() & 3 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        }
    }

    /// A success reached the draw at which something must be done: the minimum, or a mark that
    /// leaves the window.
    #[cold]
    fn woken(&self, ticket: Ticket, now: Tick) {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if !word.admits_result_of(ticket.word) {
                return;
            }
            self.settle(&mut core, word, now)
        };
        self.tell(event);
    }

    /// Brings the marks up to the draws and says when to wake next. Ends when no success slipped
    /// past the new mark before it could be seen.
    fn settle(&self, core: &mut Core, word: Word, now: Tick) -> Option<BreakerEvent> {
        loop {
            let drawn = self.counter(word).load(Ordering::SeqCst);
            if let Some(trip) = self.judge_at_minimum(core, word, drawn) {
                return Some(self.open(core, word, trip, None, now));
            }
            core.marks.evict(drawn);
            let full = core.marks.total(drawn) == core.marks.total(u64::MAX);
            if full && core.marks.is_unmarked() {
                self.wake.store(u64::MAX, Ordering::SeqCst);
                self.word.store(word.with_clean(true).0, Ordering::Release);
                return None;
            }
            let wake = self.next_wake(core);
            self.wake.store(wake, Ordering::SeqCst);
            model_fence();
            if self.counter(word).load(Ordering::SeqCst) < wake {
                return None;
            }
        }
    }

    /// The draw that fills the window or the minimum, or lets the oldest mark leave.
    fn next_wake(&self, core: &Core) -> u64 {
        let minimum = if core.judged {
            u64::MAX
        } else {
            u64::from(self.config.min_calls)
        };
        let full = if core.marks.is_unmarked() {
            core.marks.total(u64::MAX)
        } else {
            u64::MAX
        };
        minimum.min(full).min(core.marks.next_eviction())
    }

    pub(super) fn first_wake(&self) -> u64 {
        u64::from(self.config.min_calls)
    }

    /// The judgement due when the minimum is reached, over exactly that many calls.
    ///
    /// Marks are made in order under the lock, and each looks here first, so no mark beyond the
    /// minimum is counted.
    fn judge_at_minimum(&self, core: &mut Core, word: Word, drawn: u64) -> Option<Trip> {
        let minimum = u64::from(self.config.min_calls);
        if core.judged || drawn < minimum {
            return None;
        }
        core.judged = true;
        self.judge_rates(core, word, minimum)
    }

    fn judge_rates(&self, core: &Core, word: Word, total: u64) -> Option<Trip> {
        if word.kind() == Kind::ShadowOpen {
            return None;
        }
        let (failures, slows) = (core.marks.failures(), core.marks.slows());
        if self
            .config
            .failure_rate
            .is_some_and(|rate| rate.is_reached(failures, total))
        {
            return Some(Trip::new(Condition::FailureRate, failures, total));
        }
        if self
            .config
            .slow_rate
            .is_some_and(|rate| rate.is_reached(slows, total))
        {
            return Some(Trip::new(Condition::SlowRate, slows, total));
        }
        None
    }

    #[cold]
    fn record_mark(&self, ticket: Ticket, mark: &Mark<'_>) {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if !word.admits_result_of(ticket.word) {
                return;
            }
            match word.kind() {
                Kind::Closed | Kind::ShadowClosed | Kind::ShadowOpen => {
                    self.mark_window(&mut core, word, mark)
                }
                Kind::HalfOpen | Kind::ShadowHalfOpen => {
                    core.half.record(mark.failed(), mark.slow);
                    self.judge_probes(&mut core, word, mark)
                }
                Kind::Open if mark.failed() => None,
                Kind::Open => Some(self.safety_call_passed(&mut core, word, mark)),
                Kind::Disabled | Kind::ForcedOpen => None,
            }
        };
        self.tell(event);
    }

    fn mark_window(&self, core: &mut Core, word: Word, mark: &Mark<'_>) -> Option<BreakerEvent> {
        let word = if word.is_clean() {
            // Successes were not counted while clean, so a run cannot reach across it.
            core.run = 0;
            let unclean = word.with_clean(false);
            self.word.store(unclean.0, Ordering::SeqCst);
            unclean
        } else {
            word
        };
        let position = self.counter(word).fetch_add(1, Ordering::SeqCst);
        if let Some(trip) = self.judge_at_minimum(core, word, position) {
            // Tripped by successes before this result, which is stale by that.
            return Some(self.open(core, word, trip, None, mark.now));
        }
        core.marks.evict(position + 1);
        core.marks.mark(position, mark.failed(), mark.slow);
        core.count_run(position, mark.judged.outcome);
        core.cause = if mark.failed() {
            mark.judged.cause
        } else {
            core.cause
        };
        if let Some(trip) = self.judge_mark(core, word, position + 1, mark) {
            return Some(self.open(core, word, trip, mark.hint(), mark.now));
        }
        self.settle(core, word, mark.now)
    }

    fn judge_mark(&self, core: &mut Core, word: Word, drawn: u64, mark: &Mark<'_>) -> Option<Trip> {
        if word.kind() == Kind::ShadowOpen {
            return None;
        }
        if self.config.open_on_hint && mark.failed() && mark.hint().is_some() {
            return Some(Trip::new(Condition::ServerHint, 1, 1));
        }
        let needed = self.config.consecutive;
        if needed > 0 && core.run >= needed {
            let (run, needed) = (u64::from(core.run), u64::from(needed));
            return Some(Trip::new(Condition::Consecutive, run, needed));
        }
        if drawn < u64::from(self.config.min_calls) {
            return None;
        }
        core.judged = true;
        self.judge_rates(core, word, core.marks.total(drawn))
    }

    fn judge_probes(&self, core: &mut Core, word: Word, mark: &Mark<'_>) -> Option<BreakerEvent> {
        if mark.failed() {
            core.cause = mark.judged.cause;
        }
        match core.half.judge(&self.config) {
            Probed::Undecided => None,
            Probed::Recovered => Some(self.recover(core, word, mark.now)),
            Probed::Broken(trip) => Some(self.open(core, word, trip, mark.hint(), mark.now)),
        }
    }

    /// A safety call got through while the breaker was open: the other side is there again. The
    /// breaker begins probing at once, with this result as the first.
    fn safety_call_passed(&self, core: &mut Core, word: Word, mark: &Mark<'_>) -> BreakerEvent {
        let begun = self.half_open(core, word, mark.now);
        core.half.record(false, mark.slow);
        let probing = self.load();
        let left = probing.permits().saturating_sub(1);
        self.word
            .store(probing.with_permits(left).0, Ordering::Release);
        self.judge_probes(core, probing, mark).unwrap_or(begun)
    }
}

impl Core {
    /// Failures in a row, by position: a success between two failures leaves a gap. A throttled
    /// answer neither extends the run nor breaks it.
    fn count_run(&mut self, position: u64, outcome: Outcome) {
        let unbroken = self.run > 0 && self.run_end == position;
        match outcome {
            Outcome::Failure => {
                self.run = if unbroken {
                    self.run.saturating_add(1)
                } else {
                    1
                }
            }
            Outcome::Throttled if unbroken => {}
            Outcome::Throttled | Outcome::Success | Outcome::Ignored => self.run = 0,
        }
        self.run_end = position + 1;
    }
}
