//! Recording into a time window.

use crate::sync::Ordering;
use crate::time::Tick;

use super::core::{Breaker, Core, Marks};
use super::permit::Ticket;
use super::record::{Mark, Tripped, next_run};
use super::rules::Flag;
use super::slots::{SlotMarks, Sums, TimeWindow, WATCH_ALL, WATCH_NONE, WATCH_SLOT};
use super::word::Word;

impl Breaker {
    /// A success that was told to look: old calls may have left, or the minimum may be reached.
    #[cold]
    #[inline(never)]
    pub(super) fn look(&self, ticket: Ticket, now: Tick) {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if !word.admits_result_of(ticket.word) {
                return;
            }
            let core = &mut *core;
            let (Some(time), Marks::Slots(marks)) = (&self.time, &core.marks) else {
                return;
            };
            let sums = window(time, marks, word.generation(), time.advance(now));
            self.watch(time, sums);
            let early = sums.calls < u64::from(self.rules.min_calls);
            if early || self.rules.has(Flag::OnlyFailuresOpen) {
                return;
            }
            let trip = self.judge_rates(word, sums);
            trip.map(|trip| self.open(core, word, trip, None, now))
        };
        self.tell(event);
    }

    pub(super) fn mark_slot(
        &self,
        time: &TimeWindow,
        marks: &mut SlotMarks,
        run: &mut u32,
        word: Word,
        mark: &Mark<'_>,
    ) -> Option<Tripped> {
        let slot = time.advance(mark.now);
        marks.follow(time.salt());
        marks.mark(slot, mark.failed(), mark.slow);
        let before = u32::try_from(time.run.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        *run = next_run(before, mark.judged.outcome);
        time.run.store(u64::from(*run), Ordering::Relaxed);
        // Told before the sum is taken, so that later successes look for themselves.
        time.watch.store(WATCH_ALL, Ordering::SeqCst);
        if let Some(trip) = self.judge_single(word, *run, mark) {
            return Some(Tripped::By(trip));
        }
        let sums = window(time, marks, word.generation(), slot);
        self.watch(time, sums);
        self.judge_window(word, sums).map(Tripped::By)
    }

    /// Says what the next successes have to do.
    fn watch(&self, time: &TimeWindow, sums: Sums) {
        let watch = if sums.failures == 0 && sums.slows == 0 {
            WATCH_NONE
        } else if sums.calls < u64::from(self.rules.min_calls) {
            WATCH_ALL
        } else {
            WATCH_SLOT
        };
        time.watch.store(watch, Ordering::SeqCst);
    }

    /// What the window holds, as of `now` or of the last result, whichever is later.
    pub(super) fn sums(&self, core: &Core, drawn: u64, now: Option<Tick>) -> Sums {
        match (&core.marks, &self.time) {
            (Marks::Slots(marks), Some(time)) => window(
                time,
                marks,
                u64::from(core.window_generation),
                now.map_or(time.latest(), |now| time.newest_at(now)),
            ),
            (Marks::Calls(marks), _) => Sums {
                calls: marks.total(drawn),
                failures: marks.failures(),
                slows: marks.slows(),
            },
            (Marks::Slots(_), None) => Sums::default(),
        }
    }
}

fn window(time: &TimeWindow, marks: &SlotMarks, generation: u64, slot: u64) -> Sums {
    let marked = marks.sums(time.salt(), slot);
    Sums {
        calls: marked.calls + time.successes(generation, slot),
        ..marked
    }
}
