//! Counters of neighbouring buckets: dense, 32 bits each, and they never wrap.
//!
//! A counter that passes `2^32` carries into a second array that exists only then. Full 64 bits
//! saturate. Dense counters make recording one increment and merging one vector addition.
#![expect(
    clippy::cast_possible_truncation,
    reason = "counters are split into halves on purpose; keys and lengths are below 2^24"
)]

use alloc::vec::Vec;

/// Growth is rounded to this many buckets, so that a rising series does not grow at each step.
const ALIGN: u32 = 16;

/// Dense counters from the bucket `first` on.
#[derive(Debug, Default)]
pub(crate) struct Store {
    first: u32,
    /// The low halves.
    counts: Vec<u32>,
    /// The high halves: empty until one is needed, then as long as `counts`.
    carries: Vec<u32>,
}

impl Store {
    /// Counts one value in a bucket that is covered; otherwise answers false and counts nothing.
    #[inline(always)]
    pub(crate) fn add_covered(&mut self, key: u32) -> bool {
        let place = key.wrapping_sub(self.first) as usize;
        let Some(cell) = self.counts.get_mut(place) else {
            return false;
        };
        let (sum, carried) = cell.overflowing_add(1);
        *cell = sum;
        if carried {
            self.carry(place, 1);
        }
        true
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
            prepend(&mut self.counts, added);
            if !self.carries.is_empty() {
                prepend(&mut self.carries, added);
            }
            self.first = first;
        }
        let end = self.first + self.counts.len() as u32;
        if high >= end {
            let wanted = ((high / ALIGN + 1) * ALIGN + margin).min(last_possible + 1) - self.first;
            append(&mut self.counts, wanted as usize);
            if !self.carries.is_empty() {
                append(&mut self.carries, wanted as usize);
            }
        }
    }

    /// Counts that were read from somewhere, from the bucket `first` on.
    pub(crate) fn from_counts(first: u32, counts: &[u64]) -> Self {
        let narrow = counts.iter().fold(0, |all, n| all | n) <= u64::from(u32::MAX);
        let high = |n: &u64| (n >> 32) as u32;
        Self {
            first,
            counts: counts.iter().map(|n| *n as u32).collect(),
            carries: if narrow {
                Vec::new()
            } else {
                counts.iter().map(high).collect()
            },
        }
    }

    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    /// How many values can be added to any one bucket by [`count_places`](Self::count_places).
    pub(crate) fn headroom(&self) -> u32 {
        u32::MAX - crate::simd::greatest(&self.counts)
    }

    /// Counts keys, less [`first`](Self::first), that are covered and for which there is headroom.
    pub(crate) fn count_places(&mut self, places: &[u32]) {
        crate::simd::count_places(&mut self.counts, places);
    }

    /// Whether some counter has passed `2^32`, so that [`counts`](Self::counts) is not all.
    pub(crate) fn has_carries(&self) -> bool {
        !self.carries.is_empty()
    }

    /// The high halves, from [`first`](Self::first) on; none unless [`has_carries`](Self::has_carries).
    pub(crate) fn carries(&self) -> &[u32] {
        &self.carries
    }

    /// The low halves, from [`first`](Self::first) on.
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
        let Some((low, high)) = other.extent() else {
            return;
        };
        self.cover(low, high, last_possible);
        let offset = (low - self.first) as usize;
        let Some(own) = self.counts.get_mut(offset..) else {
            return;
        };
        if crate::simd::add(own, &other.counts) {
            for place in 0..other.counts.len() {
                // The sum is less than a term exactly where it wrapped.
                if self.low_half(offset + place) < other.low_half(place) {
                    self.carry(offset + place, 1);
                }
            }
        }
        for (place, &carry) in other.carries.iter().enumerate() {
            if carry != 0 {
                self.carry(offset + place, carry);
            }
        }
    }

    /// Takes a part away. `false`, and nothing changed, if some bucket of it holds more.
    pub(crate) fn subtract(&mut self, part: &Self) -> bool {
        let Some((first, last)) = part.extent() else {
            return true;
        };
        let covered = first >= self.first && last - self.first < self.counts.len() as u32;
        if covered && self.carries.is_empty() && part.carries.is_empty() {
            let offset = (first - self.first) as usize;
            let Some(own) = self.counts.get_mut(offset..) else {
                return false;
            };
            let less = crate::simd::subtract(own, &part.counts);
            if less {
                crate::simd::add(own, &part.counts);
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
        self.counts.fill(0);
        self.carries.clear();
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
        append(&mut tight.counts, (high - low + 1) as usize);
        for (key, n) in self.iter() {
            tight.set((key - low) as usize, n);
        }
        *self = tight;
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        (self.counts.capacity() + self.carries.capacity()) * size_of::<u32>()
    }

    fn extent(&self) -> Option<(u32, u32)> {
        let length = self.counts.len() as u32;
        (length != 0).then(|| (self.first, self.first + length - 1))
    }

    fn low_half(&self, place: usize) -> u32 {
        self.counts.get(place).copied().unwrap_or(0)
    }

    fn at(&self, place: usize) -> u64 {
        let high = self.carries.get(place).copied().unwrap_or(0);
        u64::from(high) << 32 | u64::from(self.low_half(place))
    }

    fn set(&mut self, place: usize, n: u64) {
        let (low, high) = (n as u32, (n >> 32) as u32);
        if let Some(cell) = self.counts.get_mut(place) {
            *cell = low;
        }
        if high != 0 && self.carries.is_empty() {
            append(&mut self.carries, self.counts.len());
        }
        if let Some(cell) = self.carries.get_mut(place) {
            *cell = high;
        }
    }

    #[cold]
    fn carry(&mut self, place: usize, amount: u32) {
        if self.carries.is_empty() {
            append(&mut self.carries, self.counts.len());
        }
        let (Some(low), Some(high)) = (self.counts.get_mut(place), self.carries.get_mut(place))
        else {
            return;
        };
        match high.checked_add(amount) {
            Some(sum) => *high = sum,
            None => (*low, *high) = (u32::MAX, u32::MAX),
        }
    }
}

impl Clone for Store {
    fn clone(&self) -> Self {
        Self {
            first: self.first,
            counts: self.counts.clone(),
            carries: self.carries.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.first = source.first;
        self.counts.clone_from(&source.counts);
        self.carries.clone_from(&source.carries);
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

fn prepend(cells: &mut Vec<u32>, added: usize) {
    cells.reserve_exact(added);
    cells.splice(0..0, core::iter::repeat_n(0, added));
}

fn append(cells: &mut Vec<u32>, wanted: usize) {
    if wanted > cells.len() {
        cells.reserve_exact(wanted - cells.len());
        cells.resize(wanted, 0);
    }
}
