//! A shard: counters with one writer and any number of readers.
//!
//! The writer adds by a relaxed load and a release store: nobody else writes, so nothing is lost.
//! It stores a new extreme before it counts the value; a reader loads counts with acquire and the
//! extremes after them, so the extremes that it sees hold every value that it counted.
//!
//! The top bit of a cell is a guard: it stands wherever a value could be a new extreme, in the buckets
//! of the least and the greatest value and beyond them. So the writer of any other value need not look
//! at the extremes. Guards only go away, and readers do not see them.
//!
//! Counters stand in segments. When a value falls beside the newest one, a longer one is made that
//! covers it as well; the older ones keep what they counted, and a reader adds up all of them.

use std::{boxed::Box, vec::Vec};

use crate::{
    histogram::{MappedHistogram, Range},
    mapping::Mapping,
    recorder::sync::{Arc, AtomicU64, AtomicUsize, Mutex, OnceLock, Ordering, locked},
};

/// A segment is at least so long.
#[cfg(not(loom))]
const SHORTEST: u32 = 256;
/// A model checker tracks every single cell.
#[cfg(loom)]
const SHORTEST: u32 = 2;
/// Each at least half as long again as the one before: the longest range there is has 2^23 keys.
const SEGMENTS: usize = 32;
/// Counts above this are kept apart: cells that grow by ones cannot get from here to the end.
const CELL_MAX: u64 = 1 << 62;
const GUARD: u64 = 1 << 63;

/// Counters of neighbouring keys.
#[derive(Debug)]
pub(crate) struct Segment {
    first: u32,
    cells: Box<[AtomicU64]>,
}

impl Segment {
    fn new(first: u32, length: u32) -> Self {
        let cells: Vec<_> = (0..length).map(|_| AtomicU64::new(GUARD)).collect();
        Self {
            first,
            cells: cells.into_boxed_slice(),
        }
    }

    pub(crate) fn covers(&self, key: u32) -> bool {
        (key.wrapping_sub(self.first) as usize) < self.cells.len()
    }

    /// Counts one value; `false`, and nothing done, if the key is not covered, or if there is a guard
    /// and `passes` says no. Only one thread at a time may call this.
    #[inline(always)]
    pub(crate) fn count(&self, key: u32, passes: impl FnOnce() -> bool) -> bool {
        let Some(cell) = self.cells.get(key.wrapping_sub(self.first) as usize) else {
            return false;
        };
        let n = cell.load(Ordering::Relaxed);
        if n & GUARD == 0 || passes() {
            cell.store(n + 1, Ordering::Release);
            return true;
        }
        false
    }

    /// Takes away the guards from `first` up to but without `end`; only the writer may.
    fn open(&self, first: u32, end: u32) {
        let from = first.saturating_sub(self.first) as usize;
        let to = (end.saturating_sub(self.first) as usize).min(self.cells.len());
        for cell in self.cells.get(from..to).unwrap_or_default() {
            cell.store(cell.load(Ordering::Relaxed) & !GUARD, Ordering::Release);
        }
    }

    /// Counts `n` values; `false`, and nothing done, if that is too many for the cell.
    fn count_times(&self, key: u32, n: u64) -> bool {
        let Some(cell) = self.cells.get(key.wrapping_sub(self.first) as usize) else {
            return false;
        };
        let before = cell.load(Ordering::Relaxed);
        let sum = (before & !GUARD).saturating_add(n);
        if sum <= CELL_MAX {
            cell.store(sum | before & GUARD, Ordering::Release);
        }
        sum <= CELL_MAX
    }
}

#[derive(Debug)]
pub(crate) struct Shard<M: Mapping> {
    range: Range,
    segments: [OnceLock<Arc<Segment>>; SEGMENTS],
    /// How many segments there are; for the writer only.
    made: AtomicUsize,
    /// Of positive values in range, as bits, which sort as the values do.
    min_bits: AtomicU64,
    max_bits: AtomicU64,
    /// All other values.
    odd: Mutex<MappedHistogram<M, false>>,
}

impl<M: Mapping> Shard<M> {
    pub(crate) fn new(mapping: &M, range: Range) -> Self {
        Self {
            range,
            segments: core::array::from_fn(|_| OnceLock::new()),
            made: AtomicUsize::new(0),
            min_bits: AtomicU64::new(u64::MAX),
            max_bits: AtomicU64::new(0),
            odd: Mutex::new(MappedHistogram::with_keys(mapping.clone(), range)),
        }
    }

    /// Records a value. Only one thread at a time may call this or [`record_n`](Self::record_n).
    #[inline(always)]
    pub(crate) fn record(&self, mapping: &M, value: f64) {
        let bits = value.to_bits();
        let known = || {
            self.min_bits.load(Ordering::Relaxed) <= bits
                && bits <= self.max_bits.load(Ordering::Relaxed)
        };
        if let Some(segment) = self.newest()
            && segment.count(mapping.key(value), known)
        {
            return;
        }
        self.record_outermost(mapping, bits);
    }

    /// Records a value that is a new extreme, or one that has no cell.
    #[inline(never)]
    fn record_outermost(&self, mapping: &M, bits: u64) {
        let value = f64::from_bits(bits);
        let key = mapping.key(value);
        // Cells are in range, so a value that has one is a positive one.
        match self.newest().filter(|segment| segment.covers(key)) {
            Some(segment) => {
                self.include(mapping, segment, bits);
                segment.count(key, || true);
            }
            None => self.record_n(mapping, value, 1),
        }
    }

    /// Records a value `n` times: any value, any number.
    #[inline(never)]
    pub(crate) fn record_n(&self, mapping: &M, value: f64, n: u64) {
        let key = mapping.key(value);
        if n == 0 {
            return;
        }
        if self.range.holds(key) {
            let segment = self.newest().filter(|segment| segment.covers(key));
            if let Some(segment) = segment.or_else(|| self.add_segment(mapping, key)) {
                self.include(mapping, segment, value.to_bits());
                if segment.count_times(key, n) {
                    return;
                }
            }
        }
        locked(&self.odd, |odd| odd.record_n(value, n));
    }

    /// The segment that counts now.
    #[inline(always)]
    pub(crate) fn newest(&self) -> Option<&Arc<Segment>> {
        let made = self.made.load(Ordering::Relaxed);
        self.segments.get(made.wrapping_sub(1))?.get()
    }

    /// The least and the greatest bits of values in cells; the writer may ask.
    pub(crate) fn extremes(&self) -> Option<(u64, u64)> {
        let min = self.min_bits.load(Ordering::Relaxed);
        let max = self.max_bits.load(Ordering::Relaxed);
        (min <= max).then_some((min, max))
    }

    /// Takes in the bits of a value that is about to be counted in the newest segment.
    #[inline]
    pub(crate) fn include(&self, mapping: &M, segment: &Segment, bits: u64) {
        let key = |bits| mapping.key(f64::from_bits(bits));
        let before = self.extremes();
        let (min, max) = before.unwrap_or((bits, bits));
        if bits > max || before.is_none() {
            self.max_bits.store(bits, Ordering::Relaxed);
            if key(bits) != key(max) {
                segment.open(key(max).max(key(min) + 1), key(bits));
            }
        }
        if bits < min || before.is_none() {
            self.min_bits.store(bits, Ordering::Relaxed);
            if key(bits) != key(min) {
                segment.open(key(bits) + 1, key(max).min(key(min) + 1));
            }
        }
    }

    /// Makes a segment that covers a key in range, and all that the newest one covers. `None` if
    /// there are too many, which growth by a factor does not let happen.
    #[cold]
    fn add_segment(&self, mapping: &M, key: u32) -> Option<&Arc<Segment>> {
        let (mut low, mut end) = (key, key + 1);
        let mut length = SHORTEST;
        if let Some(newest) = self.newest() {
            let covered = u32::try_from(newest.cells.len()).unwrap_or(u32::MAX);
            low = low.min(newest.first);
            end = end.max(newest.first + covered);
            length = covered.saturating_mul(2);
        }
        // What is more than needed goes to both sides, as far as the range lets it.
        let spare = length.saturating_sub(end - low);
        let low = low.saturating_sub(spare / 2).max(self.range.first);
        let end = end.max(low.saturating_add(length)).min(self.range.last + 1);
        let made = self.made.load(Ordering::Relaxed);
        let segment = self
            .segments
            .get(made)?
            .get_or_init(|| Arc::new(Segment::new(low, end - low)));
        if let Some((min, max)) = self.extremes() {
            let key = |bits| mapping.key(f64::from_bits(bits));
            segment.open(key(min) + 1, key(max));
        }
        self.made.store(made + 1, Ordering::Relaxed);
        Some(segment)
    }

    /// Adds all that is in the shard to a histogram made alike.
    pub(crate) fn add_to(&self, sum: &mut MappedHistogram<M, false>) {
        let mut counted = false;
        for segment in self.segments.iter().map_while(OnceLock::get) {
            for (key, cell) in (segment.first..).zip(&segment.cells) {
                let n = cell.load(Ordering::Acquire) & !GUARD;
                counted |= n != 0;
                sum.positive.add(key, n, sum.range.last);
            }
        }
        if counted {
            let value = |bits: &AtomicU64| f64::from_bits(bits.load(Ordering::Relaxed));
            // Both extremes belong to values that were recorded: for those, counting is idle.
            sum.include_extremes(value(&self.min_bits), value(&self.max_bits));
        }
        locked(&self.odd, |odd| {
            let merged = sum.merge(odd);
            debug_assert!(merged.is_ok(), "made alike");
        });
    }
}
