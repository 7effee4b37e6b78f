//! Selection: the values at given ranks, without sorting and without touching the input.
//!
//! The copy is partitioned for the lowest rank first, and each further rank only in what lies above
//! it: for the quantiles that people watch that part is tiny.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::exact::ExactError;

/// Memory that is kept between calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    copy: Vec<f64>,
}

/// Writes the value at each rank (from 0, rising, below the length) to the slot of the same place.
pub(crate) fn select(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
) -> Result<(), ExactError> {
    if crate::kernels::has_nan(values) {
        return Err(ExactError::NotANumber);
    }
    scratch.copy.clear();
    scratch.copy.extend_from_slice(values);
    select_in_place(&mut scratch.copy, ranks, found);
    Ok(())
}

/// The same in a slice without NaN that may be reordered.
pub(crate) fn select_in_place(values: &mut [f64], ranks: &[usize], found: &mut [f64]) {
    let (mut rest, mut start) = (values, 0);
    for (&rank, slot) in ranks.iter().zip(found) {
        let place = rank - start;
        if place >= rest.len() {
            return;
        }
        let (_, value, above) = rest.select_nth_unstable_by(place, ascending);
        *slot = *value;
        // The found value stays in front, so that the same rank may be asked for once more.
        let _ = above;
        rest = rest.get_mut(place..).unwrap_or_default();
        start = rank;
    }
}

/// The order of numbers that are no NaN.
fn ascending(left: &f64, right: &f64) -> Ordering {
    left.partial_cmp(right).unwrap_or(Ordering::Equal)
}
