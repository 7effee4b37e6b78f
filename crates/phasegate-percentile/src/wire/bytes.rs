//! Reading and writing the pieces that several formats share.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "bits are cut and reinterpreted on purpose"
)]

use alloc::vec::Vec;

use crate::wire::DecodeError;

/// Reads from the front of a slice; every read is checked.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// A little-endian base-128 number of at most ten bytes.
    pub(crate) fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            let placed = part
                .checked_shl(shift)
                .filter(|placed| placed >> shift == part);
            value |= placed.ok_or(DecodeError::Limit { what: "varint" })?;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Limit { what: "varint" })
    }

    pub(crate) fn varint_u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        u32::try_from(self.varint()?)
            .ok()
            .ok_or(DecodeError::Limit { what })
    }

    pub(crate) fn float(&mut self) -> Result<f64, DecodeError> {
        self.array().map(f64::from_le_bytes)
    }
}

pub(crate) fn put_varint(out: &mut Vec<u8>, value: u64) {
    let mut value = value;
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub(crate) const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// CRC-32 (the one of zip and Ethernet), eight bytes at a time.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let table = |table: usize, byte: u32| {
        let entry = CRC_TABLES
            .get(table)
            .and_then(|t| t.get((byte & 0xFF) as usize));
        entry.copied().unwrap_or(0)
    };
    let (chunks, rest) = bytes.as_chunks::<8>();
    let crc = chunks.iter().fold(!0, |crc: u32, chunk| {
        let word = u64::from_le_bytes(*chunk) ^ u64::from(crc);
        let byte = |n: usize| table(7 - n, (word >> (8 * n)) as u32);
        (0..8).fold(0, |crc, n| crc ^ byte(n))
    });
    !rest.iter().fold(crc, |crc, byte| {
        (crc >> 8) ^ table(0, crc ^ u32::from(*byte))
    })
}

#[expect(
    clippy::indexing_slicing,
    reason = "made when compiling: a wrong index would not build"
)]
const CRC_TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xEDB8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        tables[0][index] = crc;
        index += 1;
    }
    // Each table is the one before with a zero byte after it.
    let mut table = 1;
    while table < 8 {
        let mut index = 0;
        while index < 256 {
            let crc = tables[table - 1][index];
            tables[table][index] = (crc >> 8) ^ tables[0][(crc & 0xFF) as usize];
            index += 1;
        }
        table += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(crc32(&bytes), 0x2905_8C73);
    }
}
