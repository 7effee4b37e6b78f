//! The window of the last span of time, in slots. The first slot begins with the first call, or with
//! the change of state that emptied the window: what is counted then leaves a whole span later, on
//! whatever clock.
//!
//! Successes are counted in shards, one per thread, by a plain load and store; failures and slow
//! calls are counted under the lock. Only a failure, and the first success in a slot while there
//! are marks, adds the shards up. A success that races with a failure may be judged by the next
//! call instead of by that failure; it is never lost.
//!
//! A clock that goes back by less than the window keeps counting in the newest slot; one that goes
//! back by more restarts the window. So the slots never run ahead of the clock.

use alloc::boxed::Box;
use alloc::vec;
#[cfg(all(feature = "std", not(any(loom, shuttle))))]
use core::sync::atomic::AtomicUsize;

use crate::sync::{AtomicU64, Ordering};
#[cfg(all(feature = "std", not(any(loom, shuttle))))]
use crate::sync_shard::{OWNED, index};
use crate::time::{Tick, nanos};

/// No call has said yet where slots begin.
const UNSET: u64 = u64::MAX;
const COUNT_BITS: u32 = 32;
const SLOT_BITS: u64 = (1 << 18) - 1;

/// While there are no marks, nothing has to be looked at.
pub(super) const WATCH_NONE: u64 = 0;
/// The first success in each slot looks: older successes may have left and raised the rate.
pub(super) const WATCH_SLOT: u64 = 1;
/// Every success looks: it may be the one that reaches the minimum.
pub(super) const WATCH_ALL: u64 = 2;

/// The part that works without the lock.
#[derive(Debug)]
pub(super) struct TimeWindow {
    slots: u64,
    slot_nanos: u64,
    /// Added to the time before it is divided into slots.
    offset: AtomicU64,
    /// The newest slot that was written.
    latest: AtomicU64,
    pub(super) watch: AtomicU64,
    /// Added to generations in tags: changes when the window restarts because the clock went back,
    /// so that what was counted in the future does not come up again when that future arrives.
    salt: AtomicU64,
    /// Failures in a row. A success ends it.
    pub(super) run: AtomicU64,
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    owned: [OnceShard; OWNED],
    shared: Shard,
}

#[cfg(all(feature = "std", not(any(loom, shuttle))))]
type OnceShard = std::sync::OnceLock<Box<Shard>>;

/// Successes per slot: tag (generation and slot number) and count in one word.
#[derive(Debug)]
#[repr(align(64))]
struct Shard {
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    start: AtomicU64,
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    slot: AtomicU64,
    /// Where the slot is kept; a division saved for each success.
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    place: AtomicUsize,
    counts: Box<[AtomicU64]>,
}

impl Shard {
    fn new(slots: u64) -> Self {
        let counts = (0..slots).map(|_| AtomicU64::new(0)).collect();
        Self {
            #[cfg(all(feature = "std", not(any(loom, shuttle))))]
            start: AtomicU64::new(u64::MAX),
            #[cfg(all(feature = "std", not(any(loom, shuttle))))]
            // No slot: the first call has to enter one.
            slot: AtomicU64::new(u64::MAX),
            #[cfg(all(feature = "std", not(any(loom, shuttle))))]
            place: AtomicUsize::new(0),
            counts,
        }
    }

    fn word(&self, slots: u64, slot: u64) -> Option<&AtomicU64> {
        self.counts.get(usize::try_from(slot % slots).unwrap_or(0))
    }
}

/// A stride that takes generations far from those of the calls around a restart.
const SALT_STRIDE: u64 = 5_461;

const fn tag(generation: u64, slot: u64) -> u64 {
    ((generation << 18) | (slot & SLOT_BITS)) << COUNT_BITS
}

/// The word after one more success, and whether it is the first under this tag.
#[inline]
const fn bumped(word: u64, tag: u64) -> (u64, bool) {
    if (word ^ tag) >> COUNT_BITS == 0 {
        (word + 1, false)
    } else {
        (tag | 1, true)
    }
}

impl TimeWindow {
    pub(super) fn new(span: core::time::Duration, slots: u32) -> Self {
        let slots = u64::from(slots.max(1));
        Self {
            slots,
            slot_nanos: (nanos(span) / slots).max(1),
            offset: AtomicU64::new(UNSET),
            latest: AtomicU64::new(0),
            watch: AtomicU64::new(WATCH_NONE),
            salt: AtomicU64::new(0),
            run: AtomicU64::new(0),
            #[cfg(all(feature = "std", not(any(loom, shuttle))))]
            owned: core::array::from_fn(|_| OnceShard::default()),
            shared: Shard::new(slots),
        }
    }

    /// Counts a success. True if somebody has to look at the rates.
    #[inline]
    pub(super) fn success(&self, generation: u64, now: Tick) -> bool {
        let first = self.count(generation, now);
        if self.run.load(Ordering::Relaxed) != 0 {
            self.run.store(0, Ordering::Relaxed);
        }
        match self.watch.load(Ordering::Relaxed) {
            WATCH_NONE => false,
            WATCH_SLOT => first,
            _ => true,
        }
    }

    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    #[inline]
    fn count(&self, generation: u64, now: Tick) -> bool {
        match self.owned.get(index()) {
            Some(cell) => {
                let shard = match cell.get() {
                    Some(shard) => shard,
                    None => cell.get_or_init(|| Box::new(Shard::new(self.slots))),
                };
                self.count_owned(shard, generation, now)
            }
            None => self.count_shared(generation, now),
        }
    }

    #[cfg(any(not(feature = "std"), loom, shuttle))]
    fn count(&self, generation: u64, now: Tick) -> bool {
        self.count_shared(generation, now)
    }

    /// Only the thread that owns the shard writes it.
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    #[inline]
    fn count_owned(&self, shard: &Shard, generation: u64, now: Tick) -> bool {
        let start = shard.start.load(Ordering::Relaxed);
        let mut slot = shard.slot.load(Ordering::Relaxed);
        let here = now.as_nanos().wrapping_sub(start) < self.slot_nanos;
        if !here || slot != self.latest.load(Ordering::Relaxed) {
            slot = self.enter_slot(shard, now);
        }
        let Some(word) = shard.counts.get(shard.place.load(Ordering::Relaxed)) else {
            return false;
        };
        let tag = self.tag(generation, slot);
        let (next, first) = bumped(word.load(Ordering::Relaxed), tag);
        word.store(next, Ordering::Release);
        first
    }

    /// Threads without a shard of their own.
    fn count_shared(&self, generation: u64, now: Tick) -> bool {
        let slot = self.advance(now);
        let Some(word) = self.shared.word(self.slots, slot) else {
            return false;
        };
        let tag = self.tag(generation, slot);
        let before = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            Some(bumped(word, tag).0)
        });
        before.is_ok_and(|word| bumped(word, tag).1)
    }

    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    #[cold]
    fn enter_slot(&self, shard: &Shard, now: Tick) -> u64 {
        let slot = self.advance(now);
        let place = usize::try_from(slot % self.slots).unwrap_or(0);
        shard.place.store(place, Ordering::Relaxed);
        shard.slot.store(slot, Ordering::Relaxed);
        shard.start.store(self.start(slot), Ordering::Relaxed);
        slot
    }

    #[inline]
    fn tag(&self, generation: u64, slot: u64) -> u64 {
        tag(
            generation.wrapping_add(self.salt.load(Ordering::Relaxed)),
            slot,
        )
    }

    /// Lets a slot begin at `now`, numbered after all that were written, so that no shard goes on in
    /// one of those.
    pub(super) fn begin_at(&self, now: Tick) {
        let before = self.latest.load(Ordering::Relaxed);
        let offset = self.offset_of(now);
        let first = now.as_nanos().saturating_add(offset) / self.slot_nanos;
        let further = before.saturating_add(1).saturating_sub(first);
        let offset = offset.saturating_add(further.saturating_mul(self.slot_nanos));
        self.offset.store(offset, Ordering::Relaxed);
        self.latest
            .store(first.saturating_add(further), Ordering::Release);
    }

    /// What makes a slot begin at `now`.
    fn offset_of(&self, now: Tick) -> u64 {
        self.slot_nanos - now.as_nanos() % self.slot_nanos
    }

    /// The slot of a moment; the first call makes one begin.
    fn slot(&self, now: Tick) -> u64 {
        let mut offset = self.offset.load(Ordering::Relaxed);
        if offset == UNSET {
            let own = self.offset_of(now);
            let relaxed = Ordering::Relaxed;
            let set = self.offset.compare_exchange(UNSET, own, relaxed, relaxed);
            offset = set.map_or_else(|first| first, |_| own);
        }
        now.as_nanos().saturating_add(offset) / self.slot_nanos
    }

    /// Where a slot begins.
    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    fn start(&self, slot: u64) -> u64 {
        let offset = self.offset.load(Ordering::Relaxed);
        slot.saturating_mul(self.slot_nanos).saturating_sub(offset)
    }

    /// The slot to write at `now`.
    pub(super) fn advance(&self, now: Tick) -> u64 {
        // In this order: who sees the newest slot of an emptied window sees its offset too.
        let latest = self.latest.load(Ordering::Acquire);
        let slot = self.slot(now);
        if slot > latest {
            self.latest.fetch_max(slot, Ordering::AcqRel);
            return slot;
        }
        if latest - slot >= self.slots {
            // The clock went back by more than the window: what is in it lies in the future.
            self.salt.fetch_add(SALT_STRIDE, Ordering::AcqRel);
            self.latest.store(slot, Ordering::Release);
            return slot;
        }
        latest
    }

    /// The newest slot as it would be at `now`.
    pub(super) fn newest_at(&self, now: Tick) -> u64 {
        let latest = self.latest();
        if self.offset.load(Ordering::Relaxed) == UNSET {
            return latest;
        }
        self.slot(now).max(latest)
    }

    pub(super) fn salt(&self) -> u64 {
        self.salt.load(Ordering::Acquire)
    }

    pub(super) fn latest(&self) -> u64 {
        self.latest.load(Ordering::Acquire)
    }

    /// Successes of this generation in the window that ends with `slot`.
    pub(super) fn successes(&self, generation: u64, slot: u64) -> u64 {
        self.sum(&self.shared, generation, slot) + self.owned_successes(generation, slot)
    }

    #[cfg(all(feature = "std", not(any(loom, shuttle))))]
    fn owned_successes(&self, generation: u64, slot: u64) -> u64 {
        let shards = self.owned.iter().filter_map(|cell| cell.get());
        shards.map(|shard| self.sum(shard, generation, slot)).sum()
    }

    #[cfg(any(not(feature = "std"), loom, shuttle))]
    fn owned_successes(&self, _generation: u64, _slot: u64) -> u64 {
        0
    }

    fn sum(&self, shard: &Shard, generation: u64, newest: u64) -> u64 {
        let oldest = newest.saturating_sub(self.slots - 1);
        (oldest..=newest)
            .filter_map(|slot| {
                let word = shard.word(self.slots, slot)?.load(Ordering::Acquire);
                let counted = (word ^ self.tag(generation, slot)) >> COUNT_BITS == 0;
                counted.then_some(word & u64::from(u32::MAX))
            })
            .sum()
    }
}

/// Marks of the window, under the lock.
#[derive(Debug)]
pub(super) struct SlotMarks {
    /// The restart of the window that these marks belong to.
    salt: u64,
    ring: Box<[SlotMark]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct SlotMark {
    slot: u64,
    calls: u32,
    failures: u32,
    slows: u32,
}

/// Sums over a window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Sums {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slows: u64,
}

impl SlotMarks {
    pub(super) fn new(slots: u32) -> Self {
        let slots = usize::try_from(slots.max(1)).unwrap_or(1);
        Self {
            salt: 0,
            ring: vec![SlotMark::default(); slots].into_boxed_slice(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.ring.fill(SlotMark::default());
    }

    /// Forgets everything when the window started over since the last look.
    pub(super) fn follow(&mut self, salt: u64) {
        if self.salt != salt {
            self.clear();
            self.salt = salt;
        }
    }

    pub(super) fn mark(&mut self, slot: u64, failed: bool, slow: bool) {
        let size = u64::try_from(self.ring.len()).unwrap_or(1);
        let index = usize::try_from(slot % size).unwrap_or(0);
        let Some(mark) = self.ring.get_mut(index) else {
            return;
        };
        if mark.slot != slot {
            *mark = SlotMark {
                slot,
                ..SlotMark::default()
            };
        }
        mark.calls = mark.calls.saturating_add(1);
        mark.failures = mark.failures.saturating_add(u32::from(failed));
        mark.slows = mark.slows.saturating_add(u32::from(slow));
    }

    /// Marked calls in the window that ends with `newest`.
    pub(super) fn sums(&self, salt: u64, newest: u64) -> Sums {
        if self.salt != salt {
            return Sums::default();
        }
        let size = u64::try_from(self.ring.len()).unwrap_or(1);
        let inside = |mark: &&SlotMark| mark.slot <= newest && newest - mark.slot < size;
        self.ring
            .iter()
            .filter(inside)
            .fold(Sums::default(), |sums, mark| Sums {
                calls: sums.calls + u64::from(mark.calls),
                failures: sums.failures + u64::from(mark.failures),
                slows: sums.slows + u64::from(mark.slows),
            })
    }
}
