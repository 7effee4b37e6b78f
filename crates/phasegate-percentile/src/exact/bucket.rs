//! Selection by spreading a batch over buckets: each value's place in the order of floats is cut to
//! a few bits, the buckets are counted, and only those of the wanted ranks are looked into.
//!
//! A bucket that holds much is either one value many times, which counting proves, or it is spread
//! once more over buckets of its own.
#![expect(
    clippy::cast_possible_truncation,
    reason = "bucket numbers have 16 bits, upper halves 32"
)]

use alloc::vec::Vec;

use crate::{
    exact::select::{Scratch, ascending, select_copy, select_in_place},
    kernels::{BLOCKS, CHUNK, WANTED, of_order, order},
    simd,
};

/// Buckets for batches up to 2048 values, and for larger ones: few enough to walk, many enough that
/// a bucket holds few values, and their counters fit the first-level cache.
const FEW: usize = 512;
const MANY: usize = 2048;
/// From this length on the range comes from a sample: a pass for the extremes would cost more.
const SAMPLED: usize = 8192;
/// How many lines of eight values that sample has.
const LINES: usize = 128;
/// A bucket with more values than this, and more than a sixteenth of the batch, is not simply
/// gathered: it may be one value many times, or the range missed much.
const CROWDED: usize = 64;
/// More buckets than this cost more to look into than sorting everything.
const TARGETS_MAX: usize = 32;
/// How often a batch is spread anew before it is left to partitioning.
const DEPTH: u32 = 4;

/// A bucket that holds wanted ranks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    bucket: u16,
    /// How many values are in buckets before it, and in it.
    before: usize,
    count: usize,
    /// Its ranks: from, and up to but without.
    from: usize,
    to: usize,
    /// Whether it holds so much that it should not simply be gathered.
    crowded: bool,
}

impl Target {
    const NONE: Self = Self {
        bucket: 0,
        before: 0,
        count: 0,
        from: 0,
        to: 0,
        crowded: false,
    };
}

/// How the order of floats is cut into buckets. The first one and the last one also hold all that
/// lies outside.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// Whether the upper halves of places in the order are enough.
    upper: bool,
    base: u64,
    shift: u32,
    buckets: usize,
}

impl Spread {
    /// For places from `low` to `high`.
    fn new(low: u64, high: u64, n: usize) -> Self {
        let buckets = if n <= 2048 { FEW } else { MANY };
        let upper = (high >> 32) - (low >> 32) >= buckets as u64;
        let (low, span) = if upper {
            (low >> 32, (high >> 32) - (low >> 32))
        } else {
            (low, high - low)
        };
        let inner = buckets as u64 - 3;
        let mut shift = (u64::BITS - span.leading_zeros()).saturating_sub(buckets.ilog2());
        if span >> shift > inner {
            shift += 1;
        }
        Self {
            upper,
            base: low.saturating_sub(1 << shift),
            shift,
            buckets,
        }
    }

    /// The range of a bucket's places; `None` for the outermost ones.
    fn range_of(self, bucket: u16) -> Option<(u64, u64)> {
        if bucket == 0 || usize::from(bucket) == self.buckets - 1 {
            return None;
        }
        let low = self.base.saturating_add(u64::from(bucket) << self.shift);
        let high = low.saturating_add((1 << self.shift) - 1);
        Some(if self.upper {
            (low << 32, high << 32 | u64::from(u32::MAX))
        } else {
            (low, high)
        })
    }

    /// Writes the bucket of each value; `false` if there may be a NaN.
    fn indices(self, values: &[f64], indices: &mut [u16]) -> bool {
        let last = (self.buckets - 1) as u16;
        if self.upper {
            simd::upper_indices(values, self.base as u32, self.shift, last, indices)
        } else {
            simd::whole_indices(values, self.base, self.shift, last, indices)
        }
    }
}

/// Selects as [`select`](super::select::select) does. `false`, and nothing known, if there is a NaN.
pub(crate) fn select(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
) -> bool {
    let spread = if values.len() < SAMPLED {
        let Some((low, high)) = places_of_extremes(values) else {
            return false;
        };
        if low == high {
            let value = values.first().copied().unwrap_or(f64::NAN);
            found
                .iter_mut()
                .take(ranks.len())
                .for_each(|slot| *slot = value);
            return true;
        }
        Spread::new(low, high, values.len())
    } else {
        let lines = values.as_chunks::<8>().0;
        let sampled = lines.iter().step_by((lines.len() / LINES).max(1));
        // The last line belongs to it: sorted data has its extremes at the ends.
        let sampled = sampled.chain(lines.last()).flatten();
        let (low, high) = sampled.fold((u64::MAX, 0), |(low, high), value| {
            let place = order(*value);
            (low.min(place), high.max(place))
        });
        Spread::new(low, high, values.len())
    };
    level(values, ranks, found, scratch, spread, DEPTH)
}

/// The places of the least and the greatest value in the order of floats; `None` for a NaN.
fn places_of_extremes(values: &[f64]) -> Option<(u64, u64)> {
    let (low, high) = simd::extremes(values)?;
    // Of zeros, a comparison of floats does not tell which sign they have.
    let low = if low == 0.0 { -0.0 } else { low };
    let high = if high == 0.0 { 0.0 } else { high };
    Some((order(low), order(high)))
}

/// One spreading, given a range that may be wrong.
fn level(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
    spread: Spread,
    depth: u32,
) -> bool {
    scratch.indices.resize(values.len(), 0);
    scratch.counts.clear();
    scratch.counts.resize(spread.buckets, 0);
    let mut plain = true;
    for (values, indices) in values.chunks(CHUNK).zip(scratch.indices.chunks_mut(CHUNK)) {
        plain &= spread.indices(values, indices);
        simd::count_indices(&mut scratch.counts, indices);
    }
    if !plain && simd::has_nan(values) {
        return false;
    }
    let mut targets = core::mem::take(&mut scratch.targets);
    find_targets(&scratch.counts, ranks, &mut targets);
    if targets.len() > TARGETS_MAX {
        scratch.targets = targets;
        return select_copy(values, ranks, found, scratch);
    }
    for target in &mut targets {
        target.crowded = target.count > CROWDED && target.count > values.len() / 16;
    }
    let mut light = targets.iter().filter(|target| !target.crowded).copied();
    loop {
        let mut group = [Target::NONE; WANTED];
        let mut filled = 0;
        for (slot, target) in group.iter_mut().zip(&mut light) {
            *slot = target;
            filled += 1;
        }
        if filled == 0 {
            break;
        }
        let group = group.get(..filled).unwrap_or_default();
        look_into(values, ranks, found, scratch, group);
    }
    // These may have to be spread anew, which uses the same memory: they come last.
    let mut done = true;
    for target in targets.iter().filter(|target| target.crowded) {
        if let (Some(ranks), Some(found)) = (
            ranks.get(target.from..target.to),
            found.get_mut(target.from..target.to),
        ) {
            let of = (spread, *target, depth);
            done = done && settle_crowded(values, ranks, found, scratch, of);
        }
    }
    scratch.targets = targets;
    done
}

/// A value of a bucket that was seen twice in three looks.
fn repeated(target: &Target, values: &[f64], indices: &[u16]) -> Option<f64> {
    // In sorted data a bucket's values may be far away: whole groups are compared.
    let look = |from: usize| {
        let rest = indices.get(from..)?;
        let group = rest.chunks(64).position(|group| {
            group
                .iter()
                .fold(false, |any, index| any | (*index == target.bucket))
        })?;
        let from = from + group * 64;
        let found = indices
            .get(from..)?
            .iter()
            .position(|index| *index == target.bucket)?;
        values.get(from + found).copied()
    };
    let third = values.len() / 3;
    let first = look(0)?;
    let (second, last) = (
        look(third).unwrap_or(first),
        look(2 * third).unwrap_or(first),
    );
    let same = |left: f64, right: f64| left.to_bits() == right.to_bits();
    if same(first, second) || same(first, last) {
        Some(first)
    } else {
        same(second, last).then_some(second)
    }
}

/// Finds the buckets of ranks that rise.
fn find_targets(counts: &[u32], ranks: &[usize], targets: &mut Vec<Target>) {
    targets.clear();
    let mut sums = [0; BLOCKS];
    simd::block_sums(counts, 0, &mut sums);
    let mut blocks = counts.chunks(64).zip(sums).enumerate();
    let mut current = blocks.next();
    let mut passed = 0;
    for (place, &rank) in ranks.iter().enumerate() {
        if let Some(last) = targets.last_mut()
            && rank < last.before + last.count
        {
            last.to = place + 1;
            continue;
        }
        while let Some((_, (_, sum))) = current
            && passed + sum as usize <= rank
        {
            passed += sum as usize;
            current = blocks.next();
        }
        let Some((block, (cells, _))) = current else {
            return;
        };
        let at = simd::place_of_rank(cells, (rank - passed) as u64 + 1);
        let before = cells.iter().take(at).sum::<u32>() as usize;
        targets.push(Target {
            bucket: (block * 64 + at) as u16,
            before: passed + before,
            count: cells.get(at).copied().unwrap_or(0) as usize,
            from: place,
            to: place + 1,
            crowded: false,
        });
    }
}

/// Gathers up to [`WANTED`] buckets in one pass and selects among what they hold.
fn look_into(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
    group: &[Target],
) {
    let Scratch {
        gathered, indices, ..
    } = scratch;
    let Some(first) = group.first() else { return };
    let mut wanted = [first.bucket; WANTED];
    for (slot, target) in wanted.iter_mut().zip(group) {
        *slot = target.bucket;
    }
    gathered.clear();
    gathered.reserve(group.iter().map(|target| target.count).sum());
    simd::gather_buckets(values, indices, wanted, gathered);
    let is_small = gathered.len() <= 32;
    if is_small {
        gathered.sort_unstable_by(ascending);
    }
    let mut start = 0;
    for target in group {
        let (Some(ranks), Some(found)) = (
            ranks.get(target.from..target.to),
            found.get_mut(target.from..target.to),
        ) else {
            continue;
        };
        let local = ranks.iter().map(|rank| rank - target.before + start);
        if is_small {
            for (slot, place) in found.iter_mut().zip(local) {
                *slot = gathered.get(place).copied().unwrap_or(f64::NAN);
            }
        } else {
            select_in_place(gathered, local, found);
        }
        start += target.count;
    }
}

/// Answers the ranks of a bucket that holds much: by counting one value that it repeats, and by
/// spreading the bucket anew for what is left.
fn settle_crowded(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
    (spread, target, depth): (Spread, Target, u32),
) -> bool {
    let mut open = 0..ranks.len();
    if let Some(value) = repeated(&target, values, &scratch.indices) {
        let (less, equal) = simd::three_way(values, value);
        let low = ranks.partition_point(|rank| *rank < less as usize);
        let high = ranks.partition_point(|rank| *rank < (less + equal) as usize);
        found
            .iter_mut()
            .take(high)
            .skip(low)
            .for_each(|slot| *slot = value);
        if low == 0 {
            open.start = high;
        } else if high == ranks.len() {
            open.end = low;
        }
    }
    let (Some(ranks @ [_, ..]), Some(found)) = (ranks.get(open.clone()), found.get_mut(open))
    else {
        return true;
    };
    let range = spread
        .range_of(target.bucket)
        .or_else(|| places_of_extremes(values));
    match range {
        Some((low, high)) if low == high => {
            found.fill(of_order(low));
            true
        }
        Some((low, high)) if depth > 0 => {
            let inner = Spread::new(low, high, values.len());
            level(values, ranks, found, scratch, inner, depth - 1)
        }
        _ => select_copy(values, ranks, found, scratch),
    }
}
