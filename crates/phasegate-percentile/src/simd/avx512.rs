//! Loops that a compiler does not turn into good AVX-512 code by itself.

use core::arch::x86_64::{
    __m512d, __m512i, _mm512_add_epi32, _mm512_add_pd, _mm512_alignr_epi32,
    _mm512_cmplt_epu32_mask, _mm512_loadu_pd, _mm512_loadu_si512, _mm512_or_si512,
    _mm512_reduce_add_epi32, _mm512_reduce_add_pd, _mm512_reduce_or_epi32, _mm512_set1_epi32,
    _mm512_set1_pd, _mm512_setzero_pd, _mm512_setzero_si512, _mm512_sub_pd,
};

use crate::kernels::{self, BLOCKS};

// Bound by single increments, or by memory: wider vectors change nothing.
pub(super) use super::avx2::{
    count_indices, count_places, gather_brackets, gather_buckets, gather_upper,
};

#[inline]
#[target_feature(enable = "avx512f")]
fn integers(of: &[u32; 16]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; the load may be unaligned.
    unsafe { _mm512_loadu_si512(of.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn floats(of: &[f64; 8]) -> __m512d {
    // SAFETY: the reference covers the 64 bytes that are read; the load may be unaligned.
    unsafe { _mm512_loadu_pd(of.as_ptr()) }
}

/// See [`kernels::block_sums`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64; BLOCKS]) -> bool {
    let mut seen = _mm512_setzero_si512();
    let (vectors, rest) = counts.as_chunks::<16>();
    let (blocks, tail) = vectors.as_chunks::<4>();
    for (index, [a, b, c, d]) in blocks.iter().enumerate() {
        let (a, b, c, d) = (integers(a), integers(b), integers(c), integers(d));
        let sum = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
        seen = _mm512_or_si512(
            seen,
            _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d)),
        );
        if let Some(slot) = sums.get_mut(index >> shift) {
            *slot += u64::from(_mm512_reduce_add_epi32(sum).cast_unsigned());
        }
    }
    let mut last = 0_u64;
    let mut seen = _mm512_reduce_or_epi32(seen).cast_unsigned();
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
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn place_of_rank(counts: &[u32], rank: u64) -> usize {
    let (vectors, _) = counts.as_chunks::<16>();
    let (mut base, mut run, mut index) = (0_u64, 0_u64, 0_usize);
    for vector in vectors {
        run += u64::from(_mm512_reduce_add_epi32(integers(vector)).cast_unsigned());
        let below = run < rank;
        base = if below { run } else { base };
        index += usize::from(below);
    }
    let left = rank - base;
    match (vectors.get(index), i32::try_from(left)) {
        (Some(vector), Ok(left)) => {
            // Running sums inside the vector, in four steps of doubling distance.
            let zero = _mm512_setzero_si512();
            let mut sums = integers(vector);
            sums = _mm512_add_epi32(sums, _mm512_alignr_epi32::<15>(sums, zero));
            sums = _mm512_add_epi32(sums, _mm512_alignr_epi32::<14>(sums, zero));
            sums = _mm512_add_epi32(sums, _mm512_alignr_epi32::<12>(sums, zero));
            sums = _mm512_add_epi32(sums, _mm512_alignr_epi32::<8>(sums, zero));
            let below = _mm512_cmplt_epu32_mask(sums, _mm512_set1_epi32(left));
            index * 16 + below.count_ones() as usize
        }
        _ => {
            index * 16 + kernels::place_of_rank(counts.get(index * 16..).unwrap_or_default(), left)
        }
    }
}

/// See [`kernels::split_sums`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn split_sums(values: &[f64], magnet: f64) -> (f64, f64) {
    let magnets = _mm512_set1_pd(magnet);
    let zero = _mm512_setzero_pd();
    let (mut high, mut low) = ([zero; 2], [zero; 2]);
    let (vectors, rest) = values.as_chunks::<8>();
    let (pairs, single) = vectors.as_chunks::<2>();
    for pair in pairs {
        for ((high, low), vector) in high.iter_mut().zip(&mut low).zip(pair) {
            let values = floats(vector);
            let cut = _mm512_sub_pd(_mm512_add_pd(values, magnets), magnets);
            *high = _mm512_add_pd(*high, cut);
            *low = _mm512_add_pd(*low, _mm512_sub_pd(values, cut));
        }
    }
    let single = single.iter().flatten();
    let (mut whole, mut part) = (0.0, 0.0);
    for value in single.chain(rest) {
        let cut = (*value + magnet) - magnet;
        whole += cut;
        part += *value - cut;
    }
    let [h, i] = high;
    let [l, m] = low;
    (
        whole + _mm512_reduce_add_pd(_mm512_add_pd(h, i)),
        part + _mm512_reduce_add_pd(_mm512_add_pd(l, m)),
    )
}
