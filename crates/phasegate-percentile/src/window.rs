//! A sliding window: a ring of slots with a running total of the closed ones.
//!
//! Recording touches the current slot only. When time enters a new slot, the current one is added
//! to the running total and the one that falls out is subtracted, so the cost of an answer does not
//! grow with the number of slots. Counts and sums stay exact, so the total equals one that is
//! recomputed from scratch.

use alloc::{vec, vec::Vec};
use core::time::Duration;

use crate::{
    error::ConfigError,
    estimate::Estimate,
    histogram::{Extremes, MappedHistogram},
    mapping::{LogLinear, Mapping},
};

/// Where a value went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Placement {
    /// Into the current slot.
    Current,
    /// Into an earlier slot that the window still covers, so many slots back.
    Late {
        /// How many slots before the current one.
        slots: u32,
    },
    /// Nowhere: its time has left the window. It is counted in [`Window::too_late`].
    TooLate,
}

/// The values of the last so many slots of time.
///
/// Time is a duration since any fixed point and is passed in. The window holds the slot of the
/// newest time seen and the `slots - 1` before it. A value from an earlier slot that is still
/// covered goes into that slot; one from before is counted and dropped. Time never goes back: an
/// earlier time leaves the window where it is.
///
/// ```
/// use core::time::Duration;
/// use phasegate_percentile::{Histogram, Placement, Window};
///
/// let second = Duration::from_secs;
/// let mut window = Window::new(Histogram::new(), second(10), 3)?;
/// window.record(second(1), 5.0);
/// window.record(second(12), 7.0);
/// assert_eq!(window.record(second(2), 6.0), Placement::Late { slots: 1 });
/// assert_eq!(window.total(second(29)).count(), 3);
/// assert_eq!(window.total(second(30)).count(), 1);
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Window<M: Mapping = LogLinear, const SUM: bool = true> {
    slot_nanos: u128,
    /// The slots by number; the place of the current one is empty.
    ring: Vec<MappedHistogram<M, SUM>>,
    /// The current slot.
    open: MappedHistogram<M, SUM>,
    /// Its number, counted from time zero; `None` before the first time.
    current: Option<u128>,
    /// The whole seconds that lie in the current slot, from the first one on: most times need no
    /// more than this comparison.
    first_second: u64,
    seconds: u64,
    /// From when to when the current slot goes.
    start: Duration,
    end: Duration,
    /// All slots in the window but the current one.
    closed: MappedHistogram<M, SUM>,
    /// Closed and current together, made when asked for.
    total: MappedHistogram<M, SUM>,
    too_late: u64,
}

impl<M: Mapping, const SUM: bool> Window<M, SUM> {
    /// The most slots that a window can have.
    pub const SLOTS_MAX: usize = 65_536;

    /// A window over `slots` slots of a length each. `like` gives mapping and range; its values are
    /// not taken over.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Slots`] for no slot, more than [`SLOTS_MAX`](Self::SLOTS_MAX), or a length of
    /// zero.
    pub fn new(
        like: MappedHistogram<M, SUM>,
        slot_length: Duration,
        slots: usize,
    ) -> Result<Self, ConfigError> {
        if slot_length.is_zero() || !(1..=Self::SLOTS_MAX).contains(&slots) {
            return Err(ConfigError::Slots);
        }
        let empty = like.empty_copy();
        Ok(Self {
            slot_nanos: slot_length.as_nanos(),
            ring: vec![empty.clone(); slots],
            open: empty.clone(),
            current: None,
            first_second: 0,
            seconds: 0,
            start: Duration::ZERO,
            end: Duration::ZERO,
            closed: empty.clone(),
            total: empty,
            too_late: 0,
        })
    }

    /// Records a value that belongs to the time `at`, and says where it went.
    #[inline]
    pub fn record(&mut self, at: Duration, value: f64) -> Placement {
        if at.as_secs().wrapping_sub(self.first_second) < self.seconds {
            self.open.record(value);
            return Placement::Current;
        }
        self.record_elsewhere(at, value)
    }

    /// Records a value in a second that is not wholly in the current slot.
    #[inline(never)]
    fn record_elsewhere(&mut self, at: Duration, value: f64) -> Placement {
        if self.start <= at && at < self.end {
            self.open.record(value);
            return Placement::Current;
        }
        let slot = self.slot_of(at);
        let current = self.advance_to(slot);
        if slot == current {
            self.open.record(value);
            return Placement::Current;
        }
        match u32::try_from(current - slot) {
            Ok(slots) if (slots as usize) < self.ring.len() => {
                let place = self.place_of(slot);
                if let Some(histogram) = self.ring.get_mut(place) {
                    histogram.record(value);
                }
                self.closed.record(value);
                Placement::Late { slots }
            }
            Ok(_) | Err(_) => {
                self.too_late = self.too_late.saturating_add(1);
                Placement::TooLate
            }
        }
    }

    /// Moves the window to a time, dropping the slots that it leaves.
    pub fn advance(&mut self, now: Duration) {
        self.advance_to(self.slot_of(now));
    }

    /// All values in the window at the time `now`, as one histogram.
    pub fn total(&mut self, now: Duration) -> &MappedHistogram<M, SUM> {
        self.advance(now);
        let mut extremes = self.open.extremes();
        if self.closed.min().is_some() {
            extremes.merge(self.closed.extremes());
        }
        self.total.become_sum_of(&self.closed, &self.open, extremes);
        &self.total
    }

    /// A quantile of the window's values at the time `now`, as [`MappedHistogram::quantile`] gives it.
    pub fn quantile(&mut self, now: Duration, q: f64) -> Option<Estimate> {
        self.total(now).quantile(q)
    }

    /// How many values came after their slot had left the window.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        self.too_late
    }

    /// The slots of the window, oldest first, the current one last.
    pub fn slots(&self) -> impl Iterator<Item = &MappedHistogram<M, SUM>> {
        let current = self.current.map_or(0, |current| self.place_of(current));
        let newer = self.ring.iter().take(current);
        let older = self.ring.iter().skip(current + 1);
        older.chain(newer).chain([&self.open])
    }

    fn slot_of(&self, at: Duration) -> u128 {
        at.as_nanos() / self.slot_nanos
    }

    fn place_of(&self, slot: u128) -> usize {
        (slot % self.ring.len() as u128) as usize
    }

    /// Moves on to a slot if it is newer; answers the current one.
    fn advance_to(&mut self, slot: u128) -> u128 {
        let Some(current) = self.current else {
            self.enter(slot);
            return slot;
        };
        if slot <= current {
            return current;
        }
        if slot - current >= self.ring.len() as u128 {
            self.ring.iter_mut().for_each(MappedHistogram::clear);
            self.open.clear();
            self.closed.clear();
        } else {
            for next in current + 1..=slot {
                self.rotate(next);
            }
            self.settle_closed();
        }
        self.enter(slot);
        slot
    }

    fn enter(&mut self, slot: u128) {
        let start = slot * self.slot_nanos;
        self.current = Some(slot);
        self.start = nanos_to_duration(start).unwrap_or(Duration::MAX);
        // The last slot of all time has no end; then every value takes the long way.
        self.end = nanos_to_duration(start + self.slot_nanos).unwrap_or(self.start);
        let is_within = u64::from(self.start.subsec_nanos() != 0);
        self.first_second = self.start.as_secs().saturating_add(is_within);
        self.seconds = self.end.as_secs().saturating_sub(self.first_second);
    }

    /// Makes the extremes of the closed slots exact again, which lost a part.
    fn settle_closed(&mut self) {
        let mut extremes = Extremes::NONE;
        for slot in self.ring.iter().filter(|slot| slot.min().is_some()) {
            extremes.merge(slot.extremes());
        }
        self.closed.set_extremes(extremes);
    }

    /// Closes the slot before `next` and frees the place of `next`.
    fn rotate(&mut self, next: u128) {
        let (closing, leaving) = (self.place_of(next - 1), self.place_of(next));
        // The ring's histograms are all made alike, so this merge cannot be refused.
        let merged = self.closed.merge(&self.open);
        debug_assert!(merged.is_ok(), "slots are alike");
        if let Some(slot) = self.ring.get_mut(closing) {
            core::mem::swap(slot, &mut self.open);
        }
        if let Some(slot) = self.ring.get_mut(leaving) {
            let subtracted = self.closed.subtract(slot);
            debug_assert!(
                subtracted.is_ok(),
                "the leaving slot is a part of the closed ones"
            );
            slot.clear();
        }
    }
}

fn nanos_to_duration(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    let rest = u32::try_from(nanos % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, rest))
}
