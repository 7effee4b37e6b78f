//! Selection: the values at given ranks, without sorting and without touching the input.
//!
//! With vectors, a batch is spread over buckets by the bits of its values, and only the buckets of
//! the wanted ranks are looked into. A batch that no cache holds is read once: a sample says between
//! which values each rank must lie, and the pass counts what is below and copies what is inside, a
//! few per cent. The counts prove whether the rank really fell there; if not, buckets decide.
//!
//! Without vectors the batch is copied and partitioned for the lowest rank first, and each further
//! rank only in what lies above it: for the quantiles that people watch that part is tiny.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::{
    exact::{ExactError, bracket, bucket},
    kernels::{self, CHUNK},
    simd,
};

/// Batches up to this size are spread over buckets; for larger ones one pass is all that memory
/// allows.
const LARGE: usize = 1 << 20;
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
    pub(crate) targets: Vec<bucket::Target>,
}

/// Writes the value at each rank (from 0, rising, below the length) to the slot of the same place.
pub(crate) fn select(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
) -> Result<(), ExactError> {
    // Buckets count in 31 bits.
    let countable = TINY..kernels::COUNT as usize;
    let done = if !simd::has_vectors() || !countable.contains(&values.len()) {
        select_copy(values, ranks, found, scratch)
    } else if values.len() <= LARGE {
        bucket::select(values, ranks, found, scratch)
    } else {
        bracket::select(values, ranks, found, scratch)
            || bucket::select(values, ranks, found, scratch)
    };
    if done {
        Ok(())
    } else {
        Err(ExactError::NotANumber)
    }
}

/// The same by partitioning a copy. `false` if there is a NaN.
pub(crate) fn select_copy(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
) -> bool {
    scratch.copy.clear();
    scratch.copy.reserve(values.len());
    for chunk in values.chunks(CHUNK) {
        if simd::has_nan(chunk) {
            return false;
        }
        scratch.copy.extend_from_slice(chunk);
    }
    select_in_place(&mut scratch.copy, ranks.iter().copied(), found);
    true
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
