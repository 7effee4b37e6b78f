//! Loops that a compiler does not turn into good AVX-512 code by itself.

use core::arch::x86_64::{
    __m128i, __m256i, __m512d, __m512i, _mm_add_epi32, _mm256_add_epi32, _mm256_castsi256_si128,
    _mm256_cvtepu32_epi64, _mm256_extracti128_si256, _mm256_hadd_epi32, _mm256_storeu_si256,
    _mm512_add_epi32, _mm512_add_pd, _mm512_and_si512, _mm512_castsi512_si256,
    _mm512_extracti64x4_epi64, _mm512_loadu_pd, _mm512_loadu_si512, _mm512_maskz_loadu_epi32,
    _mm512_or_si512, _mm512_reduce_add_epi32, _mm512_reduce_add_pd, _mm512_reduce_or_epi32,
    _mm512_set1_epi32, _mm512_set1_pd, _mm512_setzero_pd, _mm512_setzero_si512,
    _mm512_storeu_si512, _mm512_sub_pd, _mm512_test_epi32_mask,
};

use crate::kernels::{self, COUNT};

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

/// Up to sixteen numbers, and zeros after the last one.
#[inline]
#[target_feature(enable = "avx512f,bmi2")]
fn some_integers(of: &[u32]) -> __m512i {
    // SAFETY: only numbers that the slice has are read, as many as the mask has bits.
    unsafe { _mm512_maskz_loadu_epi32(mask_of(of.len()), of.as_ptr().cast()) }
}

/// A bit for each of the first `n` parts of a vector.
#[inline(always)]
fn mask_of(n: usize) -> u16 {
    u16::MAX
        .checked_shr(16_u32.saturating_sub(u32::try_from(n).unwrap_or(16)))
        .unwrap_or(0)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn counts_of(cells: __m512i) -> __m512i {
    _mm512_and_si512(cells, _mm512_set1_epi32(COUNT.cast_signed()))
}

/// The 64 cells of a block, fewer in the last one.
#[inline]
#[target_feature(enable = "avx512f,bmi2")]
fn cells(block: &[u32]) -> [__m512i; 4] {
    if let Ok(block) = <&[u32; 64]>::try_from(block)
        && let ([a, b, c, d], _) = block.as_chunks::<16>()
    {
        return [integers(a), integers(b), integers(c), integers(d)];
    }
    // What begins at the end is empty, but not nowhere: see `block_sums`.
    let part = |from: usize| block.get(from.min(block.len())..).unwrap_or_default();
    [
        some_integers(part(0)),
        some_integers(part(16)),
        some_integers(part(32)),
        some_integers(part(48)),
    ]
}

/// The sums of four vectors' parts, in order.
#[inline]
#[target_feature(enable = "avx512f,avx2")]
fn four_sums([a, b, c, d]: [__m512i; 4]) -> __m128i {
    let (a, b, c, d) = (halved(a), halved(b), halved(c), halved(d));
    let all = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    _mm_add_epi32(
        _mm256_castsi256_si128(all),
        _mm256_extracti128_si256::<1>(all),
    )
}

/// The upper half of a vector added to the lower one.
#[inline]
#[target_feature(enable = "avx512f,avx2")]
fn halved(of: __m512i) -> __m256i {
    _mm256_add_epi32(
        _mm512_castsi512_si256(of),
        _mm512_extracti64x4_epi64::<1>(of),
    )
}

/// See [`kernels::block_sums`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64]) -> bool {
    let mut seen = _mm512_setzero_si512();
    let (blocks, rest) = counts.as_chunks::<64>();
    let (fours, few) = blocks.as_chunks::<4>();
    if counts.len() <= 64 {
        // One block: narrow data.
        let [a, b, c, d] = cells(counts);
        let any = _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d));
        let (a, b, c, d) = (counts_of(a), counts_of(b), counts_of(c), counts_of(d));
        let sum = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
        if let Some(slot) = sums.first_mut() {
            *slot = u64::from(_mm512_reduce_add_epi32(sum).cast_unsigned());
        }
        return (_mm512_reduce_or_epi32(any).cast_unsigned() & COUNT) >> 26 == 0;
    }
    let mut index = 0;
    for [a, b, c, d] in fours {
        let parts = four_parts([a, b, c, d], &mut seen);
        put_sums(&parts, index, shift, sums);
        index += 4;
    }
    // Empty ones are not nowhere: a read that is masked off from memory that is not there is slow.
    let (none, _) = counts.split_at(0);
    let last = match few {
        [] => [rest, none, none, none],
        [a] => [a, rest, none, none],
        [a, b] => [a, b, rest, none],
        [a, b, c, ..] => [a, b, c, rest],
    };
    let parts = four_parts(last, &mut seen);
    put_sums(&parts, index, shift, sums);
    let seen = _mm512_reduce_or_epi32(seen).cast_unsigned();
    (seen & COUNT) >> 26 == 0
}

/// The sums of up to four blocks.
#[inline]
#[target_feature(enable = "avx512f,avx2,bmi2")]
fn four_parts<T: AsRef<[u32]> + ?Sized>(blocks: [&T; 4], seen: &mut __m512i) -> [u64; 4] {
    let mut any = *seen;
    let [a, b, c, d] = blocks.map(|block| {
        let [a, b, c, d] = cells(block.as_ref());
        any = _mm512_or_si512(
            any,
            _mm512_or_si512(_mm512_or_si512(a, b), _mm512_or_si512(c, d)),
        );
        let (a, b, c, d) = (counts_of(a), counts_of(b), counts_of(c), counts_of(d));
        _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d))
    });
    *seen = any;
    let wide = _mm256_cvtepu32_epi64(four_sums([a, b, c, d]));
    let mut parts = [0_u64; 4];
    // SAFETY: the array covers the 32 bytes that are written; the store may be unaligned.
    unsafe { _mm256_storeu_si256(parts.as_mut_ptr().cast(), wide) };
    parts
}

/// Writes the sums of four blocks from the block `index` on.
#[inline]
fn put_sums(parts: &[u64; 4], index: usize, shift: u32, sums: &mut [u64]) {
    if shift == 0
        && let Some(slots) = sums.get_mut(index..index + 4)
    {
        slots.copy_from_slice(parts);
        return;
    }
    for (part, block) in parts.iter().zip(index..) {
        if let Some(slot) = sums.get_mut(block >> shift) {
            *slot += part;
        }
    }
}

/// See [`kernels::add`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn add(own: &mut [u32], others: &[u32]) -> bool {
    let length = own.len().min(others.len());
    let (Some(own), Some(others)) = (own.get_mut(..length), others.get(..length)) else {
        return false;
    };
    let (Some(first), Some(last)) = (
        sixteen_sums(own, others, 0),
        sixteen_sums(own, others, length.wrapping_sub(16)),
    ) else {
        return kernels::add(own, others);
    };
    let mut seen = _mm512_or_si512(first.1, last.1);
    // Whole lines of the cache from the first full one on: what crosses a border is stored twice. The
    // sums of both ends, which lie over them in part, were made before and are stored after them.
    let lead = own.as_ptr().align_offset(64);
    if lead >= 16 {
        return kernels::add(own, others);
    }
    let lines = own
        .get_mut(lead..)
        .unwrap_or_default()
        .as_chunks_mut::<16>()
        .0;
    let other_lines = others.get(lead..).unwrap_or_default().as_chunks::<16>().0;
    for (line, others) in lines.iter_mut().zip(other_lines) {
        let (cells, others) = (integers(line), integers(others));
        seen = _mm512_or_si512(seen, _mm512_or_si512(cells, others));
        store(line, _mm512_add_epi32(cells, counts_of(others)));
    }
    if let Some(cells) = own.first_chunk_mut() {
        store(cells, first.0);
    }
    if let Some(cells) = own.last_chunk_mut() {
        store(cells, last.0);
    }
    let top = _mm512_set1_epi32((COUNT ^ (COUNT >> 1)).cast_signed());
    _mm512_test_epi32_mask(seen, top) != 0
}

/// Sixteen sums from a place on, and the bits of all that went into them.
#[inline]
#[target_feature(enable = "avx512f")]
fn sixteen_sums(own: &[u32], others: &[u32], from: usize) -> Option<(__m512i, __m512i)> {
    let cells = integers(own.get(from..)?.first_chunk()?);
    let others = integers(others.get(from..)?.first_chunk()?);
    let sums = _mm512_add_epi32(cells, counts_of(others));
    Some((sums, _mm512_or_si512(cells, others)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(to: &mut [u32; 16], vector: __m512i) {
    // SAFETY: the array covers the 64 bytes that are written; the store may be unaligned.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), vector) };
}

/// The place in a block of counters at which the running sum reaches `rank`. With branches: who asks
/// again and again asks about nearly the same counters, and a branch that is foreseen waits for nothing.
#[inline]
#[target_feature(enable = "avx512f")]
fn place_in_block(block: &[u32], rank: u64) -> usize {
    let (lines, rest) = block.as_chunks::<16>();
    let (mut left, mut place) = (rank, 0);
    let mut last = rest;
    for line in lines {
        let sum = _mm512_reduce_add_epi32(counts_of(integers(line))).cast_unsigned();
        if left <= u64::from(sum) {
            last = line;
            break;
        }
        left -= u64::from(sum);
        place += 16;
    }
    for cell in last {
        let n = u64::from(cell & COUNT);
        if left <= n {
            break;
        }
        left -= n;
        place += 1;
    }
    place
}

/// See [`kernels::place_of_rank`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn place_of_rank(counts: &[u32], rank: u64) -> usize {
    place_in_block(counts, rank)
}

/// See [`kernels::places_of_ranks`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn places_of_ranks(counts: &[u32], shift: u32, sums: &[u64], ranks: &mut [u64]) {
    let (mut index, mut before) = (0, 0);
    for rank in ranks {
        if *rank <= before {
            // Ranks that rise go on where the one before was found.
            (index, before) = (0, 0);
        }
        while let Some(sum) = sums.get(index)
            && *sum < *rank
        {
            (index, before) = (index + 1, *sum);
        }
        let start = (index << (6 + shift)).min(counts.len());
        let rest = counts.get(start..).unwrap_or_default();
        let block = rest.get(..64 << shift).unwrap_or(rest);
        *rank = (start + place_in_block(block, *rank - before)) as u64;
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
