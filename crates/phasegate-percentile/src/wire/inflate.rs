//! Zlib: reading all of it, and writing it stored.
//!
//! HdrHistogram's common form is wrapped in zlib. Reading needs the whole of deflate; writing is
//! allowed to store, and what is stored here is run-length coded already.
#![expect(
    clippy::cast_possible_truncation,
    reason = "codes and lengths have at most 16 bits"
)]

use alloc::vec::Vec;

use crate::wire::{DecodeError, bytes::Reader};

/// A stored block holds at most this.
const STORED_MAX: usize = 0xFFFF;
const CODE_BITS: usize = 15;
const BAD: DecodeError = DecodeError::Inconsistent {
    what: "deflate stream",
};

/// Bytes as a zlib stream of stored blocks.
pub(crate) fn store(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / STORED_MAX * 5 + 11);
    out.extend_from_slice(&[0x78, 0x01]);
    let mut blocks = bytes.chunks(STORED_MAX).peekable();
    if blocks.peek().is_none() {
        out.extend_from_slice(&[1, 0, 0, 0xFF, 0xFF]);
    }
    while let Some(block) = blocks.next() {
        let length = block.len() as u16;
        out.push(u8::from(blocks.peek().is_none()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&adler32(bytes).to_be_bytes());
    out
}

/// The content of a zlib stream of at most `limit` bytes.
pub(crate) fn inflate(stream: &[u8], limit: usize) -> Result<Vec<u8>, DecodeError> {
    let mut input = Reader::new(stream);
    let [method, flags] = input.array()?;
    // Deflate, a correct check value, no preset dictionary.
    let check = u16::from(method) << 8 | u16::from(flags);
    if method & 0x0F != 8 || check % 31 != 0 || flags & 0x20 != 0 {
        return Err(DecodeError::Unrecognised);
    }
    let mut bits = Bits {
        input,
        held: 0,
        count: 0,
    };
    let mut out = Vec::new();
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out, limit)?,
            1 => {
                let (literals, distances) = fixed_codes()?;
                compressed(&mut bits, &literals, &distances, &mut out, limit)?;
            }
            2 => {
                let (literals, distances) = dynamic_codes(&mut bits)?;
                compressed(&mut bits, &literals, &distances, &mut out, limit)?;
            }
            _ => return Err(BAD),
        }
        if last {
            break;
        }
    }
    let checksum = u32::from_be_bytes(bits.input.array()?);
    if checksum == adler32(&out) {
        Ok(out)
    } else {
        Err(DecodeError::Checksum)
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}

struct Bits<'a> {
    input: Reader<'a>,
    held: u32,
    count: u32,
}

impl Bits<'_> {
    /// At most 16 bits, the lowest first.
    fn take(&mut self, wanted: u32) -> Result<u32, DecodeError> {
        while self.count < wanted {
            self.held |= u32::from(self.input.byte()?) << self.count;
            self.count += 8;
        }
        let value = self.held & ((1 << wanted) - 1);
        self.held >>= wanted;
        self.count -= wanted;
        Ok(value)
    }

    fn symbol(&mut self, codes: &Codes) -> Result<u16, DecodeError> {
        let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in codes.counts.iter().skip(1) {
            code |= self.take(1)?;
            let count = u32::from(*count);
            if code < first + count {
                let place = (index + code - first) as usize;
                return codes.symbols.get(place).copied().ok_or(BAD);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(BAD)
    }
}

/// A canonical Huffman code: how many codes of each length, and the symbols in order of code.
struct Codes {
    counts: [u16; CODE_BITS + 1],
    symbols: Vec<u16>,
}

impl Codes {
    fn new(lengths: &[u8]) -> Result<Self, DecodeError> {
        let mut counts = [0_u16; CODE_BITS + 1];
        for length in lengths {
            *counts.get_mut(usize::from(*length)).ok_or(BAD)? += 1;
        }
        counts[0] = 0;
        // More codes than fit are an error; fewer are not, if nobody uses the gaps.
        let mut left = 1_i32;
        for count in counts.iter().skip(1) {
            left = (left << 1) - i32::from(*count);
            if left < 0 {
                return Err(BAD);
            }
        }
        let mut symbols = Vec::with_capacity(lengths.len());
        for wanted in 1..=CODE_BITS as u8 {
            let of_length = lengths
                .iter()
                .zip(0..)
                .filter(|(length, _)| **length == wanted);
            symbols.extend(of_length.map(|(_, symbol): (_, u16)| symbol));
        }
        Ok(Self { counts, symbols })
    }
}

fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>, limit: usize) -> Result<(), DecodeError> {
    (bits.held, bits.count) = (0, 0);
    let length = u16::from_le_bytes(bits.input.array()?);
    if u16::from_le_bytes(bits.input.array()?) != !length {
        return Err(BAD);
    }
    let block = bits.input.take(usize::from(length))?;
    if out.len() + block.len() > limit {
        return Err(DecodeError::Limit {
            what: "deflated length",
        });
    }
    out.extend_from_slice(block);
    Ok(())
}

fn fixed_codes() -> Result<(Codes, Codes), DecodeError> {
    let mut lengths = [8_u8; 288];
    for (symbol, length) in lengths.iter_mut().enumerate() {
        *length = match symbol {
            0..=143 => 8,
            144..=255 => 9,
            256..=279 => 7,
            _ => 8,
        };
    }
    Ok((Codes::new(&lengths)?, Codes::new(&[5; 30])?))
}

fn dynamic_codes(bits: &mut Bits<'_>) -> Result<(Codes, Codes), DecodeError> {
    const ORDER: [usize; 19] = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ];
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let codes = bits.take(4)? as usize + 4;
    let mut lengths = [0_u8; 19];
    for place in ORDER.iter().take(codes) {
        let length = bits.take(3)? as u8;
        if let Some(slot) = lengths.get_mut(*place) {
            *slot = length;
        }
    }
    let code = Codes::new(&lengths)?;
    let mut lengths: Vec<u8> = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let (value, times) = match bits.symbol(&code)? {
            16 => (*lengths.last().ok_or(BAD)?, bits.take(2)? + 3),
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            length => (length as u8, 1),
        };
        lengths.extend(core::iter::repeat_n(value, times as usize));
    }
    if lengths.len() > literals + distances {
        return Err(BAD);
    }
    let (literals, distances) = lengths.split_at_checked(literals).ok_or(BAD)?;
    Ok((Codes::new(literals)?, Codes::new(distances)?))
}

fn compressed(
    bits: &mut Bits<'_>,
    literals: &Codes,
    distances: &Codes,
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), DecodeError> {
    loop {
        let symbol = bits.symbol(literals)?;
        let added = match symbol {
            0..=255 => {
                out.push(symbol as u8);
                1
            }
            256 => return Ok(()),
            _ => {
                let length = extended(bits, u32::from(symbol) - 257, 4, 3)?;
                let distance = bits.symbol(distances)?;
                let distance = extended(bits, u32::from(distance), 2, 1)? as usize;
                let start = out.len().checked_sub(distance).ok_or(BAD)?;
                if out.len() + length as usize > limit {
                    return Err(DecodeError::Limit {
                        what: "deflated length",
                    });
                }
                for place in start..start + length as usize {
                    let byte = *out.get(place).ok_or(BAD)?;
                    out.push(byte);
                }
                0
            }
        };
        if out.len() + added > limit + 1 {
            return Err(DecodeError::Limit {
                what: "deflated length",
            });
        }
    }
}

/// A length or a distance: `group` symbols share a number of extra bits, which then grows by one.
fn extended(bits: &mut Bits<'_>, symbol: u32, group: u32, least: u32) -> Result<u32, DecodeError> {
    // 28 is the greatest length, which needs no bits; 29 is the last distance.
    let last = if group == 4 { 28 } else { 29 };
    if symbol > last {
        return Err(BAD);
    }
    if group == 4 && symbol == last {
        return Ok(258);
    }
    if symbol < 2 * group {
        return Ok(least + symbol);
    }
    let extra = symbol / group - 1;
    let base = (group + symbol % group) << extra;
    Ok(least + base + bits.take(extra)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_is_read() {
        for length in [0, 1, 1000, 65_535, 65_536, 200_000] {
            let bytes: Vec<u8> = (0..length).map(|i: u32| (i % 251) as u8).collect();
            assert_eq!(inflate(&store(&bytes), 1 << 20).unwrap(), bytes);
        }
        assert_eq!(
            inflate(&store(&[0; 100]), 99),
            Err(DecodeError::Limit {
                what: "deflated length"
            })
        );
    }

    #[test]
    fn streams_of_other_compressors_are_read() {
        // Python's zlib on b"phasegate " * 20 + bytes(range(64)): Z_HUFFMAN_ONLY and Z_FIXED.
        let plain: Vec<u8> = b"phasegate ".repeat(20).into_iter().chain(0..64).collect();
        for stream in [
            include_bytes!("../../tests/data/zlib_dynamic.bin").as_slice(),
            include_bytes!("../../tests/data/zlib_fixed.bin"),
        ] {
            assert_eq!(inflate(stream, 1000).unwrap(), plain);
        }
    }
}
