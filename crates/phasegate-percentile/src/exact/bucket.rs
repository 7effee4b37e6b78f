//! Selection in a small batch: a histogram of the values' bits, then a look into single buckets.
#![expect(
    clippy::cast_possible_truncation,
    reason = "bucket numbers have 16 bits"
)]

use crate::{
    exact::select::{Scratch, select_in_place},
    simd,
};

/// Buckets for batches up to 2048 values, and for larger ones: few enough to walk, many enough that
/// a bucket holds few values.
const FEW: u64 = 512;
const MANY: u64 = 2048;

/// Selects as [`select`](super::select::select) does; the batch has no NaN.
pub(crate) fn select(values: &[f64], ranks: &[usize], found: &mut [f64], scratch: &mut Scratch) {
    let (low, high) = simd::order_extremes(values);
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
    for index in indices.iter() {
        if let Some(count) = counts.get_mut(usize::from(*index)) {
            *count += 1;
        }
    }
    let mut rest = ranks.iter().zip(found).peekable();
    let mut before = 0;
    for (bucket, &count) in counts.iter().enumerate() {
        let end = before + count as usize;
        if rest.peek().is_some_and(|(rank, _)| **rank < end) {
            gathered.clear();
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
