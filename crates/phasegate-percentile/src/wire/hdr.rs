//! HdrHistogram's V2 form, plain and in zlib.
//!
//! Its buckets for integers are those of `LogLinear<4>`, `<7>` and `<10>` for one, two and three
//! significant digits: with these mappings nothing is lost. From others, each bucket goes to the one
//! of HdrHistogram that holds its representative, and the answer says how much error that adds.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values are whole and in range where they are cast"
)]

use alloc::vec::Vec;
use core::fmt;

use crate::{
    histogram::MappedHistogram,
    mapping::{Mapping, MappingId},
    wire::{
        DecodeError,
        bytes::{Reader, unzigzag, zigzag},
        conversion::Encoded,
        inflate,
    },
};

const COOKIE: u32 = 0x1C84_9313;
const COMPRESSED_COOKIE: u32 = 0x1C84_9314;
/// The longest payload that is read: all buckets of five digits over 63 bits, a byte each.
const PAYLOAD_MAX: usize = 8 << 20;

/// Why a histogram cannot be written as an HdrHistogram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EncodeError {
    /// Significant digits must be 1 to 5.
    Digits,
    /// Some value is no whole number, which HdrHistogram cannot hold.
    NotWhole,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digits => "significant digits must be 1 to 5",
            Self::NotWhole => "some value is not a whole number",
        })
    }
}

impl core::error::Error for EncodeError {}

/// A histogram read from another's buckets, and the error of its quantiles against the values that
/// the other one had recorded.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded<M: Mapping> {
    /// The histogram. Its error intervals are about what the other histogram knew.
    pub histogram: MappedHistogram<M, false>,
    /// The relative error of both histograms together.
    pub relative_error: f64,
}

/// The histogram as an HdrHistogram V2 with so many significant digits, 1 to 5.
///
/// Negative values, infinities, NaN and values outside the range are left out, and counted in the
/// answer.
///
/// # Errors
///
/// [`EncodeError`] for other digits, and if a bucket holds values but no whole number.
///
/// ```
/// use phasegate_percentile::{MappedHistogram, mapping::LogLinear, wire::hdr};
///
/// let mut histogram: MappedHistogram<LogLinear<10>> = MappedHistogram::new();
/// (1..=1000_u64).for_each(|nanos| histogram.record_nanos(nanos));
/// let encoded = hdr::encode(&histogram, 3)?;
/// let read = hdr::decode::<LogLinear<10>>(&encoded.bytes)?;
/// assert!(read.histogram.buckets().eq(histogram.buckets()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode<M: Mapping, const SUM: bool>(
    histogram: &MappedHistogram<M, SUM>,
    digits: u8,
) -> Result<Encoded, EncodeError> {
    let layout = Layout::new(digits).ok_or(EncodeError::Digits)?;
    let mapping = &histogram.mapping;
    let classes = histogram.classes;
    let mut counts: Vec<(u64, u64)> = Vec::new();
    if classes.zero != 0 {
        counts.push((0, classes.zero));
    }
    let mut highest = 2;
    for (key, n) in histogram.positive.iter() {
        let value = whole_in(mapping, key).ok_or(EncodeError::NotWhole)?;
        highest = highest.max(value);
        let index = layout.index(value);
        match counts.last_mut() {
            Some((last, sum)) if *last == index => *sum = sum.saturating_add(n),
            _ => counts.push((index, n)),
        }
    }
    let mut payload = Vec::new();
    let mut next = 0;
    for (index, n) in counts {
        if index > next {
            put_zigzag(&mut payload, -(index - next).cast_signed());
        }
        put_zigzag(&mut payload, i64::try_from(n).unwrap_or(i64::MAX));
        next = index + 1;
    }
    let mut bytes = Vec::with_capacity(payload.len() + 40);
    bytes.extend_from_slice(&COOKIE.to_be_bytes());
    bytes.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&0_u32.to_be_bytes());
    bytes.extend_from_slice(&u32::from(digits).to_be_bytes());
    bytes.extend_from_slice(&1_u64.to_be_bytes());
    bytes.extend_from_slice(&layout.last_value(layout.index(highest)).to_be_bytes());
    bytes.extend_from_slice(&1.0_f64.to_be_bytes());
    bytes.extend_from_slice(&payload);
    let kept = histogram.positive.total().saturating_add(classes.zero);
    let all = histogram.count().saturating_add(classes.nan);
    let own = histogram.relative_error();
    let is_same = histogram.mapping.id()
        == MappingId::LogLinear {
            bits: layout.half_bits,
        };
    let relative_error = if is_same {
        own
    } else {
        own + layout.relative_error() * (1.0 + own)
    };
    Ok(Encoded {
        bytes,
        left_out: all.saturating_sub(kept),
        relative_error,
    })
}

/// As [`encode`], wrapped in zlib as most tools exchange it. The content is stored, not compressed.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_deflate<M: Mapping, const SUM: bool>(
    histogram: &MappedHistogram<M, SUM>,
    digits: u8,
) -> Result<Encoded, EncodeError> {
    let plain = encode(histogram, digits)?;
    let stream = inflate::store(&plain.bytes);
    let mut bytes = Vec::with_capacity(stream.len() + 8);
    bytes.extend_from_slice(&COMPRESSED_COOKIE.to_be_bytes());
    bytes.extend_from_slice(&(stream.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&stream);
    Ok(Encoded { bytes, ..plain })
}

/// Reads an HdrHistogram V2, plain or in zlib.
///
/// # Errors
///
/// [`DecodeError`] for what is none. Shifted histograms (with a normalising offset) and ratios of
/// conversion to floats other than 1 are not supported.
pub fn decode<M: Mapping + Default>(bytes: &[u8]) -> Result<Decoded<M>, DecodeError> {
    let mut input = Reader::new(bytes);
    match u32::from_be_bytes(input.array()?) {
        COOKIE => plain(input),
        COMPRESSED_COOKIE => {
            let length = u32::from_be_bytes(input.array()?) as usize;
            let content = inflate::inflate(input.take(length)?, PAYLOAD_MAX)?;
            let mut input = Reader::new(&content);
            if u32::from_be_bytes(input.array()?) != COOKIE {
                return Err(DecodeError::Unrecognised);
            }
            plain(input)
        }
        _ => Err(DecodeError::Unrecognised),
    }
}

/// What follows the cookie.
fn plain<M: Mapping + Default>(mut input: Reader<'_>) -> Result<Decoded<M>, DecodeError> {
    let length = u32::from_be_bytes(input.array()?) as usize;
    let shifted = u32::from_be_bytes(input.array()?);
    let digits = u32::from_be_bytes(input.array()?);
    let lowest = u64::from_be_bytes(input.array()?);
    let _highest: [u8; 8] = input.array()?;
    let ratio = f64::from_be_bytes(input.array()?);
    let layout = u8::try_from(digits).ok().and_then(Layout::new);
    let layout = layout.ok_or(DecodeError::Limit {
        what: "significant digits",
    })?;
    if shifted != 0 || (ratio - 1.0).abs() > 0.0 {
        return Err(DecodeError::Unsupported {
            what: "a shifted or scaled histogram",
        });
    }
    // Values are counted in units of the greatest power of two that is not above the lowest.
    let unit = lowest.checked_ilog2().ok_or(DecodeError::Limit {
        what: "lowest value",
    })?;
    let mut payload = Reader::new(input.take(length)?);
    let mut histogram: MappedHistogram<M, false> = MappedHistogram::with_mapping(M::default());
    let mut relative_error = histogram.relative_error();
    let mut index = 0_u64;
    while !payload.is_empty() {
        let n = take_zigzag(&mut payload)?;
        if n <= 0 {
            index = index.saturating_add(n.unsigned_abs().max(1));
            continue;
        }
        let (first, last) = layout
            .values(index, unit)
            .ok_or(DecodeError::Limit { what: "index" })?;
        let (low, high) = (first as f64, last as f64);
        let middle = low + (high - low) / 2.0;
        let mapping = histogram.mapping();
        if first > 0 && mapping.key(low) != mapping.key(high) {
            let own = histogram.relative_error();
            relative_error = relative_error.max(own + (high - low) / 2.0 / low * (1.0 + own));
        }
        histogram.record_n(if first == last { low } else { middle }, n.unsigned_abs());
        index += 1;
    }
    histogram.loosen_extremes();
    Ok(Decoded {
        histogram,
        relative_error,
    })
}

/// Which integers share a bucket: `2^half_bits` per octave.
#[derive(Clone, Copy, Debug)]
struct Layout {
    half_bits: u32,
}

impl Layout {
    fn new(digits: u8) -> Option<Self> {
        // Sub-buckets are the power of two that is not below 2 · 10^digits.
        let half_bits = match digits {
            1 => 4,
            2 => 7,
            3 => 10,
            4 => 14,
            5 => 17,
            _ => return None,
        };
        Some(Self { half_bits })
    }

    fn index(self, value: u64) -> u64 {
        let octave = value
            .checked_ilog2()
            .unwrap_or(0)
            .saturating_sub(self.half_bits);
        (u64::from(octave) << self.half_bits) + (value >> octave)
    }

    /// The least and the greatest value of an index, in units of `2^unit`; `None` beyond 64 bits.
    fn values(self, index: u64, unit: u32) -> Option<(u64, u64)> {
        let octave = (index >> self.half_bits).saturating_sub(1);
        let octave_bits = u32::try_from(octave).ok()?;
        let part = index - (octave << self.half_bits);
        let shift = octave_bits.checked_add(unit)?;
        let first = part
            .checked_shl(shift)
            .filter(|first| first >> shift == part)?;
        Some((first, first + ((1 << shift) - 1)))
    }

    fn last_value(self, index: u64) -> u64 {
        self.values(index, 0)
            .map_or(u64::MAX >> 1, |(_, last)| last)
    }

    fn relative_error(self) -> f64 {
        1.0 / ((2_u64 << self.half_bits) as f64 + 1.0)
    }
}

/// A whole number in a bucket: the only one of a narrow bucket, else the one at its centre.
fn whole_in<M: Mapping>(mapping: &M, key: u32) -> Option<u64> {
    let (low, high) = (mapping.lower(key), mapping.upper(key));
    let centre = mapping.representative(key);
    let cut = centre as u64;
    let candidates = [
        cut,
        cut.saturating_add(1),
        low as u64,
        (low as u64).saturating_add(1),
    ];
    candidates
        .into_iter()
        .filter(|n| *n <= i64::MAX as u64)
        .find(|n| {
            let value = *n as f64;
            low <= value && value <= high && mapping.key(value) == key
        })
}

/// Zigzag in at most nine bytes: the ninth has eight bits.
fn put_zigzag(out: &mut Vec<u8>, value: i64) {
    let mut value = zigzag(value);
    for _ in 0..8 {
        if value < 0x80 {
            return out.push(value as u8);
        }
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_zigzag(input: &mut Reader<'_>) -> Result<i64, DecodeError> {
    let mut value = 0_u64;
    for place in 0..9 {
        let byte = input.byte()?;
        if place == 8 {
            value |= u64::from(byte) << 56;
        } else {
            value |= u64::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                break;
            }
        }
    }
    Ok(unzigzag(value))
}
