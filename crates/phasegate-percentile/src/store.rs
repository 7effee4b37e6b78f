//! Counters of neighbouring buckets: dense, 32 bits each, and they never wrap.
//!
//! A cell has 31 bits of count. One that is full carries into a second array that exists only then.
//! Full 64 bits saturate. Dense counters make recording one increment and merging one vector addition.
//!
//! The top bit of a cell is a guard: it stands wherever a value could be a new extreme, in the buckets
//! of the least and the greatest value so far and in all beyond. So one look at the cell that is
//! counted in anyway tells whether the extremes have to be looked at.
#![expect(
    clippy::cast_possible_truncation,
    reason = "counters are split into halves on purpose; keys and lengths are below 2^24"
)]

use alloc::vec::Vec;

use crate::kernels::COUNT;

/// Growth is rounded to this many buckets, so that a rising series does not grow at each step.
const ALIGN: u32 = 16;
/// The guard bit of a cell.
const GUARD: u32 = !COUNT;
/// Bits of count in a cell.
pub(crate) const COUNT_BITS: u32 = COUNT.count_ones();

/// Dense counters from the bucket `first` on.
#[derive(Debug, Default)]
pub(crate) struct Store {
    first: u32,
    /// Guards, and the low bits of the counts.
    counts: Vec<u32>,
    /// The high bits: empty until one is needed, then as long as `counts`.
    carries: Vec<u64>,
    /// The keys without a guard, from the first one up to but without the second. Cells that are made
    /// later know from here whether they have one.
    open: (u32, u32),
}

impl Store {
    /// Counts one value in a bucket and answers its cell, which is zero also if the bucket is not
    /// covered: then nothing is counted. Only a positive cell is counted and done; where a guard made it
    /// negative the caller looks at the extremes, and what filled or wrapped the cell is to be taken
    /// back by [`uncount`](Self::uncount).
    #[inline(always)]
    pub(crate) fn count(&mut self, key: u32) -> u32 {
        let place = key.wrapping_sub(self.first) as usize;
        let Some(cell) = self.counts.get_mut(place) else {
            return 0;
        };
        *cell = cell.wrapping_add(1);
        *cell
    }

    /// Takes back what [`count`](Self::count) did.
    pub(crate) fn uncount(&mut self, key: u32) {
        let place = key.wrapping_sub(self.first) as usize;
        if let Some(cell) = self.counts.get_mut(place) {
            *cell = cell.wrapping_sub(1);
        }
    }

    /// Whether [`count`](Self::count) found no cell, or one that has no room for more.
    #[inline]
    pub(crate) fn is_full(&self, key: u32) -> bool {
        let place = key.wrapping_sub(self.first) as usize;
        self.counts.get(place).is_none_or(|cell| cell & COUNT == 0)
    }

    /// Moves the guards: from now on they stand everywhere but at the keys from `first` up to but
    /// without `end`.
    pub(crate) fn set_open(&mut self, first: u32, end: u32) {
        let new = (first, end.max(first));
        if new == self.open {
            return;
        }
        let old = core::mem::replace(&mut self.open, new);
        self.mark(old.0, old.1.min(new.0), GUARD);
        self.mark(old.0.max(new.1), old.1, GUARD);
        self.mark(new.0, new.1.min(old.0), 0);
        self.mark(new.0.max(old.1), new.1, 0);
    }

    /// Sets or clears the guards of the keys from `first` up to but without `end`, where covered.
    fn mark(&mut self, first: u32, end: u32, guard: u32) {
        let from = first.saturating_sub(self.first) as usize;
        let to = (end.saturating_sub(self.first) as usize).min(self.counts.len());
        if let Some(cells) = self.counts.get_mut(from..to) {
            for cell in cells {
                *cell = *cell & COUNT | guard;
            }
        }
    }

    /// Counts `n` values, growing if need be.
    pub(crate) fn add(&mut self, key: u32, n: u64, last_possible: u32) {
        if n == 0 {
            return;
        }
        self.cover(key, key, last_possible);
        let place = (key - self.first) as usize;
        let sum = self.at(place).saturating_add(n);
        self.set(place, sum);
    }

    /// Makes room for the buckets `low ..= high`, none of them past `last_possible`.
    pub(crate) fn cover(&mut self, low: u32, high: u32, last_possible: u32) {
        if self.counts.is_empty() {
            self.first = low / ALIGN * ALIGN;
        }
        let margin = self.counts.len() as u32 / 32 / ALIGN * ALIGN;
        if low < self.first {
            let first = (low / ALIGN * ALIGN).saturating_sub(margin);
            let added = (self.first - first) as usize;
            prepend(&mut self.counts, added, GUARD);
            if !self.carries.is_empty() {
                prepend(&mut self.carries, added, 0);
            }
            let before = core::mem::replace(&mut self.first, first);
            self.mark(self.open.0, self.open.1.min(before), 0);
        }
        let end = self.first + self.counts.len() as u32;
        if high >= end {
            let wanted = ((high / ALIGN + 1) * ALIGN + margin).min(last_possible + 1) - self.first;
            append(&mut self.counts, wanted as usize, GUARD);
            if !self.carries.is_empty() {
                append(&mut self.carries, wanted as usize, 0);
            }
            self.mark(self.open.0.max(end), self.open.1, 0);
        }
    }

    /// Counts that were read from somewhere, from the bucket `first` on.
    pub(crate) fn from_counts(first: u32, counts: &[u64]) -> Self {
        let narrow = counts.iter().fold(0, |all, n| all | n) <= u64::from(COUNT);
        let low = |n: &u64| *n as u32 & COUNT | GUARD;
        Self {
            first,
            counts: counts.iter().map(low).collect(),
            carries: if narrow {
                Vec::new()
            } else {
                counts.iter().map(|n| n >> COUNT_BITS).collect()
            },
            open: (0, 0),
        }
    }

    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    /// How many values can be added to any one bucket by [`count_places`](Self::count_places).
    pub(crate) fn headroom(&self) -> u32 {
        COUNT - crate::simd::greatest(&self.counts)
    }

    /// Counts keys, less [`first`](Self::first), that are covered and for which there is headroom.
    pub(crate) fn count_places(&mut self, places: &[u32]) {
        crate::simd::count_places(&mut self.counts, places);
    }

    /// Whether some counter has passed 31 bits, so that [`counts`](Self::counts) is not all.
    pub(crate) fn has_carries(&self) -> bool {
        !self.carries.is_empty()
    }

    /// The high bits, from [`first`](Self::first) on; none unless [`has_carries`](Self::has_carries).
    pub(crate) fn carries(&self) -> &[u64] {
        &self.carries
    }

    /// Guards and the low bits, which are [`COUNT`], from [`first`](Self::first) on.
    pub(crate) fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// The count of a bucket, covered or not.
    pub(crate) fn get(&self, key: u32) -> u64 {
        key.checked_sub(self.first)
            .map_or(0, |place| self.at(place as usize))
    }

    /// The buckets that hold something, in rising order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, u64)> + '_ {
        (0..self.counts.len()).filter_map(|place| {
            let n = self.at(place);
            (n != 0).then_some((self.first + place as u32, n))
        })
    }

    /// The sum of all counters, saturating.
    pub(crate) fn total(&self) -> u64 {
        if self.carries.is_empty() {
            return crate::simd::sum(&self.counts);
        }
        (0..self.counts.len()).fold(0, |sum, place| sum.saturating_add(self.at(place)))
    }

    /// The keys of the first and the last bucket that hold something.
    pub(crate) fn occupied(&self) -> Option<(u32, u32)> {
        let first = self.iter().next()?.0;
        let last = self.iter().next_back()?.0;
        Some((first, last))
    }

    pub(crate) fn merge(&mut self, other: &Self, last_possible: u32) {
        let Some((low, others @ [_, ..])) = other.used() else {
            return;
        };
        self.cover(low, low + others.len() as u32 - 1, last_possible);
        let offset = (low - self.first) as usize;
        let Some(own) = self.counts.get_mut(offset..) else {
            return;
        };
        if crate::simd::add(own, others) {
            self.carry_wrapped(offset, others);
        }
        for (key, &carry) in (other.first..).zip(&other.carries) {
            if carry != 0 {
                let place = (key - self.first) as usize;
                let sum = self.at(place).saturating_add(carry << COUNT_BITS);
                self.set(place, sum);
            }
        }
    }

    /// The cells that can hold something, and the key of the first one, which is a multiple of
    /// [`ALIGN`] so that both terms of a sum lie alike in memory.
    fn used(&self) -> Option<(u32, &[u32])> {
        // Without any open key there may be values everywhere.
        let (from, to) = match self.open {
            (0, 0) => (0, self.counts.len()),
            (first, end) => {
                let from = (first.saturating_sub(1) / ALIGN * ALIGN).saturating_sub(self.first);
                // The bucket of the greatest value is the one at the end.
                let to = (end + 1).saturating_sub(self.first) as usize;
                (from, to.min(self.counts.len()))
            }
        };
        let cells = self.counts.get(from as usize..to)?;
        Some((self.first + from, cells))
    }

    /// After `others` were added from `offset` on: cells that wrapped carry, and get back the guard
    /// that they ran over.
    fn carry_wrapped(&mut self, offset: usize, others: &[u32]) {
        // The sum is less than a term exactly where it wrapped.
        let wrapped = |(sum, n): (&u32, &u32)| sum & COUNT < n & COUNT;
        for (start, others) in (offset..).step_by(64).zip(others.chunks(64)) {
            let cells = self.counts.get(start..).unwrap_or_default();
            let seen = |seen, pair| seen | wrapped(pair);
            if !cells.iter().zip(others).fold(false, seen) {
                continue;
            }
            for (place, n) in (start..).zip(others) {
                let Some(cell) = self.counts.get_mut(place) else {
                    return;
                };
                if wrapped((&*cell, n)) {
                    *cell ^= GUARD;
                    let sum = self.at(place).saturating_add(1 << COUNT_BITS);
                    self.set(place, sum);
                }
            }
        }
    }

    /// Takes a part away. `false`, and nothing changed, if some bucket of it holds more.
    pub(crate) fn subtract(&mut self, part: &Self) -> bool {
        let Some((first, others @ [_, ..])) = part.used() else {
            return true;
        };
        let own = first
            .checked_sub(self.first)
            .and_then(|offset| self.counts.get_mut(offset as usize..))
            .and_then(|own| own.get_mut(..others.len()));
        if let Some(own) = own
            && self.carries.is_empty()
            && part.carries.is_empty()
        {
            let less = crate::simd::subtract(own, others);
            if less {
                crate::simd::add(own, others);
            }
            return !less;
        }
        if part.iter().any(|(key, n)| self.get(key) < n) {
            return false;
        }
        for (key, n) in part.iter() {
            let place = (key - self.first) as usize;
            let left = self.at(place) - n;
            self.set(place, left);
        }
        true
    }

    /// Divides all counters by a power of two, rounding to nearest.
    pub(crate) fn shift_down(&mut self, bits: u32) {
        for place in 0..self.counts.len() {
            let n = shifted(self.at(place), bits);
            self.set(place, n);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.counts.fill(GUARD);
        self.carries.clear();
        self.open = (0, 0);
    }

    /// Gives back the room of empty buckets at both ends.
    pub(crate) fn shrink(&mut self) {
        let Some((low, high)) = self.occupied() else {
            *self = Self::default();
            return;
        };
        let mut tight = Self::default();
        tight.counts.reserve_exact((high - low + 1) as usize);
        tight.first = low;
        append(&mut tight.counts, (high - low + 1) as usize, GUARD);
        tight.set_open(self.open.0, self.open.1);
        for (key, n) in self.iter() {
            tight.set((key - low) as usize, n);
        }
        *self = tight;
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.counts.capacity() * size_of::<u32>() + self.carries.capacity() * size_of::<u64>()
    }

    fn at(&self, place: usize) -> u64 {
        let high = self.carries.get(place).copied().unwrap_or(0);
        let low = self.counts.get(place).copied().unwrap_or(0);
        high << COUNT_BITS | u64::from(low & COUNT)
    }

    fn set(&mut self, place: usize, n: u64) {
        let (low, high) = (n as u32 & COUNT, n >> COUNT_BITS);
        if let Some(cell) = self.counts.get_mut(place) {
            *cell = *cell & GUARD | low;
        }
        if high != 0 && self.carries.is_empty() {
            append(&mut self.carries, self.counts.len(), 0);
        }
        if let Some(cell) = self.carries.get_mut(place) {
            *cell = high;
        }
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        Self {
            first: self.first,
            counts: self.counts.clone(),
            carries: self.carries.clone(),
            open: self.open,
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.first = source.first;
        self.counts.clone_from(&source.counts);
        self.carries.clone_from(&source.carries);
        self.open = source.open;
    }
}

/// Equal if each bucket holds the same, however much room there is.
impl PartialEq for Store {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// `n / 2^bits`, rounded to nearest.
pub(crate) fn shifted(n: u64, bits: u32) -> u64 {
    let half = 1_u128.checked_shl(bits).unwrap_or(0) >> 1;
    (u128::from(n) + half).checked_shr(bits).unwrap_or(0) as u64
}

fn prepend<T: Copy>(cells: &mut Vec<T>, added: usize, with: T) {
    cells.reserve_exact(added);
    cells.splice(0..0, core::iter::repeat_n(with, added));
}

fn append<T: Copy>(cells: &mut Vec<T>, wanted: usize, with: T) {
    if wanted > cells.len() {
        cells.reserve_exact(wanted - cells.len());
        cells.resize(wanted, with);
    }
}
