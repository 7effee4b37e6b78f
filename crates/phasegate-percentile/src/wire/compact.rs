//! The crate's own format: the smallest one, lossless. Version 2 is written, 1 and 2 are read.
//!
//! | part | bytes |
//! |---|---|
//! | `PGP` and the version, 2 | 4 |
//! | flags: sum, exact minimum, exact maximum, negative buckets, classes, range, any ranked value | 1 |
//! | mapping: a tag and its setting, which common ones go without | 1 or more |
//! | first and last key of the range, if not the default | varints |
//! | ten counts of classes, if any is not zero | varints |
//! | minimum and maximum, if there is a ranked value | 16 |
//! | positive buckets, then negative ones: first key, number, Rice-coded counts | varints, bits |
//! | sum, then that of the negatives: first limb, length in bytes, little-endian integer | varints, bytes |
//! | CRC-32 of all before | 4 |
//!
//! Version 1 differs in the code of the counts (see `rice`) and has no short tags of mappings.

use alloc::vec::Vec;
use core::cmp::Ordering::{Equal, Less};

use crate::{
    histogram::{Classes, Extremes, MappedHistogram, Range},
    mapping::{Cubic, Logarithmic, Mapping, MappingId},
    store::Store,
    sum::{ExactSum, LIMBS},
    wire::{
        DecodeError,
        bytes::{Reader, crc32, put_varint},
        groups::Groups,
        rice::{self, Version},
    },
};

const MAGIC: [u8; 3] = *b"PGP";
const VERSION: u8 = 2;

/// Tags of mappings with the setting that they have by default.
const LOGARITHMIC_DEFAULT: u8 = 4;
const CUBIC_DEFAULT: u8 = 5;

const SUM_FLAG: u8 = 1;
const MIN_EXACT: u8 = 2;
const MAX_EXACT: u8 = 4;
const NEGATIVE: u8 = 8;
const CLASSES: u8 = 16;
const RANGE: u8 = 32;
const RANKED: u8 = 64;

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// The histogram in the crate's own compact form: lossless, versioned, with a checksum.
    ///
    /// A million lognormal values take about 750 bytes.
    ///
    /// ```
    /// use phasegate_percentile::Histogram;
    ///
    /// let mut histogram = Histogram::new();
    /// histogram.record_slice(&[1.0, 2.0, -3.0, 0.0]);
    /// let bytes = histogram.encode();
    /// assert_eq!(Histogram::decode(&bytes), Ok(histogram));
    /// ```
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let ranked = self.min().zip(self.max());
        let is_default = self.range == Range::of(&self.mapping);
        let has_negatives = self.negative.occupied().is_some();
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let mut out = Vec::with_capacity(128);
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        out.push(
            flag(SUM, SUM_FLAG)
                | flag(self.extremes().min_exact, MIN_EXACT)
                | flag(self.extremes().max_exact, MAX_EXACT)
                | flag(has_negatives, NEGATIVE)
                | flag(self.classes != Classes::default(), CLASSES)
                | flag(!is_default, RANGE)
                | flag(ranked.is_some(), RANKED),
        );
        put_mapping(&mut out, self.mapping.id());
        if !is_default {
            put_varint(&mut out, u64::from(self.range.first));
            put_varint(&mut out, u64::from(self.range.last));
        }
        if self.classes != Classes::default() {
            for n in self.classes.to_array() {
                put_varint(&mut out, n);
            }
        }
        if let Some((min, max)) = ranked {
            out.extend_from_slice(&min.to_le_bytes());
            out.extend_from_slice(&max.to_le_bytes());
            put_store(&mut out, &self.positive);
            if has_negatives {
                put_store(&mut out, &self.negative);
            }
        }
        if SUM {
            put_sum(&mut out, &self.sum);
            put_sum(&mut out, &self.negative_sum);
        }
        let checksum = crc32(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        out
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// The mapping must be the one of the type; bytes without a sum can be read only by a type that
    /// keeps none. Memory is bounded by a multiple of the input's length.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for everything that `encode` could not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (body, checksum) = bytes.split_last_chunk().ok_or(DecodeError::Truncated)?;
        if !body.starts_with(&MAGIC) {
            return Err(DecodeError::Unrecognised);
        }
        if crc32(body) != u32::from_le_bytes(*checksum) {
            return Err(DecodeError::Checksum);
        }
        let mut input = Reader::new(body);
        input.take(MAGIC.len())?;
        let version = match input.byte()? {
            1 => Version::One,
            VERSION => Version::Two,
            _ => return Err(DecodeError::Unrecognised),
        };
        let flags = input.byte()?;
        if flags & 0x80 != 0 {
            return Err(DecodeError::Unrecognised);
        }
        let mapping = M::from_id(take_mapping(&mut input)?).ok_or(DecodeError::Mapping)?;
        let range = take_range(&mut input, &mapping, flags)?;
        let mut read = Self::with_keys(mapping, range);
        if flags & CLASSES != 0 {
            let mut counts = [0; 10];
            for count in &mut counts {
                *count = input.varint()?;
            }
            read.classes = Classes::from_array(counts);
        }
        if flags & RANKED != 0 {
            let (min, max) = (input.float()?, input.float()?);
            read.positive = take_store(&mut input, range, version)?;
            if flags & NEGATIVE != 0 {
                read.negative = take_store(&mut input, range, version)?;
            }
            let (min_exact, max_exact) = (flags & MIN_EXACT != 0, flags & MAX_EXACT != 0);
            read.set_extremes(Extremes {
                min,
                max,
                min_exact,
                max_exact,
            });
        }
        if flags & SUM_FLAG != 0 {
            let (sum, negative_sum) = (take_sum(&mut input)?, take_sum(&mut input)?);
            if SUM {
                (read.sum, read.negative_sum) = (sum, negative_sum);
            }
        } else if SUM {
            return Err(DecodeError::SumMissing);
        }
        if !input.is_empty() {
            return Err(DecodeError::TrailingBytes);
        }
        read.check(flags & RANKED != 0)?;
        Ok(read)
    }

    /// The extremes must lie in the outermost groups of values, and exist if and only if there are
    /// any. The sum must be possible, given the groups. All in one pass.
    fn check(&mut self, ranked: bool) -> Result<(), DecodeError> {
        let wrong = |what| Err(DecodeError::Inconsistent { what });
        if (self.count() != 0) != ranked {
            return wrong("minimum or maximum");
        }
        if !ranked {
            self.set_extremes(Extremes::NONE);
        }
        let extremes = self.extremes();
        if ranked && !matches!(extremes.min.partial_cmp(&extremes.max), Some(Less | Equal)) {
            return wrong("minimum or maximum");
        }
        let groups = Groups::of(self);
        let holds = |group: Option<(f64, f64)>, value: f64| {
            group.is_some_and(|(low, high)| low <= value && value <= high)
        };
        if ranked && !(holds(groups.lowest, extremes.min) && holds(groups.highest, extremes.max)) {
            return wrong("minimum or maximum");
        }
        // Sums beyond the greatest float say nothing; neither do counters that are full.
        if !SUM || groups.allow(self.sum()) || self.count() == u64::MAX {
            Ok(())
        } else {
            wrong("sum")
        }
    }
}

fn put_mapping(out: &mut Vec<u8>, id: MappingId) {
    match id {
        id if id == Logarithmic::default().id() => out.push(LOGARITHMIC_DEFAULT),
        id if id == Cubic::default().id() => out.push(CUBIC_DEFAULT),
        MappingId::LogLinear { bits } => {
            out.push(0);
            put_varint(out, u64::from(bits));
        }
        MappingId::Base2 { scale } => out.extend_from_slice(&[1, scale.cast_unsigned()]),
        MappingId::Logarithmic { gamma, offset } => put_ratio(out, 2, gamma, offset),
        MappingId::Cubic { gamma, offset } => put_ratio(out, 3, gamma, offset),
    }
}

fn put_ratio(out: &mut Vec<u8>, tag: u8, gamma: f64, offset: f64) {
    out.push(tag);
    out.extend_from_slice(&gamma.to_le_bytes());
    out.extend_from_slice(&offset.to_le_bytes());
}

fn take_mapping(input: &mut Reader<'_>) -> Result<MappingId, DecodeError> {
    match input.byte()? {
        0 => Ok(MappingId::LogLinear {
            bits: input.varint_u32("mapping")?,
        }),
        1 => Ok(MappingId::Base2 {
            scale: input.byte()?.cast_signed(),
        }),
        2 => Ok(MappingId::Logarithmic {
            gamma: input.float()?,
            offset: input.float()?,
        }),
        3 => Ok(MappingId::Cubic {
            gamma: input.float()?,
            offset: input.float()?,
        }),
        LOGARITHMIC_DEFAULT => Ok(Logarithmic::default().id()),
        CUBIC_DEFAULT => Ok(Cubic::default().id()),
        _ => Err(DecodeError::Mapping),
    }
}

fn take_range<M: Mapping>(
    input: &mut Reader<'_>,
    mapping: &M,
    flags: u8,
) -> Result<Range, DecodeError> {
    if flags & RANGE == 0 {
        return Ok(Range::of(mapping));
    }
    let (first, last) = (input.varint_u32("range")?, input.varint_u32("range")?);
    if first < mapping.first_key() || last > mapping.last_key() || first > last {
        return Err(DecodeError::Limit { what: "range" });
    }
    Ok(Range { first, last })
}

fn put_store(out: &mut Vec<u8>, store: &Store) {
    let Some((first, last)) = store.occupied() else {
        out.extend_from_slice(&[0, 0]);
        return;
    };
    put_varint(out, u64::from(first));
    put_varint(out, u64::from(last - first) + 1);
    let counts: Vec<u64> = (first..=last).map(|key| store.get(key)).collect();
    rice::put_counts(out, &counts);
}

fn take_store(
    input: &mut Reader<'_>,
    range: Range,
    version: Version,
) -> Result<Store, DecodeError> {
    let first = input.varint_u32("bucket key")?;
    let length = input.varint_u32("number of buckets")?;
    if length == 0 {
        return Ok(Store::default());
    }
    let last = first
        .checked_add(length - 1)
        .filter(|last| *last <= range.last);
    if last.is_none() || first < range.first {
        return Err(DecodeError::Limit { what: "bucket key" });
    }
    let (counts, used) = rice::take_counts(
        input.clone().take(input.remaining())?,
        length as usize,
        version,
    )?;
    input.take(used)?;
    Ok(Store::from_counts(first, &counts))
}

fn put_sum(out: &mut Vec<u8>, sum: &ExactSum) {
    let (first, limbs) = sum.to_parts();
    let mut bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    put_varint(out, first as u64);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
}

fn take_sum(input: &mut Reader<'_>) -> Result<ExactSum, DecodeError> {
    let wrong = DecodeError::Limit { what: "sum" };
    let first = input.varint_u32("sum")? as usize;
    let length = input.varint_u32("sum")? as usize;
    if first > LIMBS || length > LIMBS * 8 {
        return Err(wrong);
    }
    let limbs = input.take(length)?.chunks(8).map(|chunk| {
        let mut limb = [0; 8];
        limb.iter_mut()
            .zip(chunk)
            .for_each(|(to, from)| *to = *from);
        u64::from_le_bytes(limb)
    });
    ExactSum::from_parts(first, limbs.collect()).ok_or(wrong)
}
