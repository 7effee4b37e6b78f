//! Selection in a small batch: a histogram of the values' bits, then a look into single buckets.
#![expect(
    clippy::cast_possible_truncation,
    reason = "bucket numbers have 16 bits"
)]

use crate::{
    exact::select::{Scratch, select_in_place},
    kernels::of_order,
    simd,
};

/// Buckets for batches up to 2048 values, and for larger ones: few enough to walk, many enough that
/// a bucket holds few values.
const FEW: u64 = 512;
const MANY: u64 = 2048;
/// A bucket with more values than this is first looked at for being all of one value.
const CROWDED: usize = 64;

/// Selects as [`select`](super::select::select) does; the batch has no NaN.
pub(crate) fn select(values: &[f64], ranks: &[usize], found: &mut [f64], scratch: &mut Scratch) {
    let (low, high) = simd::order_extremes(values);
    if low == high {
        return found
            .iter_mut()
            .take(ranks.len())
            .for_each(|slot| *slot = of_order(low));
    }
    let Scratch {
        gathered,
        indices,
        counts,
        ..
    } = scratch;
    let buckets = if values.len() <= 2048 { FEW } else { MANY };
    let shift = (high - low)
        .checked_ilog2()
        .map_or(0, |top| (top + 1).saturating_sub(buckets.ilog2()));
    indices.resize(values.len(), 0);
    simd::bucket_indices(values, low, shift, indices);
    counts.clear();
    counts.resize(buckets as usize, 0);
    simd::count_indices(counts, indices);
    let mut rest = ranks.iter().zip(found).peekable();
    let mut before = 0;
    for (bucket, &count) in counts.iter().enumerate() {
        let end = before + count as usize;
        if rest.peek().is_some_and(|(rank, _)| **rank < end) {
            gathered.clear();
            if count as usize > CROWDED {
                // Many values in one bucket are often one value many times.
                let (least, greatest) = simd::bucket_extremes(values, indices, bucket as u16);
                if least == greatest {
                    while let Some((_, slot)) = rest.next_if(|(rank, _)| **rank < end) {
                        *slot = of_order(least);
                    }
                    before = end;
                    continue;
                }
            }
            simd::gather_bucket(values, indices, bucket as u16, gathered);
            let mut start = 0;
            while let Some((rank, slot)) = rest.next_if(|(rank, _)| **rank < end) {
                let tail = gathered.get_mut(start..).unwrap_or_default();
                let mut one = [0.0];
                select_in_place(tail, core::iter::once(rank - before - start), &mut one);
                [*slot] = one;
                start = rank - before;
            }
        }
        if rest.peek().is_none() {
            return;
        }
        before = end;
    }
}
