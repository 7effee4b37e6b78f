//! Loops that a compiler does not turn into good AVX2 code by itself.

use core::arch::x86_64::{
    __m256d, __m256i, _CMP_GT_OQ, _CMP_LE_OQ, _CMP_LT_OQ, _CMP_UNORD_Q, _mm256_add_epi32,
    _mm256_add_pd, _mm256_and_pd, _mm256_castpd_si256, _mm256_castsi256_pd, _mm256_cmp_pd,
    _mm256_loadu_pd, _mm256_loadu_si256, _mm256_movemask_pd, _mm256_or_pd, _mm256_or_si256,
    _mm256_permutevar8x32_epi32, _mm256_set1_pd, _mm256_setzero_pd, _mm256_setzero_si256,
    _mm256_storeu_pd, _mm256_storeu_si256, _mm256_sub_epi64, _mm256_sub_pd,
};

use crate::kernels::{self, BLOCKS, BRACKETS, Brackets};

#[inline]
#[target_feature(enable = "avx2")]
fn integers(of: &[u32; 8]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; the load may be unaligned.
    unsafe { _mm256_loadu_si256(of.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn floats(of: &[f64; 4]) -> __m256d {
    // SAFETY: the reference covers the 32 bytes that are read; the load may be unaligned.
    unsafe { _mm256_loadu_pd(of.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn parts(of: __m256i) -> [u32; 8] {
    let mut parts = [0; 8];
    // SAFETY: the array covers the 32 bytes that are written; the store may be unaligned.
    unsafe { _mm256_storeu_si256(parts.as_mut_ptr().cast(), of) };
    parts
}

#[inline]
#[target_feature(enable = "avx2")]
fn float_parts(of: __m256d) -> [f64; 4] {
    let mut parts = [0.0; 4];
    // SAFETY: the array covers the 32 bytes that are written; the store may be unaligned.
    unsafe { _mm256_storeu_pd(parts.as_mut_ptr(), of) };
    parts
}

/// See [`kernels::block_sums`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64; BLOCKS]) -> bool {
    let mut seen = _mm256_setzero_si256();
    let (vectors, rest) = counts.as_chunks::<8>();
    let (blocks, tail) = vectors.as_chunks::<8>();
    for (index, block) in blocks.iter().enumerate() {
        let mut sum = _mm256_setzero_si256();
        for vector in block {
            let vector = integers(vector);
            sum = _mm256_add_epi32(sum, vector);
            seen = _mm256_or_si256(seen, vector);
        }
        if let Some(slot) = sums.get_mut(index >> shift) {
            *slot += u64::from(
                parts(sum)
                    .iter()
                    .fold(0, |sum: u32, n| sum.wrapping_add(*n)),
            );
        }
    }
    let mut last = 0_u64;
    let mut seen = parts(seen).iter().fold(0, |seen, n| seen | *n);
    for n in tail.iter().flatten().chain(rest) {
        seen |= *n;
        last += u64::from(*n);
    }
    if let Some(slot) = sums.get_mut(blocks.len() >> shift) {
        *slot += last;
    }
    seen >> 26 == 0
}

/// See [`kernels::place_of_rank`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn place_of_rank(counts: &[u32], rank: u64) -> usize {
    kernels::place_of_rank(counts, rank)
}

/// See [`kernels::split_sums`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn split_sums(values: &[f64], magnet: f64) -> (f64, f64) {
    let magnets = _mm256_set1_pd(magnet);
    let zero = _mm256_setzero_pd();
    let (mut high, mut low) = ([zero; 2], [zero; 2]);
    let (vectors, rest) = values.as_chunks::<4>();
    let (pairs, single) = vectors.as_chunks::<2>();
    for pair in pairs {
        for ((high, low), vector) in high.iter_mut().zip(&mut low).zip(pair) {
            let values = floats(vector);
            let cut = _mm256_sub_pd(_mm256_add_pd(values, magnets), magnets);
            *high = _mm256_add_pd(*high, cut);
            *low = _mm256_add_pd(*low, _mm256_sub_pd(values, cut));
        }
    }
    let (mut whole, mut part) = (0.0, 0.0);
    for value in single.iter().flatten().chain(rest) {
        let cut = (*value + magnet) - magnet;
        whole += cut;
        part += *value - cut;
    }
    let [h, i] = high;
    let [l, m] = low;
    let sum = |of: __m256d| float_parts(of).iter().sum::<f64>();
    (whole + sum(h) + sum(i), part + sum(l) + sum(m))
}

/// For each mask of four lanes, the order of 32-bit parts that moves the chosen lanes to the front.
#[expect(
    clippy::indexing_slicing,
    reason = "made when compiling: a wrong index would not build"
)]
static ORDERS: [[u32; 8]; 16] = {
    let mut orders = [[0; 8]; 16];
    let mut mask = 0;
    while mask < 16 {
        let (mut lane, mut to) = (0, 0);
        while lane < 4 {
            if mask >> lane & 1 == 1 {
                orders[mask][to * 2] = lane * 2;
                orders[mask][to * 2 + 1] = lane * 2 + 1;
                to += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    orders
};

/// See [`kernels::gather_brackets`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn gather_brackets(
    values: &[f64],
    brackets: &Brackets,
    out: &mut [f64],
) -> Option<([u64; BRACKETS], usize)> {
    let lows = brackets.lows.map(|low| _mm256_set1_pd(low));
    let highs = brackets.highs.map(|high| _mm256_set1_pd(high));
    let mut counts = [_mm256_setzero_si256(); BRACKETS];
    let mut odd = _mm256_setzero_pd();
    let mut filled = 0;
    let (vectors, rest) = values.as_chunks::<4>();
    for vector in vectors {
        let values = floats(vector);
        odd = _mm256_or_pd(odd, _mm256_cmp_pd::<_CMP_UNORD_Q>(values, values));
        let mut inside = _mm256_setzero_pd();
        for ((low, high), count) in lows.iter().zip(&highs).zip(&mut counts) {
            let at_most = _mm256_cmp_pd::<_CMP_LE_OQ>(values, *low);
            // A lane that is true is -1.
            *count = _mm256_sub_epi64(*count, _mm256_castpd_si256(at_most));
            let above = _mm256_cmp_pd::<_CMP_GT_OQ>(values, *low);
            let below = _mm256_cmp_pd::<_CMP_LT_OQ>(values, *high);
            inside = _mm256_or_pd(inside, _mm256_and_pd(above, below));
        }
        let mask = _mm256_movemask_pd(inside).cast_unsigned() as usize;
        let order = integers(ORDERS.get(mask)?);
        let kept = _mm256_permutevar8x32_epi32(_mm256_castpd_si256(values), order);
        let slot = out.get_mut(filled..)?.first_chunk_mut::<8>()?;
        // SAFETY: the reference covers more than the 32 bytes that are written.
        unsafe { _mm256_storeu_pd(slot.as_mut_ptr(), _mm256_castsi256_pd(kept)) };
        filled += mask.count_ones() as usize;
    }
    if _mm256_movemask_pd(odd) != 0 {
        return None;
    }
    let mut totals = [0; BRACKETS];
    for (total, count) in totals.iter_mut().zip(counts) {
        let mut lanes = [0_u64; 4];
        // SAFETY: the array covers the 32 bytes that are written; the store may be unaligned.
        unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), count) };
        *total = lanes.iter().sum();
    }
    for value in rest {
        filled = kernels::gather_one(*value, brackets, &mut totals, out, filled)?;
    }
    Some((totals, filled))
}
