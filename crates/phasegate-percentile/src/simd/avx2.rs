//! Loops that a compiler does not turn into good AVX2 code by itself.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "masks have eight bits; indices run over arrays of the same length"
)]

use alloc::vec::Vec;
use core::arch::x86_64::{
    __m128i, __m256d, __m256i, _CMP_LE_OQ, _CMP_LT_OQ, _CMP_UNORD_Q, _mm_broadcastw_epi16,
    _mm_loadu_si128, _mm_testz_si128, _mm_xor_si128, _mm256_add_epi32, _mm256_add_pd,
    _mm256_and_si256, _mm256_andnot_pd, _mm256_broadcastd_epi32, _mm256_castpd_ps,
    _mm256_castpd_si256, _mm256_castps_si256, _mm256_castsi256_ps, _mm256_castsi256_si128,
    _mm256_cmp_pd, _mm256_cmpeq_epi16, _mm256_cmpgt_epi32, _mm256_hadd_epi32, _mm256_loadu_pd,
    _mm256_loadu_si256, _mm256_max_epu32, _mm256_movemask_epi8, _mm256_movemask_pd,
    _mm256_movemask_ps, _mm256_or_pd, _mm256_or_si256, _mm256_permute2x128_si256,
    _mm256_set1_epi16, _mm256_set1_epi32, _mm256_set1_pd, _mm256_setzero_pd, _mm256_setzero_si256,
    _mm256_shuffle_epi32, _mm256_shuffle_ps, _mm256_slli_si256, _mm256_srai_epi32,
    _mm256_srli_epi32, _mm256_storeu_pd, _mm256_storeu_si256, _mm256_sub_epi32, _mm256_sub_epi64,
    _mm256_sub_pd, _mm256_testz_si256, _mm256_xor_si256,
};

use crate::kernels::{self, BRACKETS, Brackets, CHUNK, COUNT, Counts, UpperBrackets, WANTED};

#[inline]
#[target_feature(enable = "avx2")]
fn integers(of: &[u32; 8]) -> __m256i {
    // SAFETY: the reference covers the 32 bytes that are read; the load may be unaligned.
    unsafe { _mm256_loadu_si256(of.as_ptr().cast()) }
}

/// The counts of cells.
#[inline]
#[target_feature(enable = "avx2")]
fn cells(of: &[u32; 8]) -> __m256i {
    _mm256_and_si256(integers(of), _mm256_set1_epi32(COUNT.cast_signed()))
}

#[inline]
#[target_feature(enable = "avx2")]
fn shorts(of: &[u16; 8]) -> __m128i {
    // SAFETY: the reference covers the 16 bytes that are read; the load may be unaligned.
    unsafe { _mm_loadu_si128(of.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn sixteen(of: &[u16; 16]) -> __m256i {
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

/// The sums of eight vectors' parts, in order.
#[inline]
#[target_feature(enable = "avx2")]
fn eight_sums([a, b, c, d, e, f, g, h]: [__m256i; 8]) -> __m256i {
    let left = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    let right = _mm256_hadd_epi32(_mm256_hadd_epi32(e, f), _mm256_hadd_epi32(g, h));
    _mm256_add_epi32(
        _mm256_permute2x128_si256::<0x20>(left, right),
        _mm256_permute2x128_si256::<0x31>(left, right),
    )
}

/// Running sums of a vector's parts, each with its own included.
#[inline]
#[target_feature(enable = "avx2")]
fn running(of: __m256i) -> __m256i {
    let pairs = _mm256_add_epi32(of, _mm256_slli_si256::<4>(of));
    let halves = _mm256_add_epi32(pairs, _mm256_slli_si256::<8>(pairs));
    // The sum of the lower half, in all parts of the upper one.
    let lower = _mm256_permute2x128_si256::<0x08>(halves, halves);
    _mm256_add_epi32(halves, _mm256_shuffle_epi32::<0xFF>(lower))
}

/// How many parts are less than a bound, all of them unsigned.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn parts_below(of: __m256i, bound: u32) -> usize {
    let sign = _mm256_set1_epi32(i32::MIN);
    let bound = _mm256_xor_si256(_mm256_set1_epi32(bound.cast_signed()), sign);
    let below = _mm256_cmpgt_epi32(bound, _mm256_xor_si256(of, sign));
    _mm256_movemask_ps(_mm256_castsi256_ps(below)).count_ones() as usize
}

/// See [`kernels::block_sums`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn block_sums(counts: &[u32], shift: u32, sums: &mut [u64]) -> bool {
    let zero = _mm256_setzero_si256();
    let mut seen = zero;
    let (vectors, rest) = counts.as_chunks::<8>();
    let (blocks, tail) = vectors.as_chunks::<8>();
    let mut index = 0;
    for eight in blocks.chunks(8) {
        let mut lanes = [zero; 8];
        for (sum, block) in lanes.iter_mut().zip(eight) {
            let [a, b, c, d, e, f, g, h] = block;
            let (a, b, c, d) = (cells(a), cells(b), cells(c), cells(d));
            let (e, f, g, h) = (cells(e), cells(f), cells(g), cells(h));
            let left = _mm256_add_epi32(_mm256_add_epi32(a, b), _mm256_add_epi32(c, d));
            let right = _mm256_add_epi32(_mm256_add_epi32(e, f), _mm256_add_epi32(g, h));
            *sum = _mm256_add_epi32(left, right);
            let left = _mm256_or_si256(_mm256_or_si256(a, b), _mm256_or_si256(c, d));
            let right = _mm256_or_si256(_mm256_or_si256(e, f), _mm256_or_si256(g, h));
            seen = _mm256_or_si256(seen, _mm256_or_si256(left, right));
        }
        for sum in parts(eight_sums(lanes)).into_iter().take(eight.len()) {
            if let Some(slot) = sums.get_mut(index >> shift) {
                *slot += u64::from(sum);
            }
            index += 1;
        }
    }
    let mut last = 0_u64;
    let mut seen = parts(seen).iter().fold(0, |seen, n| seen | *n);
    for n in tail.iter().flatten().chain(rest) {
        seen |= *n;
        last += u64::from(*n & COUNT);
    }
    if let Some(slot) = sums.get_mut(blocks.len() >> shift) {
        *slot += last;
    }
    (seen & COUNT) >> 26 == 0
}

/// See [`kernels::add`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn add(own: &mut [u32], others: &[u32]) -> bool {
    kernels::add(own, others)
}

/// See [`kernels::places_of_ranks`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn places_of_ranks(counts: &[u32], shift: u32, sums: &[u64], ranks: &mut [u64]) {
    for rank in ranks {
        let (start, block, left) = kernels::block_of_rank(counts, shift, sums, *rank);
        *rank = (start + place_of_rank(block, left)) as u64;
    }
}

/// See [`kernels::place_of_rank`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn place_of_rank(counts: &[u32], rank: u64) -> usize {
    let (vectors, _) = counts.as_chunks::<8>();
    let (groups, _) = vectors.as_chunks::<8>();
    let (mut left, mut place) = (rank, 0);
    for group in groups {
        let [a, b, c, d, e, f, g, h] = group;
        let sums = running(eight_sums([
            cells(a),
            cells(b),
            cells(c),
            cells(d),
            cells(e),
            cells(f),
            cells(g),
            cells(h),
        ]));
        let totals = parts(sums);
        let [.., total] = totals;
        match u32::try_from(left) {
            Ok(left) if left <= total => {
                let index = parts_below(sums, left);
                let before = index.checked_sub(1).and_then(|index| totals.get(index));
                let Some(inside) = group.get(index) else {
                    return place;
                };
                let left = left - before.copied().unwrap_or(0);
                return place + index * 8 + parts_below(running(cells(inside)), left);
            }
            Ok(_) | Err(_) => left -= u64::from(total),
        }
        place += 64;
    }
    place + kernels::place_of_rank(counts.get(place..).unwrap_or_default(), left)
}

/// See [`kernels::count_places`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn count_places(counts: &mut [u32], places: &[u32]) {
    let (groups, rest) = places.as_chunks::<8>();
    for group in groups {
        let vector = integers(group);
        let first = _mm256_broadcastd_epi32(_mm256_castsi256_si128(vector));
        let odd = _mm256_xor_si256(vector, first);
        if _mm256_testz_si256(odd, odd) == 1 {
            let [first, ..] = *group;
            kernels::count(counts, first, 8);
        } else {
            group
                .iter()
                .for_each(|place| kernels::count(counts, *place, 1));
        }
    }
    for place in rest {
        kernels::count(counts, *place, 1);
    }
}

/// See [`kernels::count_indices`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn count_indices(counts: &mut [u32], indices: &[u16]) {
    let (groups, rest) = indices.as_chunks::<8>();
    for group in groups {
        let vector = shorts(group);
        let odd = _mm_xor_si128(vector, _mm_broadcastw_epi16(vector));
        if _mm_testz_si128(odd, odd) == 1 {
            let [first, ..] = *group;
            kernels::count(counts, u32::from(first), 8);
        } else {
            for index in group {
                kernels::count(counts, u32::from(*index), 1);
            }
        }
    }
    for index in rest {
        kernels::count(counts, u32::from(*index), 1);
    }
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

/// The sum of four counters.
#[inline]
#[target_feature(enable = "avx2")]
fn sum_of_quads(of: __m256i) -> u64 {
    let mut lanes = [0_u64; 4];
    // SAFETY: the array covers the 32 bytes that are written; the store may be unaligned.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), of) };
    lanes.iter().sum()
}

/// Appends the values of a chunk whose bits are set. Bit `8·i + j` stands for the value at
/// `8·i + order[j]`.
#[inline]
#[target_feature(enable = "bmi1")]
fn take_marked(chunk: &[f64], marks: &[u8], order: [u8; 8], out: &mut Vec<f64>) {
    let (words, _) = marks.as_chunks::<8>();
    for (start, word) in (0..).step_by(64).zip(words) {
        let mut bits = u64::from_le_bytes(*word);
        while bits != 0 {
            let bit = bits.trailing_zeros() as usize;
            let place = order.get(bit % 8).copied().unwrap_or(0);
            let found = chunk.get(start + bit / 8 * 8 + usize::from(place));
            out.extend(found);
            bits &= bits - 1;
        }
    }
}

/// See [`kernels::gather_brackets`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn gather_brackets(
    values: &[f64],
    brackets: &Brackets,
    limit: usize,
    out: &mut Vec<f64>,
) -> Option<Counts> {
    match brackets.used {
        1 => gather_whole::<1>(values, brackets, limit, out),
        2 => gather_whole::<2>(values, brackets, limit, out),
        3 => gather_whole::<3>(values, brackets, limit, out),
        _ => gather_whole::<BRACKETS>(values, brackets, limit, out),
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn gather_whole<const N: usize>(
    values: &[f64],
    brackets: &Brackets,
    limit: usize,
    out: &mut Vec<f64>,
) -> Option<Counts> {
    let lows: [__m256d; N] = first_of(&brackets.lows, |low| _mm256_set1_pd(low))?;
    let highs: [__m256d; N] = first_of(&brackets.highs, |high| _mm256_set1_pd(high))?;
    let (mut at_most, mut less) = ([_mm256_setzero_si256(); N], [_mm256_setzero_si256(); N]);
    let mut odd = _mm256_setzero_pd();
    let mut counts = Counts::default();
    for chunk in values.chunks(CHUNK) {
        let mut marks = [0_u8; CHUNK / 8];
        let (groups, rest) = chunk.as_chunks::<8>();
        for (mark, group) in marks.iter_mut().zip(groups) {
            let mut mask = 0;
            for (half, vector) in group.as_chunks::<4>().0.iter().enumerate() {
                let values = floats(vector);
                odd = _mm256_or_pd(odd, _mm256_cmp_pd::<_CMP_UNORD_Q>(values, values));
                let mut inside = _mm256_setzero_pd();
                for i in 0..N {
                    let low = _mm256_cmp_pd::<_CMP_LE_OQ>(values, lows[i]);
                    let high = _mm256_cmp_pd::<_CMP_LT_OQ>(values, highs[i]);
                    // A lane that is true is -1.
                    at_most[i] = _mm256_sub_epi64(at_most[i], _mm256_castpd_si256(low));
                    less[i] = _mm256_sub_epi64(less[i], _mm256_castpd_si256(high));
                    inside = _mm256_or_pd(inside, _mm256_andnot_pd(low, high));
                }
                mask |= _mm256_movemask_pd(inside) << (4 * half);
            }
            *mark = mask as u8;
        }
        take_marked(chunk, &marks, [0, 1, 2, 3, 4, 5, 6, 7], out);
        for value in rest {
            kernels::gather_one(*value, brackets, &mut counts, out)?;
        }
        if out.len() > limit {
            return None;
        }
    }
    let totals = counts.at_most.iter_mut().zip(&mut counts.less);
    for ((total, total_less), (at_most, less)) in totals.zip(at_most.into_iter().zip(less)) {
        *total += sum_of_quads(at_most);
        *total_less += sum_of_quads(less);
    }
    (_mm256_movemask_pd(odd) == 0).then_some(counts)
}

/// The first of some numbers, each as a vector.
#[inline]
#[target_feature(enable = "avx2")]
fn first_of<T: Copy, V, const N: usize>(of: &[T], vector: impl Fn(T) -> V) -> Option<[V; N]> {
    let first: [T; N] = of.first_chunk().copied()?;
    Some(first.map(vector))
}

/// See [`kernels::gather_upper`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn gather_upper(
    values: &[f64],
    brackets: &UpperBrackets,
    limit: usize,
    out: &mut Vec<f64>,
) -> Option<[u64; BRACKETS]> {
    match brackets.used {
        1 => gather_halves::<1>(values, brackets, limit, out),
        2 => gather_halves::<2>(values, brackets, limit, out),
        3 => gather_halves::<3>(values, brackets, limit, out),
        _ => gather_halves::<BRACKETS>(values, brackets, limit, out),
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
fn gather_halves<const N: usize>(
    values: &[f64],
    brackets: &UpperBrackets,
    limit: usize,
    out: &mut Vec<f64>,
) -> Option<[u64; BRACKETS]> {
    let lows: [__m256i; N] = first_of(&brackets.lows, |low| _mm256_set1_epi32(low))?;
    let highs: [__m256i; N] = first_of(&brackets.highs, |high| _mm256_set1_epi32(high))?;
    let mut greatest = _mm256_setzero_si256();
    let mut below = [0; BRACKETS];
    for chunk in values.chunks(CHUNK) {
        let mut marks = [0_u8; CHUNK / 8];
        let mut above = [_mm256_setzero_si256(); N];
        let (groups, rest) = chunk.as_chunks::<8>();
        for (mark, group) in marks.iter_mut().zip(groups) {
            let halves = upper_halves(group);
            // Without the sign; infinities and NaN are above all others.
            greatest = _mm256_max_epu32(greatest, _mm256_add_epi32(halves, halves));
            let flipped = _mm256_srli_epi32::<1>(_mm256_srai_epi32::<31>(halves));
            let places = _mm256_xor_si256(halves, flipped);
            let mut inside = _mm256_setzero_si256();
            for i in 0..N {
                let over = _mm256_cmpgt_epi32(places, lows[i]);
                let under = _mm256_cmpgt_epi32(highs[i], places);
                above[i] = _mm256_sub_epi32(above[i], over);
                inside = _mm256_or_si256(inside, _mm256_and_si256(over, under));
            }
            *mark = _mm256_movemask_ps(_mm256_castsi256_ps(inside)) as u8;
        }
        take_marked(chunk, &marks, [0, 1, 4, 5, 2, 3, 6, 7], out);
        for (below, above) in below.iter_mut().zip(above) {
            let above: u32 = parts(above).iter().sum();
            *below += (groups.len() * 8) as u64 - u64::from(above);
        }
        for value in rest {
            kernels::gather_one_upper(*value, brackets, &mut below, out)?;
        }
        if out.len() > limit {
            return None;
        }
    }
    let is_finite = parts(greatest).iter().all(|half| *half < 0x7FF0_0000 << 1);
    is_finite.then_some(below)
}

/// The upper halves of eight values, in the order 0, 1, 4, 5, 2, 3, 6, 7.
#[inline]
#[target_feature(enable = "avx2")]
fn upper_halves(of: &[f64; 8]) -> __m256i {
    let ([left, right], _) = of.as_chunks::<4>() else {
        return _mm256_setzero_si256();
    };
    let (left, right) = (
        _mm256_castpd_ps(floats(left)),
        _mm256_castpd_ps(floats(right)),
    );
    _mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(left, right))
}

/// See [`kernels::gather_buckets`].
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt,lzcnt")]
pub(super) fn gather_buckets(
    values: &[f64],
    indices: &[u16],
    wanted: [u16; WANTED],
    out: &mut Vec<f64>,
) {
    let [a, b, c, d] = wanted.map(|index| _mm256_set1_epi16(index.cast_signed()));
    let (groups, rest) = values.as_chunks::<16>();
    let (index_groups, index_rest) = indices.as_chunks::<16>();
    for (group, indices) in groups.iter().zip(index_groups) {
        let indices = sixteen(indices);
        let left = _mm256_or_si256(
            _mm256_cmpeq_epi16(indices, a),
            _mm256_cmpeq_epi16(indices, b),
        );
        let right = _mm256_or_si256(
            _mm256_cmpeq_epi16(indices, c),
            _mm256_cmpeq_epi16(indices, d),
        );
        // Two bits for each index.
        let mask = _mm256_movemask_epi8(_mm256_or_si256(left, right)).cast_unsigned();
        let mut bits = mask & 0x5555_5555;
        while bits != 0 {
            out.extend(group.get(bits.trailing_zeros() as usize / 2));
            bits &= bits - 1;
        }
    }
    kernels::gather_buckets(rest, index_rest, wanted, out);
}
