//! Selection: the values at given ranks, without sorting and without touching the input.
//!
//! With vectors, a large batch is read once: a sample says between which values each rank must lie,
//! and the pass counts what is below and copies what is inside, a few per cent. The counts prove
//! whether the rank really fell there; if not, the copy below decides. A small batch is spread over
//! buckets by the bits of its values, and only the buckets of the wanted ranks are looked into.
//!
//! Without vectors the batch is copied and partitioned for the lowest rank first, and each further
//! rank only in what lies above it: for the quantiles that people watch that part is tiny.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::{
    exact::{ExactError, bracket, bucket},
    simd,
};

/// Batches up to this size are spread over buckets: the indices fit the second-level cache.
pub(crate) const SMALL: usize = 8192;
/// Below this, setting up buckets costs more than partitioning.
const TINY: usize = 128;

/// Memory that is kept between calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) copy: Vec<f64>,
    pub(crate) sample: Vec<f64>,
    pub(crate) gathered: Vec<f64>,
    pub(crate) indices: Vec<u16>,
    pub(crate) counts: Vec<u32>,
}

/// Writes the value at each rank (from 0, rising, below the length) to the slot of the same place.
pub(crate) fn select(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
) -> Result<(), ExactError> {
    if simd::has_vectors() && values.len() > SMALL {
        if bracket::select(values, ranks, found, scratch) {
            return Ok(());
        }
    } else if simd::has_vectors() && values.len() >= TINY {
        if simd::has_nan(values) {
            return Err(ExactError::NotANumber);
        }
        bucket::select(values, ranks, found, scratch);
        return Ok(());
    }
    if simd::has_nan(values) {
        return Err(ExactError::NotANumber);
    }
    scratch.copy.clear();
    scratch.copy.extend_from_slice(values);
    select_in_place(&mut scratch.copy, ranks.iter().copied(), found);
    Ok(())
}

/// The same in a slice without NaN that may be reordered.
pub(crate) fn select_in_place(
    values: &mut [f64],
    ranks: impl Iterator<Item = usize>,
    found: &mut [f64],
) {
    let (mut rest, mut start) = (values, 0);
    for (rank, slot) in ranks.zip(found) {
        let place = rank - start;
        if place >= rest.len() {
            return;
        }
        let (_, value, _) = rest.select_nth_unstable_by(place, ascending);
        *slot = *value;
        // The found value stays in front, so that the same rank may be asked for once more.
        rest = rest.get_mut(place..).unwrap_or_default();
        start = rank;
    }
}

/// The order of numbers that are no NaN.
pub(crate) fn ascending(left: &f64, right: &f64) -> Ordering {
    left.partial_cmp(right).unwrap_or(Ordering::Equal)
}
