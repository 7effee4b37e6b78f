//! What a result does to the windows.

use core::time::Duration;

use crate::call::{Hint, Judgement, Outcome};
use crate::sync::Ordering;
use crate::time::{Clock, Tick};
use crate::trip::{Condition, Trip};

use super::core::{Breaker, Core, Marks};
use super::count::CountMarks;
use super::event::BreakerEvent;
use super::half::Probed;
use super::permit::Ticket;
use super::rules::Flag;
use super::slots::Sums;
use super::word::{Kind, Word};

/// A result that leaves a mark: everything but a quick success.
pub(super) struct Mark<'a> {
    pub(super) judged: &'a Judgement,
    pub(super) slow: bool,
    pub(super) now: Tick,
}

/// A window that trips, by this result or by what came before it.
pub(super) enum Tripped {
    Before(Trip),
    By(Trip),
}

impl Mark<'_> {
    pub(super) fn failed(&self) -> bool {
        matches!(self.judged.outcome, Outcome::Failure | Outcome::Throttled)
    }

    pub(super) fn hint(&self) -> Option<Duration> {
        match self.judged.hint {
            Hint::After(wait) => Some(wait),
            Hint::None | Hint::Never => None,
        }
    }
}

impl Breaker {
    /// Records that the call under `ticket` worked.
    #[inline(always)]
    pub fn record_success<C: Clock>(&self, ticket: Ticket, clock: &C) {
        if self.rules.is_timed() {
            self.timed_success(ticket, clock);
        } else {
            self.untimed_success(ticket, clock);
        }
    }

    /// Nothing is written while the window is full and holds no mark.
    #[inline(always)]
    fn untimed_success<C: Clock>(&self, ticket: Ticket, clock: &C) {
        let word = self.load();
        if word != ticket.word || !word.is_closed() {
            self.late_success(word, ticket, &|| clock.now());
        } else if !word.is_clean() {
            self.count_success(word, ticket, clock);
        }
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
    pub(crate) fn abandon(&self, ticket: Ticket) {
        if self.rules.has(Flag::AbandonedCounts) {
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
            self.record_slow_success(ticket, now);
        } else {
            self.untimed_success(ticket, &now);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_slow_success(&self, ticket: Ticket, now: Tick) {
        let mark = Mark {
            judged: &Judgement::success(),
            slow: true,
            now,
        };
        self.record_mark(ticket, &mark);
    }

    #[inline]
    fn is_slow(&self, ticket: Ticket, now: Tick) -> bool {
        now.as_nanos().saturating_sub(ticket.started.as_nanos()) > self.rules.slow_over
    }

    /// A success of a state that did not change since the call was admitted. Not inlined: of the
    /// healthy path only two loads and their comparisons stand in the caller.
    #[inline(never)]
    fn count_success<C: Clock>(&self, word: Word, ticket: Ticket, clock: &C) {
        if let Some(time) = &self.time {
            let now = clock.now();
            if time.success(word.generation(), now) {
                self.look(ticket, now);
            }
            return;
        }
        let drawn = self.counter(word).fetch_add(1, Ordering::Relaxed) + 1;
        if drawn >= self.wake.load(Ordering::Relaxed) {
            self.woken(ticket, clock.now());
        }
    }

    /// A success of a state that is not plainly closed, or not the one that admitted the call.
    /// Kept out of line, so that the healthy path stays small.
    #[cold]
    #[inline(never)]
    fn late_success(&self, word: Word, ticket: Ticket, now: &dyn Fn() -> Tick) {
        // The breaker became clean only after this call was admitted: the success is one of those
        // that need not be counted.
        if !word.admits_result_of(ticket.word) || word.is_clean() {
            return;
        }
        match word.kind() {
            Kind::Closed | Kind::ShadowClosed | Kind::ShadowOpen => {
                self.count_success(word, ticket, &now());
            }
            Kind::Open | Kind::HalfOpen | Kind::ShadowHalfOpen => {
                let mark = Mark {
                    judged: &Judgement::success(),
                    slow: false,
                    now: now(),
                };
                self.record_mark(ticket, &mark);
            }
            Kind::Disabled | Kind::ForcedOpen => {}
        }
    }

    #[inline]
    pub(super) fn counter(&self, word: Word) -> &crate::sync::AtomicU64 {
        let place = usize::try_from(word.generation() & 3).unwrap_or(0);
        let [first, ..] = &self.drawn;
        self.drawn.get(place).unwrap_or(first)
    }

    /// A success reached the draw at which something must be done: the minimum, or a mark that
    /// leaves the window.
    #[cold]
    #[inline(never)]
    fn woken(&self, ticket: Ticket, now: Tick) {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if !word.admits_result_of(ticket.word) {
                return;
            }
            let core = &mut *core;
            let Marks::Calls(marks) = &mut core.marks else {
                return;
            };
            let trip = self.settle(marks, &mut core.judged, word);
            trip.map(|trip| self.open(core, word, trip, None, now))
        };
        self.tell(event);
    }

    /// Brings the marks up to the draws and says when to wake next.
    ///
    /// A success that draws before it can see the new wake-up passes it by. That is harmless: the
    /// next call wakes instead, and whoever judges or looks lets old marks leave first. The wake-up
    /// at the minimum cannot be passed by, since it is set before the state is published and stays
    /// until the minimum is judged.
    fn settle(&self, marks: &mut CountMarks, judged: &mut bool, word: Word) -> Option<Trip> {
        let drawn = self.counter(word).load(Ordering::Relaxed);
        if let Some(trip) = self.judge_at_minimum(marks, judged, word, drawn) {
            return Some(trip);
        }
        marks.evict(drawn);
        let clean = marks.is_full(drawn) && marks.is_unmarked();
        let wake = if clean {
            u64::MAX
        } else {
            self.next_wake(marks, *judged)
        };
        self.wake.store(wake, Ordering::Relaxed);
        if clean {
            self.word.store(word.with_clean(true).0, Ordering::Release);
        }
        None
    }

    /// The draw that fills the window or the minimum, or lets the oldest mark leave.
    fn next_wake(&self, marks: &CountMarks, judged: bool) -> u64 {
        let minimum = if judged {
            u64::MAX
        } else {
            u64::from(self.rules.min_calls)
        };
        let full = if marks.is_unmarked() {
            marks.size()
        } else {
            u64::MAX
        };
        minimum.min(full).min(marks.next_eviction())
    }

    pub(super) fn first_wake(&self) -> u64 {
        u64::from(self.rules.min_calls)
    }

    /// The judgement due when the minimum is reached, over exactly that many calls.
    ///
    /// Marks are made in order under the lock, and each looks here first, so no mark beyond the
    /// minimum is counted.
    fn judge_at_minimum(
        &self,
        marks: &CountMarks,
        judged: &mut bool,
        word: Word,
        drawn: u64,
    ) -> Option<Trip> {
        let calls = u64::from(self.rules.min_calls);
        if *judged || drawn < calls {
            return None;
        }
        *judged = true;
        if self.rules.has(Flag::OnlyFailuresOpen) {
            return None;
        }
        let (failures, slows) = (marks.failures(), marks.slows());
        self.judge_rates(
            word,
            Sums {
                calls,
                failures,
                slows,
            },
        )
    }

    /// The conditions on a window after a mark in it.
    pub(super) fn judge_window(&self, word: Word, sums: Sums) -> Option<Trip> {
        let most = u64::from(self.rules.failure_count);
        if most > 0 && sums.failures >= most && word.kind() != Kind::ShadowOpen {
            return Some(Trip::new(
                Condition::FailureCount,
                sums.failures,
                sums.calls,
            ));
        }
        if sums.calls < u64::from(self.rules.min_calls) {
            return None;
        }
        self.judge_rates(word, sums)
    }

    /// The rates of a window that holds the minimum.
    pub(super) fn judge_rates(&self, word: Word, sums: Sums) -> Option<Trip> {
        if word.kind() == Kind::ShadowOpen {
            return None;
        }
        let Sums {
            calls,
            failures,
            slows,
        } = sums;
        if self
            .rules
            .failure_rate
            .is_some_and(|rate| rate.is_reached(failures, calls))
        {
            return Some(Trip::new(Condition::FailureRate, failures, calls));
        }
        if self
            .rules
            .slow_rate
            .is_some_and(|rate| rate.is_reached(slows, calls))
        {
            return Some(Trip::new(Condition::SlowRate, slows, calls));
        }
        None
    }

    #[cold]
    #[inline(never)]
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
                    if self.rules.has(Flag::BoundsHalfOpen)
                        && self.is_half_open_over(word, mark.now)
                    {
                        Some(self.give_probes_up(&mut core, word, mark.now))
                    } else {
                        core.left(&self.rules).half.record(mark.failed(), mark.slow);
                        self.judge_probes(&mut core, word, mark)
                    }
                }
                Kind::Open if mark.failed() => None,
                Kind::Open => Some(self.safety_call_passed(&mut core, word, mark)),
                Kind::Disabled | Kind::ForcedOpen => None,
            }
        };
        self.tell(event);
    }

    fn mark_window(&self, core: &mut Core, word: Word, mark: &Mark<'_>) -> Option<BreakerEvent> {
        if mark.failed() {
            core.cause = mark.judged.cause;
        }
        let tripped = match &mut core.marks {
            Marks::Calls(marks) => {
                let run = (&mut core.run, &mut core.run_end);
                self.mark_call(marks, &mut core.judged, run, word, mark)
            }
            Marks::Slots(marks) => {
                let time = self.time.as_ref()?;
                self.mark_slot(time, marks, &mut core.run, word, mark)
            }
        };
        match tripped? {
            // What was recorded before this result tripped, and made it stale.
            Tripped::Before(trip) => Some(self.open(core, word, trip, None, mark.now)),
            Tripped::By(trip) => Some(self.open(core, word, trip, mark.hint(), mark.now)),
        }
    }

    fn mark_call(
        &self,
        marks: &mut CountMarks,
        judged: &mut bool,
        (run, run_end): (&mut u32, &mut u64),
        word: Word,
        mark: &Mark<'_>,
    ) -> Option<Tripped> {
        let word = if word.is_clean() {
            // Successes were not counted while clean, so a run cannot reach across it.
            *run = 0;
            let unclean = word.with_clean(false);
            self.word.store(unclean.0, Ordering::Release);
            unclean
        } else {
            word
        };
        let position = self.counter(word).fetch_add(1, Ordering::Relaxed);
        if let Some(trip) = self.judge_at_minimum(marks, judged, word, position) {
            return Some(Tripped::Before(trip));
        }
        marks.evict(position + 1);
        marks.mark(position, mark.failed(), mark.slow);
        // A success between two failures leaves a gap between their positions.
        *run = next_run(
            if *run_end == position { *run } else { 0 },
            mark.judged.outcome,
        );
        *run_end = position + 1;
        if let Some(trip) = self.judge_single(word, *run, mark) {
            return Some(Tripped::By(trip));
        }
        let sums = Sums {
            calls: marks.total(position + 1),
            failures: marks.failures(),
            slows: marks.slows(),
        };
        *judged |= position + 1 >= u64::from(self.rules.min_calls);
        if let Some(trip) = self.judge_window(word, sums) {
            return Some(Tripped::By(trip));
        }
        self.settle(marks, judged, word).map(Tripped::Before)
    }

    /// The conditions that look at this result and the run it belongs to.
    pub(super) fn judge_single(&self, word: Word, run: u32, mark: &Mark<'_>) -> Option<Trip> {
        if word.kind() == Kind::ShadowOpen {
            return None;
        }
        if self.rules.has(Flag::OpensOnHint) && mark.failed() && mark.hint().is_some() {
            return Some(Trip::new(Condition::ServerHint, 1, 1));
        }
        let needed = self.rules.consecutive;
        (needed > 0 && run >= needed)
            .then(|| Trip::new(Condition::Consecutive, u64::from(run), u64::from(needed)))
    }

    fn judge_probes(&self, core: &mut Core, word: Word, mark: &Mark<'_>) -> Option<BreakerEvent> {
        if mark.failed() {
            core.cause = mark.judged.cause;
        }
        match core.left(&self.rules).half.judge(&self.rules) {
            Probed::Undecided => None,
            Probed::Recovered => Some(self.recover(core, word, mark.now)),
            Probed::Broken(trip) => Some(self.open(core, word, trip, mark.hint(), mark.now)),
        }
    }

    /// A safety call got through while the breaker was open: the other side is there again. The
    /// breaker begins probing at once, with this result as the first.
    fn safety_call_passed(&self, core: &mut Core, word: Word, mark: &Mark<'_>) -> BreakerEvent {
        let begun = self.half_open(core, word, mark.now);
        core.left(&self.rules).half.record(false, mark.slow);
        let probing = self.load();
        let left = probing.permits().saturating_sub(1);
        self.word
            .store(probing.with_permits(left).0, Ordering::Release);
        self.judge_probes(core, probing, mark).unwrap_or(begun)
    }
}

/// Failures in a row after one more mark. A throttled answer neither extends the run nor breaks it.
pub(super) fn next_run(run: u32, outcome: Outcome) -> u32 {
    match outcome {
        Outcome::Failure => run.saturating_add(1),
        Outcome::Throttled => run,
        Outcome::Success | Outcome::Ignored => 0,
    }
}
