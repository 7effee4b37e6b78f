//! The loops that run over whole arrays: the scalar twins, written so that the compiler can
//! vectorise them.

/// Adds `others` to the counters at the start of `own`. Whether some sum may have wrapped: the
/// caller then looks for sums that are less than their term.
pub(crate) fn add(own: &mut [u32], others: &[u32]) -> bool {
    let mut seen = 0_u32;
    for (cell, &n) in own.iter_mut().zip(others) {
        seen |= *cell | n;
        *cell = cell.wrapping_add(n);
    }
    // Without a top bit in any term no sum of two can wrap.
    seen >> 31 != 0
}

/// How many values are less than a bound.
pub(crate) fn count_below(values: &[f64], bound: f64) -> u64 {
    values.iter().map(|value| u64::from(*value < bound)).sum()
}

/// Whether some value is NaN.
pub(crate) fn has_nan(values: &[f64]) -> bool {
    // Without an early exit, so that it is one pass of vectors.
    values.chunks(1024).any(|chunk| {
        chunk
            .iter()
            .fold(false, |seen, value| seen | value.is_nan())
    })
}
