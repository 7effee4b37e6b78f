//! Counters as bits: what differs from a guess, zigzag, Rice code with a parameter per block.
//!
//! Neighbouring buckets hold similar counts, so a guess from the ones before leaves little; a Rice
//! code spends about the entropy of a geometric distribution on that. The guess is the last count,
//! or the line through the last eight, whichever makes fewer bytes. Sixteen values share a
//! parameter, written as its difference from the one before. A block without differences costs one
//! bit.
//!
//! Version 1, which is still read, always guessed the last count and wrote parameters with six bits.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "bits are cut and reinterpreted on purpose"
)]

use alloc::vec::Vec;

use crate::wire::{
    DecodeError,
    bytes::{unzigzag, zigzag},
};

const BLOCK: usize = 16;
/// Version 1: the bits of a parameter, and the one of a block whose differences are all zero.
const PARAMETER_BITS: u32 = 6;
const ALL_ZERO: u32 = 63;
/// The greatest parameter in use: 62 low bits leave a quotient of at most 3.
const PARAMETER_MAX: u32 = 62;
/// The parameter that the first one is compared with.
const PARAMETER_FIRST: u32 = 4;
/// So many ones in a row announce a value in full.
const ESCAPE: u32 = 24;

/// How the code is to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    One,
    Two,
}

/// What a count is guessed to be, from the ones before.
#[derive(Clone, Copy, Debug)]
enum Guess {
    /// The last one; zero at first.
    Last,
    Line(Line),
}

impl Guess {
    const LINE: Self = Self::Line(Line {
        bits: 0,
        sum: 0,
        weighted: 0,
    });

    /// What is written for a count.
    fn code(&mut self, before: &[u64], count: u64) -> u64 {
        let guess = match self {
            Self::Last => before.last().copied().unwrap_or_default(),
            Self::Line(line) => {
                let guess = line.next(before);
                line.push(before, count);
                guess
            }
        };
        zigzag(count.wrapping_sub(guess) as i64)
    }

    /// Adds the counts that were written as these codes.
    fn add(&mut self, codes: &[u64], counts: &mut Vec<u64>) {
        match self {
            Self::Last => {
                let mut last = counts.last().copied().unwrap_or_default();
                counts.extend(codes.iter().map(|code| {
                    last = last.wrapping_add(unzigzag(*code) as u64);
                    last
                }));
            }
            Self::Line(line) => match codes.first_chunk() {
                Some(block) if line.add_small(block, counts) => {}
                Some(_) | None => {
                    for code in codes {
                        let count = line.next(counts).wrapping_add(unzigzag(*code) as u64);
                        line.push(counts, count);
                        counts.push(count);
                    }
                }
            },
        }
    }
}

/// The least-squares line through the last eight counts, one step on; zeros stand before the first. It is
/// the sum of (3·x - 7)·n / 28 over them, x being 0 for the oldest.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// The bits of all counts so far: while they are few, the sums are exact.
    bits: u64,
    /// The sum of the eight.
    sum: i64,
    /// That of each times its weight, -7 for the oldest, 14 for the newest.
    weighted: i64,
}

/// So many counts are behind a line.
const EIGHT: usize = 8;

/// Counts below this keep the sums of eight exact.
const SMALL: u64 = 1 << 54;

impl Line {
    /// The next one, where no count has reached [`SMALL`]. A line below zero is cut there, so that the
    /// division is one of natural numbers.
    #[inline(always)]
    fn next_small(&self) -> u64 {
        self.weighted.wrapping_add(14).max(0) as u64 / 28
    }

    fn next(&self, before: &[u64]) -> u64 {
        if self.bits < SMALL {
            return self.next_small();
        }
        let weights = (0..8).map(|age| 14 - 3 * age);
        let products = weights.zip(before.iter().rev());
        let sum: i128 = products
            .map(|(weight, n)| i128::from(weight) * i128::from(*n))
            .sum();
        (sum + 14).div_euclid(28).clamp(0, i128::from(u64::MAX)) as u64
    }

    fn push(&mut self, before: &[u64], count: u64) {
        let oldest = before
            .len()
            .checked_sub(EIGHT)
            .and_then(|at| before.get(at));
        self.shift(oldest.copied().unwrap_or_default(), count);
    }

    /// One step on: the oldest of the eight goes, a count comes.
    #[inline(always)]
    fn shift(&mut self, oldest: u64, count: u64) {
        let oldest = oldest as i64;
        self.bits |= count;
        // Each of the other seven weighs three less now.
        let others = self.sum.wrapping_sub(oldest);
        self.weighted = self
            .weighted
            .wrapping_add(7_i64.wrapping_mul(oldest))
            .wrapping_sub(3_i64.wrapping_mul(others))
            .wrapping_add(14_i64.wrapping_mul(count as i64));
        self.sum = others.wrapping_add(count as i64);
    }

    /// A whole block at once, if all counts are small: arrays of fixed size keep the chain of sums in
    /// registers. Otherwise nothing has changed.
    fn add_small(&mut self, codes: &[u64; BLOCK], counts: &mut Vec<u64>) -> bool {
        let Some(before) = counts.last_chunk::<EIGHT>() else {
            return false;
        };
        let mut now = *self;
        let mut block = [0; BLOCK];
        let mut last = *before;
        for (made, codes) in block.chunks_exact_mut(EIGHT).zip(codes.chunks_exact(EIGHT)) {
            for ((made, code), oldest) in made.iter_mut().zip(codes).zip(&mut last) {
                *made = now.next_small().wrapping_add(unzigzag(*code) as u64);
                now.shift(*oldest, *made);
                *oldest = *made;
            }
        }
        let are_small = now.bits < SMALL;
        if are_small {
            *self = now;
            counts.extend_from_slice(&block);
        }
        are_small
    }
}

/// Appends the code of the counts.
pub(crate) fn put_counts(out: &mut Vec<u8>, counts: &[u64]) {
    let (plain, line) = (coded(counts, Guess::Last), coded(counts, Guess::LINE));
    out.extend(if line.len() < plain.len() {
        line
    } else {
        plain
    });
}

fn coded(counts: &[u64], guess: Guess) -> Vec<u8> {
    let mut guess = guess;
    let mut out = Vec::new();
    let mut bits = BitWriter {
        out: &mut out,
        pending: 0,
        filled: 0,
    };
    bits.put(u64::from(matches!(guess, Guess::Line(_))), 1);
    let (mut last, mut done) = (PARAMETER_FIRST, 0);
    for block in counts.chunks(BLOCK) {
        let mut codes = [0_u64; BLOCK];
        for (code, &count) in codes.iter_mut().zip(block) {
            *code = guess.code(counts.get(..done).unwrap_or_default(), count);
            done += 1;
        }
        let codes = codes.get(..block.len()).unwrap_or_default();
        let is_zero = codes.iter().all(|code| *code == 0);
        bits.put(u64::from(is_zero), 1);
        if !is_zero {
            let parameter = best_parameter(codes, last);
            bits.put_unary(parameter_step(parameter, last));
            last = parameter;
            for &code in codes {
                bits.put_rice(code, parameter);
            }
        }
    }
    bits.finish();
    out
}

/// The inverse: `length` counts and the number of bytes they took.
pub(crate) fn take_counts(
    bytes: &[u8],
    length: usize,
    version: Version,
) -> Result<(Vec<u64>, usize), DecodeError> {
    // A block takes at least so many bits, so memory is bounded by the input.
    let least = match version {
        Version::One => PARAMETER_BITS as usize,
        Version::Two => 1,
    };
    if length.div_ceil(BLOCK).saturating_mul(least) > bytes.len().saturating_mul(8) {
        return Err(DecodeError::Truncated);
    }
    let mut bits = BitReader { bytes, place: 0 };
    let mut guess = if version == Version::Two && bits.take(1)? == 1 {
        Guess::LINE
    } else {
        Guess::Last
    };
    let mut counts = Vec::with_capacity(length);
    let mut last = PARAMETER_FIRST;
    while counts.len() < length {
        let mut codes = [0; BLOCK];
        let block = BLOCK.min(length - counts.len());
        let codes = codes.get_mut(..block).unwrap_or_default();
        if let Some(parameter) = bits.take_parameter(&mut last, version)? {
            bits.take_block(parameter, codes)?;
        }
        guess.add(codes, &mut counts);
    }
    Ok((counts, bits.place.div_ceil(8)))
}

/// The step from one parameter to the next, as a number to write in unary.
fn parameter_step(parameter: u32, last: u32) -> u32 {
    zigzag(i64::from(parameter) - i64::from(last)) as u32
}

fn best_parameter(codes: &[u64], last: u32) -> u32 {
    let cost = |parameter: u32| -> u64 {
        let step = u64::from(parameter_step(parameter, last));
        step + codes
            .iter()
            .map(|code| rice_cost(*code, parameter))
            .sum::<u64>()
    };
    let widest = codes
        .iter()
        .map(|code| 64 - code.leading_zeros())
        .max()
        .unwrap_or(0);
    let range = widest.saturating_sub(5).min(PARAMETER_MAX)..=widest.min(PARAMETER_MAX);
    range.min_by_key(|parameter| cost(*parameter)).unwrap_or(0)
}

fn rice_cost(code: u64, parameter: u32) -> u64 {
    let quotient = code >> parameter;
    if quotient >= u64::from(ESCAPE) {
        u64::from(ESCAPE) + 64
    } else {
        quotient + 1 + u64::from(parameter)
    }
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    pending: u64,
    filled: u32,
}

impl BitWriter<'_> {
    /// Writes the lowest `n` bits, lowest first; `n` is at most 64.
    fn put(&mut self, value: u64, n: u32) {
        let (mut value, mut n) = (value, n);
        while n > 0 {
            let step = n.min(8 - self.filled);
            let mask = (1_u64 << step) - 1;
            self.pending |= (value & mask) << self.filled;
            value = if step == 64 { 0 } else { value >> step };
            self.filled += step;
            n -= step;
            if self.filled == 8 {
                self.out.push(self.pending as u8);
                (self.pending, self.filled) = (0, 0);
            }
        }
    }

    /// Writes so many ones and a zero.
    fn put_unary(&mut self, n: u32) {
        let mut left = n;
        while left >= 32 {
            self.put(u64::from(u32::MAX), 32);
            left -= 32;
        }
        self.put((1 << left) - 1, left + 1);
    }

    fn put_rice(&mut self, code: u64, parameter: u32) {
        let quotient = code >> parameter;
        if quotient >= u64::from(ESCAPE) {
            self.put((1 << ESCAPE) - 1, ESCAPE);
            self.put(code, 64);
        } else {
            self.put((1 << quotient) - 1, quotient as u32 + 1);
            self.put(code, parameter);
        }
    }

    fn finish(self) {
        if self.filled != 0 {
            self.out.push(self.pending as u8);
        }
    }
}

/// So many bits a look into the input has at least.
const WINDOW: u32 = 57;

struct BitReader<'a> {
    bytes: &'a [u8],
    /// In bits.
    place: usize,
}

impl BitReader<'_> {
    /// The next bits, lowest first: at least [`WINDOW`] of them, zeros past the end.
    fn window(&self) -> u64 {
        let rest = self.bytes.get(self.place / 8..).unwrap_or_default();
        let bits = match rest.first_chunk() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => {
                let bytes = rest.iter().rev();
                bytes.fold(0, |bits, byte| bits << 8 | u64::from(*byte))
            }
        };
        bits >> (self.place % 8)
    }

    fn skip(&mut self, n: u32) -> Result<(), DecodeError> {
        let place = self.place + n as usize;
        if place > self.bytes.len() * 8 {
            return Err(DecodeError::Truncated);
        }
        self.place = place;
        Ok(())
    }

    fn take(&mut self, n: u32) -> Result<u64, DecodeError> {
        if n > WINDOW {
            let low = self.take(32)?;
            return Ok(low | self.take(n - 32)? << 32);
        }
        let bits = self.window() & ((1 << n) - 1);
        self.skip(n)?;
        Ok(bits)
    }

    /// So many ones and a zero.
    fn take_unary(&mut self) -> Result<u64, DecodeError> {
        let mut n = 0;
        loop {
            let ones = self.window().trailing_ones().min(WINDOW);
            n += u64::from(ones);
            if ones < WINDOW {
                self.skip(ones + 1)?;
                return Ok(n);
            }
            self.skip(ones)?;
        }
    }

    /// The parameter of the next block; `None` if its differences are all zero.
    fn take_parameter(
        &mut self,
        last: &mut u32,
        version: Version,
    ) -> Result<Option<u32>, DecodeError> {
        if version == Version::One {
            let parameter = self.take(PARAMETER_BITS)? as u32;
            return Ok((parameter != ALL_ZERO).then_some(parameter));
        }
        if self.take(1)? == 1 {
            return Ok(None);
        }
        let step = self.take_unary()?;
        let wrong = DecodeError::Limit { what: "parameter" };
        let parameter = i64::from(*last)
            .checked_add(unzigzag(step))
            .and_then(|parameter| u32::try_from(parameter).ok());
        *last = parameter
            .filter(|parameter| *parameter <= PARAMETER_MAX)
            .ok_or(wrong)?;
        Ok(Some(*last))
    }

    /// Several values of one parameter: as many at a time as one look into the input holds.
    fn take_block(&mut self, parameter: u32, codes: &mut [u64]) -> Result<(), DecodeError> {
        let low = (1_u64 << parameter) - 1;
        let mut codes = codes.iter_mut();
        let mut next = codes.next();
        while let Some(first) = next {
            *first = self.take_rice(parameter)?;
            let (mut window, mut used) = (self.window(), 0);
            next = codes.find_map(|code| {
                let ones = window.trailing_ones();
                let length = ones + 1 + parameter;
                if used + length > WINDOW || ones >= ESCAPE {
                    return Some(code);
                }
                *code = u64::from(ones) << parameter | (window >> (ones + 1)) & low;
                window >>= length;
                used += length;
                None
            });
            self.skip(used)?;
        }
        Ok(())
    }

    fn take_rice(&mut self, parameter: u32) -> Result<u64, DecodeError> {
        let window = self.window();
        let ones = window.trailing_ones();
        if ones >= ESCAPE {
            self.skip(ESCAPE)?;
            return self.take(64);
        }
        let quotient = u64::from(ones);
        let high = quotient << parameter;
        if high >> parameter != quotient {
            return Err(DecodeError::Limit { what: "count" });
        }
        if ones + 1 + parameter <= WINDOW {
            self.skip(ones + 1 + parameter)?;
            return Ok(high | (window >> (ones + 1)) & ((1 << parameter) - 1));
        }
        self.skip(ones + 1)?;
        Ok(high | self.take(parameter)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(counts: &[u64]) {
        let mut bytes = Vec::new();
        put_counts(&mut bytes, counts);
        let (read, used) = take_counts(&bytes, counts.len(), Version::Two).unwrap();
        assert_eq!((read.as_slice(), used), (counts, bytes.len()));
    }

    #[test]
    fn extreme_counts_survive() {
        round_trip(&[]);
        round_trip(&[u64::MAX, 0, u64::MAX, 1 << 63, (1 << 63) - 1, 1, 0]);
        round_trip(&[0; 100]);
        round_trip(&[7; 33]);
        round_trip(&core::array::from_fn::<u64, 100, _>(|i| {
            1000 + 37 * i as u64
        }));
        round_trip(&core::array::from_fn::<u64, 100, _>(|i| {
            u64::MAX - 37 * i as u64
        }));
    }

    proptest! {
        #[test]
        fn any_counts_survive(counts in prop::collection::vec(any::<(u64, u8)>(), 0..100)) {
            let counts: Vec<u64> = counts.iter().map(|(n, shift)| n >> (shift % 64)).collect();
            round_trip(&counts);
        }

        #[test]
        fn counts_of_one_magnitude_survive(
            counts in prop::collection::vec(any::<u64>(), 0..100),
            bits in 1..=60_u32,
            slope in any::<u32>(),
        ) {
            let slope = u64::from(slope) >> (32 - bits.min(31));
            let line = (0..).map(|i| slope * i);
            let counts: Vec<u64> = line.zip(counts).map(|(line, n)| line + (n >> (64 - bits))).collect();
            round_trip(&counts);
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            length in 0..2000_usize,
        ) {
            for version in [Version::One, Version::Two] {
                if let Ok((counts, used)) = take_counts(&bytes, length, version) {
                    prop_assert_eq!(counts.len(), length);
                    prop_assert!(used <= bytes.len());
                }
            }
        }
    }
}
