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

/// Adds `others` to the counters at the start of `own`. Whether some sum may have wrapped: the
/// caller then looks for sums that are less than their term.
#[inline(always)]
pub(crate) fn add(own: &mut [u32], others: &[u32]) -> bool {
    let mut seen = 0_u32;
    for (cell, &n) in own.iter_mut().zip(others) {
        seen |= *cell | n;
        *cell = cell.wrapping_add(n);
    }
    // Without a top bit in any term no sum of two can wrap.
    seen >> 31 != 0
}

/// Takes `others` from the counters at the start of `own`, wrapping. Whether some counter was less
/// than what was taken: the caller then adds them again.
#[inline(always)]
pub(crate) fn subtract(own: &mut [u32], others: &[u32]) -> bool {
    let mut less = 0_u32;
    for (cell, &n) in own.iter_mut().zip(others) {
        // The borrow of a subtraction, as bits.
        let left = cell.wrapping_sub(n);
        less |= (!*cell & n) | ((!*cell | n) & left);
        *cell = left;
    }
    less >> 31 != 0
}

/// The sums of blocks of `64 << shift` counters. `false` if they may have wrapped.
#[inline(always)]
pub(crate) fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64; BLOCKS]) -> bool {
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
                part = part.wrapping_add(*n);
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
            *slot += u64::from(*n);
        }
    }
    // 64 counters below 2^26 add up to less than 2^32.
    seen >> 26 == 0
}

/// The place of the counter at which the running sum reaches `rank`, which is at least 1. Counters
/// are below 2^26.
#[inline(always)]
pub(crate) fn place_of_rank(counts: &[u32], rank: u64) -> usize {
    // Without branches on the data: a wrong guess would cost more than all of it.
    let (groups, rest) = counts.as_chunks::<16>();
    let (mut base, mut run, mut place) = (0_u64, 0_u64, 0_usize);
    for group in groups {
        run += u64::from(group.iter().sum::<u32>());
        let below = run < rank;
        base = if below { run } else { base };
        place += if below { 16 } else { 0 };
    }
    let last = match groups.get(place / 16) {
        Some(group) => group.as_slice(),
        None => rest,
    };
    for n in last {
        base += u64::from(*n);
        place += usize::from(base < rank);
    }
    place
}

/// The sum of counters.
#[inline(always)]
pub(crate) fn sum(counts: &[u32]) -> u64 {
    counts.iter().map(|n| u64::from(*n)).sum()
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

/// The least and the greatest of the values' bits, as unsigned integers.
#[inline(always)]
pub(crate) fn bit_extremes(values: &[f64]) -> (u64, u64) {
    values.iter().fold((u64::MAX, 0), |(low, high), value| {
        let bits = value.to_bits();
        (low.min(bits), high.max(bits))
    })
}

/// Keys of a log-linear mapping, less that of the first counter.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "24 bits are left")]
pub(crate) fn shifted_keys(values: &[f64], shift: u32, first: u32, keys: &mut [u32; CHUNK]) {
    for (key, value) in keys.iter_mut().zip(values) {
        *key = ((value.to_bits() >> shift) as u32).wrapping_sub(first);
    }
}

/// Adds one to the counter of each key. The caller made sure that each key has one, and that none
/// wraps.
#[inline(always)]
pub(crate) fn count_keys(counts: &mut [u32], keys: &[u32]) {
    let (groups, rest) = keys.as_chunks::<4>();
    for &[a, b, c, d] in groups {
        // Equal neighbours are counted together: else each would wait for the one before.
        if (a ^ b) | (c ^ d) | (a ^ c) == 0 {
            count(counts, a, 4);
        } else {
            count(counts, a, 1);
            count(counts, b, 1);
            count(counts, c, 1);
            count(counts, d, 1);
        }
    }
    for key in rest {
        count(counts, *key, 1);
    }
}

#[inline(always)]
fn count(counts: &mut [u32], key: u32, n: u32) {
    if let Some(cell) = counts.get_mut(key as usize) {
        *cell = cell.wrapping_add(n);
    }
}

/// The greatest counter.
#[inline(always)]
pub(crate) fn greatest(counts: &[u32]) -> u32 {
    counts.iter().fold(0, |greatest, n| greatest.max(*n))
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

/// Open intervals in which the values at the wanted ranks are thought to lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brackets {
    pub(crate) lows: [f64; BRACKETS],
    pub(crate) highs: [f64; BRACKETS],
}

/// One pass over a batch: how many values are at most the low end of each bracket, and a copy of all
/// values strictly inside some bracket, with their number. `None` if there is a NaN, or if `out` has
/// not eight places more than values are found.
pub(crate) fn gather_brackets(
    values: &[f64],
    brackets: &Brackets,
    out: &mut [f64],
) -> Option<([u64; BRACKETS], usize)> {
    let mut totals = [0; BRACKETS];
    let mut filled = 0;
    for value in values {
        filled = gather_one(*value, brackets, &mut totals, out, filled)?;
    }
    Some((totals, filled))
}

/// One value of [`gather_brackets`].
#[inline(always)]
pub(crate) fn gather_one(
    value: f64,
    brackets: &Brackets,
    totals: &mut [u64; BRACKETS],
    out: &mut [f64],
    filled: usize,
) -> Option<usize> {
    if value.is_nan() {
        return None;
    }
    let mut inside = false;
    for ((low, high), total) in brackets.lows.iter().zip(&brackets.highs).zip(totals) {
        *total += u64::from(value <= *low);
        inside |= *low < value && value < *high;
    }
    let slot = out.get_mut(filled..)?.first_chunk_mut::<8>()?;
    slot[0] = value;
    Some(filled + usize::from(inside))
}

/// A float's place in the order of all floats, as an integer; NaN goes to the ends.
#[inline(always)]
pub(crate) fn order(value: f64) -> u64 {
    let bits = value.to_bits();
    // Negative: all bits flipped. Positive: the sign bit set.
    bits ^ (((bits.cast_signed() >> 63).cast_unsigned()) | 1 << 63)
}

/// The least and the greatest of the values' places in the order of floats.
#[inline(always)]
pub(crate) fn order_extremes(values: &[f64]) -> (u64, u64) {
    values.iter().fold((u64::MAX, 0), |(low, high), value| {
        let place = order(*value);
        (low.min(place), high.max(place))
    })
}

/// The bucket of each value: its place in the order, less `low`, cut by `shift` bits.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the caller's shift leaves 16 bits"
)]
pub(crate) fn bucket_indices(values: &[f64], low: u64, shift: u32, indices: &mut [u16]) {
    for (index, value) in indices.iter_mut().zip(values) {
        *index = (order(*value).wrapping_sub(low) >> shift) as u16;
    }
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
    let (groups, rest) = indices.as_chunks::<4>();
    for &[a, b, c, d] in groups {
        if (a ^ b) | (c ^ d) | (a ^ c) == 0 {
            count(counts, u32::from(a), 4);
        } else {
            count(counts, u32::from(a), 1);
            count(counts, u32::from(b), 1);
            count(counts, u32::from(c), 1);
            count(counts, u32::from(d), 1);
        }
    }
    for index in rest {
        count(counts, u32::from(*index), 1);
    }
}

/// The least and the greatest place in the order among the values of a bucket.
#[inline(always)]
pub(crate) fn bucket_extremes(values: &[f64], indices: &[u16], wanted: u16) -> (u64, u64) {
    values
        .iter()
        .zip(indices)
        .fold((u64::MAX, 0), |(low, high), (value, index)| {
            let place = order(*value);
            let mask = if *index == wanted { u64::MAX } else { 0 };
            (low.min(place | !mask), high.max(place & mask))
        })
}

/// Appends the values whose bucket is `wanted`.
#[inline(always)]
pub(crate) fn gather_bucket(values: &[f64], indices: &[u16], wanted: u16, out: &mut Vec<f64>) {
    for (values, indices) in values.chunks(64).zip(indices.chunks(64)) {
        // Most chunks hold none: one look at all of them together.
        if indices
            .iter()
            .fold(false, |seen, index| seen | (*index == wanted))
        {
            let found = values
                .iter()
                .zip(indices)
                .filter(|(_, index)| **index == wanted);
            out.extend(found.map(|(value, _)| *value));
        }
    }
}
