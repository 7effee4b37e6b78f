//! Counters as bits: differences of neighbours, zigzag, Rice code with a parameter per block.
//!
//! Neighbouring buckets hold similar counts, so their differences are small; a Rice code spends
//! about the entropy of a geometric distribution on each. Sixteen values share a parameter. A block
//! of zeros costs six bits.
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
const PARAMETER_BITS: u32 = 6;
/// The parameter of a block whose differences are all zero.
const ALL_ZERO: u32 = 63;
/// The greatest parameter in use: 62 low bits leave a quotient of at most 3.
const PARAMETER_MAX: u32 = 62;
/// So many ones in a row announce a value in full.
const ESCAPE: u32 = 24;

/// Appends the code of the counts.
pub(crate) fn put_counts(out: &mut Vec<u8>, counts: &[u64]) {
    let mut bits = BitWriter {
        out,
        pending: 0,
        filled: 0,
    };
    let mut previous = 0_u64;
    for block in counts.chunks(BLOCK) {
        let mut coded = [0_u64; BLOCK];
        for (code, &count) in coded.iter_mut().zip(block) {
            *code = zigzag(count.wrapping_sub(previous) as i64);
            previous = count;
        }
        let Some(coded) = coded.get(..block.len()) else {
            return;
        };
        let parameter = best_parameter(coded);
        bits.put(u64::from(parameter), PARAMETER_BITS);
        if parameter != ALL_ZERO {
            for &code in coded {
                bits.put_rice(code, parameter);
            }
        }
    }
    bits.finish();
}

/// The inverse: `length` counts and the number of bytes they took.
pub(crate) fn take_counts(bytes: &[u8], length: usize) -> Result<(Vec<u64>, usize), DecodeError> {
    // A block takes at least six bits, so memory is bounded by the input.
    if length
        .div_ceil(BLOCK)
        .saturating_mul(PARAMETER_BITS as usize)
        > bytes.len() * 8
    {
        return Err(DecodeError::Truncated);
    }
    let mut bits = BitReader { bytes, place: 0 };
    let mut counts = Vec::with_capacity(length);
    let mut previous = 0_u64;
    while counts.len() < length {
        let parameter = bits.take(PARAMETER_BITS)? as u32;
        for _ in 0..BLOCK.min(length - counts.len()) {
            let code = if parameter == ALL_ZERO {
                0
            } else {
                bits.take_rice(parameter)?
            };
            previous = previous.wrapping_add(unzigzag(code) as u64);
            counts.push(previous);
        }
    }
    Ok((counts, bits.place.div_ceil(8)))
}

fn best_parameter(coded: &[u64]) -> u32 {
    if coded.iter().all(|code| *code == 0) {
        return ALL_ZERO;
    }
    let cost =
        |parameter: u32| -> u64 { coded.iter().map(|code| rice_cost(*code, parameter)).sum() };
    let widest = coded
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

struct BitReader<'a> {
    bytes: &'a [u8],
    /// In bits.
    place: usize,
}

impl BitReader<'_> {
    fn take(&mut self, n: u32) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        let mut filled = 0;
        while filled < n {
            let byte = *self
                .bytes
                .get(self.place / 8)
                .ok_or(DecodeError::Truncated)?;
            let skipped = (self.place % 8) as u32;
            let step = (n - filled).min(8 - skipped);
            let part = (u64::from(byte) >> skipped) & ((1 << step) - 1);
            value |= part << filled;
            filled += step;
            self.place += step as usize;
        }
        Ok(value)
    }

    fn take_rice(&mut self, parameter: u32) -> Result<u64, DecodeError> {
        let mut quotient = 0_u64;
        while self.take(1)? == 1 {
            quotient += 1;
            if quotient == u64::from(ESCAPE) {
                return self.take(64);
            }
        }
        let high = quotient << parameter;
        if high >> parameter != quotient {
            return Err(DecodeError::Limit { what: "count" });
        }
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
        let (read, used) = take_counts(&bytes, counts.len()).unwrap();
        assert_eq!((read.as_slice(), used), (counts, bytes.len()));
    }

    #[test]
    fn extreme_counts_survive() {
        round_trip(&[]);
        round_trip(&[u64::MAX, 0, u64::MAX, 1 << 63, (1 << 63) - 1, 1, 0]);
        round_trip(&[0; 100]);
        round_trip(&[7; 33]);
    }

    proptest! {
        #[test]
        fn any_counts_survive(counts in prop::collection::vec(any::<(u64, u8)>(), 0..100)) {
            let counts: Vec<u64> = counts.iter().map(|(n, shift)| n >> (shift % 64)).collect();
            round_trip(&counts);
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            length in 0..2000_usize,
        ) {
            if let Ok((counts, used)) = take_counts(&bytes, length) {
                prop_assert_eq!(counts.len(), length);
                prop_assert!(used <= bytes.len());
            }
        }
    }
}
