//! The loops over whole arrays, written once: plain code that a compiler can vectorise.
//!
//! `simd` compiles these same functions a second and third time for processors with AVX2 and
//! AVX-512, and chooses at run time. What is here is their scalar twin.

use alloc::vec::Vec;

/// How many values a batch of recording looks at together: its working memory fits the first-level
/// cache beside the counters.
pub(crate) const CHUNK: usize = 1024;

/// The most blocks whose counts are summed at once.
pub(crate) const BLOCKS: usize = 64;

/// The bits of a cell that count. The one above is the store's own and stays as it is.
pub(crate) const COUNT: u32 = u32::MAX >> 1;

/// Adds the counts of `others` to the cells at the start of `own`. Whether some sum may have wrapped:
/// the caller then takes them away again.
#[inline(always)]
pub(crate) fn add(own: &mut [u32], others: &[u32]) -> bool {
    let mut seen = 0_u32;
    for (cell, &n) in own.iter_mut().zip(others) {
        seen |= *cell | n;
        *cell = cell.wrapping_add(n & COUNT);
    }
    // Without the top bit of a count in any term no sum of two can wrap.
    seen & (COUNT ^ (COUNT >> 1)) != 0
}

/// Takes the counts of `others` from the cells at the start of `own`, wrapping. Whether some count
/// was less than what was taken: the caller then adds them again.
#[inline(always)]
pub(crate) fn subtract(own: &mut [u32], others: &[u32]) -> bool {
    let mut less = 0_u32;
    for (cell, &n) in own.iter_mut().zip(others) {
        less |= (*cell & COUNT).wrapping_sub(n & COUNT);
        *cell = cell.wrapping_sub(n & COUNT);
    }
    less >> 31 != 0
}

/// The sums of blocks of `64 << shift` counters. `false` if they may have wrapped.
#[inline(always)]
pub(crate) fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64]) -> bool {
    let mut seen = 0_u32;
    let group = 1_usize << shift;
    let (blocks, rest) = counts.as_chunks::<64>();
    let mut index = 0;
    for blocks in blocks.chunks(group) {
        let mut sum = 0;
        for block in blocks {
            let mut part = 0_u32;
            for n in block {
                seen |= *n;
                part = part.wrapping_add(*n & COUNT);
            }
            sum += u64::from(part);
        }
        if let Some(slot) = sums.get_mut(index) {
            *slot = sum;
        }
        index += 1;
    }
    if blocks.len() % group != 0 {
        index -= 1;
    } else if let Some(slot) = sums.get_mut(index) {
        *slot = 0;
    }
    if let Some(slot) = sums.get_mut(index) {
        for n in rest {
            seen |= *n;
            *slot += u64::from(*n & COUNT);
        }
    }
    // 64 counters below 2^26 add up to less than 2^32.
    (seen & COUNT) >> 26 == 0
}

/// Puts in the place of each rank the place of the counter at which the running sum reaches it. Ranks
/// are from 1 to the sum of all counters, which are below 2^26. `sums` are the running sums of blocks
/// of `64 << shift` counters.
#[inline(always)]
pub(crate) fn places_of_ranks(counts: &[u32], shift: u32, sums: &[u64], ranks: &mut [u64]) {
    for rank in ranks {
        let (start, block, left) = block_of_rank(counts, shift, sums, *rank);
        *rank = (start + place_of_rank(block, left)) as u64;
    }
}

/// The block of counters that holds a rank: its start, its counters, and the rank inside it.
#[inline(always)]
pub(crate) fn block_of_rank<'a>(
    counts: &'a [u32],
    shift: u32,
    sums: &[u64],
    rank: u64,
) -> (usize, &'a [u32], u64) {
    let index = sums.iter().position(|sum| *sum >= rank).unwrap_or(0);
    let before = index.checked_sub(1).and_then(|index| sums.get(index));
    let start = (index << (6 + shift)).min(counts.len());
    let rest = counts.get(start..).unwrap_or_default();
    let block = rest.get(..64 << shift).unwrap_or(rest);
    (start, block, rank - before.copied().unwrap_or(0))
}

/// The place of the counter at which the running sum reaches `rank`, which is at least 1. Counters
/// are below 2^26.
#[inline(always)]
pub(crate) fn place_of_rank(counts: &[u32], rank: u64) -> usize {
    // Without branches on the data: a wrong guess would cost more than all of it.
    let (groups, rest) = counts.as_chunks::<16>();
    let (mut base, mut run, mut place) = (0_u64, 0_u64, 0_usize);
    for group in groups {
        run += u64::from(group.iter().map(|n| *n & COUNT).sum::<u32>());
        let below = run < rank;
        base = if below { run } else { base };
        place += if below { 16 } else { 0 };
    }
    let last = match groups.get(place / 16) {
        Some(group) => group.as_slice(),
        None => rest,
    };
    for n in last {
        base += u64::from(*n & COUNT);
        place += usize::from(base < rank);
    }
    place
}

/// As [`block_sums`], for counters of any height.
pub(crate) fn wide_block_sums(counts: &[u32], shift: u32, sums: &mut [u64]) {
    for (slot, block) in sums.iter_mut().zip(counts.chunks(64 << shift)) {
        *slot = sum(block);
    }
}

/// As [`places_of_ranks`] for one rank, for counters of any height.
pub(crate) fn wide_place_of_rank(counts: &[u32], shift: u32, sums: &[u64], rank: u64) -> u64 {
    let (start, block, left) = block_of_rank(counts, shift, sums, rank);
    let mut run = 0_u64;
    let reaches = |n: &u32| {
        run += u64::from(*n & COUNT);
        run >= left
    };
    (start + block.iter().position(reaches).unwrap_or(block.len())) as u64
}

/// The sum of counters.
#[inline(always)]
pub(crate) fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|n| u64::from(*n & COUNT)).sum()
}

/// How many values are less than a bound.
#[inline(always)]
pub(crate) fn count_below(values: &[f64], bound: f64) -> u64 {
    values.iter().map(|value| u64::from(*value < bound)).sum()
}

/// Whether some value is NaN.
#[inline(always)]
pub(crate) fn has_nan(values: &[f64]) -> bool {
    // Without an early exit inside a chunk, so that it is one pass of vectors.
    values.chunks(CHUNK).any(|chunk| {
        chunk
            .iter()
            .fold(false, |seen, value| seen | value.is_nan())
    })
}

/// The least and the greatest of positive values.
#[inline(always)]
pub(crate) fn float_extremes(values: &[f64]) -> (f64, f64) {
    let mut lanes = (Lanes([f64::INFINITY; LANES]), Lanes([0.0; LANES]));
    let (groups, rest) = values.as_chunks::<LANES>();
    for group in groups {
        lanes.0.lower(group);
        lanes.1.raise(group);
    }
    let least = rest.iter().copied().fold(lanes.0.least(), f64::min);
    let greatest = rest.iter().copied().fold(lanes.1.greatest(), f64::max);
    (least, greatest)
}

/// So many floats are compared beside each other: a compiler may not change the order in which they
/// are, and fewer would wait for the comparison before.
const LANES: usize = 32;

#[derive(Clone, Copy)]
struct Lanes([f64; LANES]);

impl Lanes {
    #[inline(always)]
    fn lower(&mut self, group: &[f64; LANES]) {
        for (low, value) in self.0.iter_mut().zip(group) {
            *low = if *value < *low { *value } else { *low };
        }
    }

    #[inline(always)]
    fn raise(&mut self, group: &[f64; LANES]) {
        for (high, value) in self.0.iter_mut().zip(group) {
            *high = if *value > *high { *value } else { *high };
        }
    }

    #[inline(always)]
    fn least(self) -> f64 {
        self.halved(|a, b| if b < a { b } else { a })
    }

    #[inline(always)]
    fn greatest(self) -> f64 {
        self.halved(|a, b| if b > a { b } else { a })
    }

    /// The one that is left when halves were compared again and again.
    #[inline(always)]
    fn halved(mut self, pick: impl Fn(f64, f64) -> f64) -> f64 {
        let mut length = LANES;
        while length > 1 {
            length /= 2;
            let (left, right) = self.0.split_at_mut(length);
            for (a, b) in left.iter_mut().zip(right) {
                *a = pick(*a, *b);
            }
        }
        let [first, ..] = self.0;
        first
    }
}

/// The places of values among the counters: keys of a log-linear mapping, less that of the first
/// counter. Answers the least and the greatest key. Keys are cut from the upper halves of the bits,
/// so `shift` is 32 or more.
#[inline(always)]
pub(crate) fn places(
    values: &[f64],
    shift: u32,
    first: u32,
    places: &mut [u32; CHUNK],
) -> (u32, u32) {
    let shift = shift - 32;
    let (mut low, mut high) = (u32::MAX, 0);
    for (place, value) in places.iter_mut().zip(values) {
        let key = ((value.to_bits() >> 32) as u32) >> shift;
        *place = key.wrapping_sub(first);
        low = low.min(key);
        high = high.max(key);
    }
    (low, high)
}

/// Adds one to the counter at each place. The caller made sure that each place has one, and that
/// none wraps.
#[inline(always)]
pub(crate) fn count_places(counts: &mut [u32], places: &[u32]) {
    let (groups, rest) = places.as_chunks::<8>();
    for group in groups {
        let [first, ..] = *group;
        let odd = group.iter().fold(0, |odd, place| odd | (first ^ place));
        // Equal neighbours are counted together: else each would wait for the one before.
        if odd == 0 {
            count(counts, first, 8);
        } else {
            group.iter().for_each(|place| count(counts, *place, 1));
        }
    }
    for place in rest {
        count(counts, *place, 1);
    }
}

/// Adds to the counter at a place.
#[inline(always)]
pub(crate) fn count(counts: &mut [u32], place: u32, n: u32) {
    if let Some(cell) = counts.get_mut(place as usize) {
        *cell = cell.wrapping_add(n);
    }
}

/// The greatest counter.
#[inline(always)]
pub(crate) fn greatest(counts: &[u32]) -> u32 {
    counts
        .iter()
        .fold(0, |greatest, n| greatest.max(*n & COUNT))
}

/// The sums of the values' high and low parts, cut at the unit of `magnet` (1.5 · 2^k): both are
/// exact for at most [`CHUNK`] values if the caller chose `magnet` well.
#[inline(always)]
pub(crate) fn split_sums(values: &[f64], magnet: f64) -> (f64, f64) {
    let mut high = [0.0_f64; 8];
    let mut low = [0.0_f64; 8];
    let (groups, rest) = values.as_chunks::<8>();
    for group in groups {
        for ((high, low), value) in high.iter_mut().zip(&mut low).zip(group) {
            let cut = (*value + magnet) - magnet;
            *high += cut;
            *low += *value - cut;
        }
    }
    for value in rest {
        let cut = (*value + magnet) - magnet;
        high[0] += cut;
        low[0] += *value - cut;
    }
    (high.iter().sum(), low.iter().sum())
}

/// How many ranks are looked for in one pass over a batch.
pub(crate) const BRACKETS: usize = 4;

/// Open intervals in which the values at the wanted ranks are thought to lie, in rising order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brackets {
    pub(crate) lows: [f64; BRACKETS],
    pub(crate) highs: [f64; BRACKETS],
    /// How many of them there are.
    pub(crate) used: usize,
}

/// The same of places in the order of floats, cut to their upper halves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpperBrackets {
    pub(crate) lows: [i32; BRACKETS],
    pub(crate) highs: [i32; BRACKETS],
    pub(crate) used: usize,
}

impl UpperBrackets {
    /// Brackets that hold the ends of others as well. `None` if upper halves cannot tell them apart.
    pub(crate) fn around(brackets: &Brackets) -> Option<Self> {
        let mut upper = Self {
            lows: [i32::MAX; BRACKETS],
            highs: [i32::MAX; BRACKETS],
            used: brackets.used,
        };
        let ends = brackets.lows.iter().zip(&brackets.highs);
        let slots = upper.lows.iter_mut().zip(&mut upper.highs);
        for ((low, high), (low_place, high_place)) in ends.zip(slots).take(brackets.used) {
            *low_place = upper_place(*low).saturating_sub(1);
            *high_place = upper_place(*high).saturating_add(1);
            // A bracket of few places holds far more than what the sample says.
            if high_place.saturating_sub(*low_place) < 16 {
                return None;
            }
        }
        Some(upper)
    }
}

/// How many values are at most the low end, and less than the high end, of each bracket.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) at_most: [u64; BRACKETS],
    pub(crate) less: [u64; BRACKETS],
}

/// One pass over a batch: counts for each bracket, and a copy of all values strictly inside some
/// bracket. `None` if there is a NaN, or if more than about `limit` values are inside.
pub(crate) fn gather_brackets(
    values: &[f64],
    brackets: &Brackets,
    limit: usize,
    out: &mut Vec<f64>,
) -> Option<Counts> {
    let mut counts = Counts::default();
    for value in values {
        gather_one(*value, brackets, &mut counts, out)?;
        if out.len() > limit {
            return None;
        }
    }
    Some(counts)
}

/// One value of [`gather_brackets`].
#[inline(always)]
pub(crate) fn gather_one(
    value: f64,
    brackets: &Brackets,
    counts: &mut Counts,
    out: &mut Vec<f64>,
) -> Option<()> {
    if value.is_nan() {
        return None;
    }
    let ends = brackets.lows.iter().zip(&brackets.highs);
    let totals = counts.at_most.iter_mut().zip(&mut counts.less);
    let mut inside = false;
    for ((low, high), (at_most, less)) in ends.zip(totals).take(brackets.used) {
        *at_most += u64::from(value <= *low);
        *less += u64::from(value < *high);
        inside |= *low < value && value < *high;
    }
    if inside {
        out.push(value);
    }
    Some(())
}

/// As [`gather_brackets`], by upper halves; the answer is how many values are at or below each low
/// end. `None` also if a value is infinite.
pub(crate) fn gather_upper(
    values: &[f64],
    brackets: &UpperBrackets,
    limit: usize,
    out: &mut Vec<f64>,
) -> Option<[u64; BRACKETS]> {
    let mut below = [0; BRACKETS];
    for value in values {
        gather_one_upper(*value, brackets, &mut below, out)?;
        if out.len() > limit {
            return None;
        }
    }
    Some(below)
}

/// One value of [`gather_upper`].
#[inline(always)]
pub(crate) fn gather_one_upper(
    value: f64,
    brackets: &UpperBrackets,
    below: &mut [u64; BRACKETS],
    out: &mut Vec<f64>,
) -> Option<()> {
    if !value.is_finite() {
        return None;
    }
    let place = upper_place(value);
    let ends = brackets.lows.iter().zip(&brackets.highs);
    let mut inside = false;
    for ((low, high), below) in ends.zip(below).take(brackets.used) {
        *below += u64::from(place <= *low);
        inside |= *low < place && place < *high;
    }
    if inside {
        out.push(value);
    }
    Some(())
}

/// The upper half of a float's place in the order of all floats, as a signed number.
#[inline(always)]
pub(crate) fn upper_place(value: f64) -> i32 {
    let half = ((value.to_bits() >> 32) as u32).cast_signed();
    half ^ ((half >> 31).cast_unsigned() >> 1).cast_signed()
}

/// A float's place in the order of all floats, as an integer; NaN goes to the ends.
#[inline(always)]
pub(crate) fn order(value: f64) -> u64 {
    let bits = value.to_bits();
    // Negative: all bits flipped. Positive: the sign bit set.
    bits ^ (((bits.cast_signed() >> 63).cast_unsigned()) | 1 << 63)
}

/// The least and the greatest value; `None` for a NaN.
#[inline(always)]
pub(crate) fn extremes(values: &[f64]) -> Option<(f64, f64)> {
    let mut lanes = (
        Lanes([f64::INFINITY; LANES]),
        Lanes([f64::NEG_INFINITY; LANES]),
    );
    let mut odd = [0_u64; LANES];
    let (groups, rest) = values.as_chunks::<LANES>();
    for group in groups {
        lanes.0.lower(group);
        lanes.1.raise(group);
        for (odd, value) in odd.iter_mut().zip(group) {
            *odd |= if value.is_nan() { u64::MAX } else { 0 };
        }
    }
    if odd.iter().fold(0, |all, odd| all | odd) != 0 || rest.iter().any(|value| value.is_nan()) {
        return None;
    }
    let least = rest.iter().copied().fold(lanes.0.least(), f64::min);
    let greatest = rest.iter().copied().fold(lanes.1.greatest(), f64::max);
    Some((least, greatest))
}

/// The bucket of each value: its place in the order, less `base`, cut by `shift` bits, and at most
/// `last`; what is below `base` goes to the first one. `false` if a value is NaN.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "at most `last`")]
pub(crate) fn whole_indices(
    values: &[f64],
    base: u64,
    shift: u32,
    last: u16,
    indices: &mut [u16],
) -> bool {
    for (index, value) in indices.iter_mut().zip(values) {
        let bucket = order(*value).saturating_sub(base) >> shift;
        *index = bucket.min(u64::from(last)) as u16;
    }
    !has_nan(values)
}

/// As [`whole_indices`], of the upper halves of places. `false` if a value may be NaN.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half is left; at most `last`"
)]
pub(crate) fn upper_indices(
    values: &[f64],
    base: u32,
    shift: u32,
    last: u16,
    indices: &mut [u16],
) -> bool {
    let mut greatest = 0_u32;
    for (index, value) in indices.iter_mut().zip(values) {
        let half = (value.to_bits() >> 32) as u32;
        // Without the sign: all NaN are above this, or at infinity.
        greatest = greatest.max(half << 1);
        let place = half ^ ((half.cast_signed() >> 31).cast_unsigned() | 1 << 31);
        let bucket = (place.max(base) - base) >> shift;
        *index = bucket.min(u32::from(last)) as u16;
    }
    greatest < 0x7FF0_0000 << 1
}

/// How many values are less than a bound, and how many are equal to it.
#[inline(always)]
pub(crate) fn three_way(values: &[f64], middle: f64) -> (u64, u64) {
    let (mut less, mut equal) = (0, 0);
    for value in values {
        less += u64::from(*value < middle);
        equal += u64::from(*value <= middle);
    }
    (less, equal - less)
}

/// The float at a place in the order of all floats.
pub(crate) fn of_order(place: u64) -> f64 {
    f64::from_bits(if place >> 63 == 1 {
        place ^ (1 << 63)
    } else {
        !place
    })
}

/// Counts the values of each bucket.
#[inline(always)]
pub(crate) fn count_indices(counts: &mut [u32], indices: &[u16]) {
    let (groups, rest) = indices.as_chunks::<8>();
    for group in groups {
        let [first, ..] = *group;
        let odd = group.iter().fold(0, |odd, index| odd | (first ^ index));
        if odd == 0 {
            count(counts, u32::from(first), 8);
        } else {
            group
                .iter()
                .for_each(|index| count(counts, u32::from(*index), 1));
        }
    }
    for index in rest {
        count(counts, u32::from(*index), 1);
    }
}

/// How many buckets are gathered in one pass.
pub(crate) const WANTED: usize = 4;

/// Appends the values whose bucket is one of those wanted.
#[inline(always)]
pub(crate) fn gather_buckets(
    values: &[f64],
    indices: &[u16],
    wanted: [u16; WANTED],
    out: &mut Vec<f64>,
) {
    let found = values.iter().zip(indices);
    out.extend(
        found
            .filter(|(_, index)| wanted.contains(index))
            .map(|(value, _)| *value),
    );
}
