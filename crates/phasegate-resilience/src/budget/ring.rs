//! Counts over a span of time, in tenths of it, each a tag and a count in one word.

use crate::sync::{AtomicU64, Ordering};
use crate::time::{Tick, nanos};

/// The span is so many slots long.
const SLOTS: u64 = 10;
/// The slot that is being written and those of the span before it, so that what was added counts
/// for the whole span, and at most a tenth longer.
const WORDS: u64 = SLOTS + 1;
const COUNT_BITS: u32 = 32;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

/// A count over a sliding span. Adding is one compare-and-swap; time that passes costs nothing.
#[derive(Debug)]
pub(crate) struct SlotRing {
    slot_nanos: u64,
    latest: AtomicU64,
    words: [AtomicU64; 11],
}

impl SlotRing {
    pub(crate) fn new(span: core::time::Duration) -> Self {
        Self {
            slot_nanos: (nanos(span) / SLOTS).max(1),
            latest: AtomicU64::new(0),
            words: core::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Adds one at `now`.
    #[inline]
    pub(crate) fn add(&self, now: Tick) {
        let slot = self.locate(now);
        let tag = slot << COUNT_BITS;
        let Some(word) = self.word(slot) else { return };
        let mut held = word.load(Ordering::Relaxed);
        loop {
            let fresh = (held ^ tag) >> COUNT_BITS != 0;
            let next = if fresh {
                tag | 1
            } else {
                tag | (held.saturating_add(1) & COUNT)
            };
            match word.compare_exchange_weak(held, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => held = seen,
            }
        }
    }

    /// What was added in the span before `now`.
    pub(crate) fn sum(&self, now: Tick) -> u64 {
        let newest = self.locate(now);
        let oldest = newest.saturating_sub(SLOTS);
        (oldest..=newest)
            .filter_map(|slot| {
                let held = self.word(slot)?.load(Ordering::Acquire);
                ((held ^ (slot << COUNT_BITS)) >> COUNT_BITS == 0).then_some(held & COUNT)
            })
            .sum()
    }

    fn word(&self, slot: u64) -> Option<&AtomicU64> {
        self.words.get(usize::try_from(slot % WORDS).unwrap_or(0))
    }

    /// The slot of `now`. A clock that goes back keeps to the newest slot, or moves back when it
    /// went back by more than the span.
    #[inline]
    fn locate(&self, now: Tick) -> u64 {
        let latest = self.latest.load(Ordering::Relaxed);
        let start = latest.saturating_mul(self.slot_nanos);
        if now.as_nanos().wrapping_sub(start) < self.slot_nanos {
            return latest;
        }
        self.relocate(latest, now)
    }

    #[cold]
    fn relocate(&self, latest: u64, now: Tick) -> u64 {
        let slot = now.as_nanos() / self.slot_nanos;
        if slot > latest {
            self.latest.fetch_max(slot, Ordering::AcqRel);
            return slot;
        }
        if latest - slot < WORDS {
            return latest;
        }
        for word in &self.words {
            word.store(0, Ordering::Release);
        }
        self.latest.store(slot, Ordering::Release);
        slot
    }
}
