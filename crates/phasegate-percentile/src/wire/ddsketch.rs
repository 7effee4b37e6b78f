//! DDSketch's protobuf message, as Datadog's libraries write and read it.
//!
//! The default mapping of this crate is DDSketch's linearly interpolated one, so nothing is lost on
//! the way. The libraries do not agree on which end of a bucket an index names, nor on what `gamma`
//! means in the interpolated mappings: see [`Dialect`].

use alloc::vec::Vec;

use crate::{
    histogram::MappedHistogram,
    mapping::{Cubic, Logarithmic, Mapping, MappingId, log},
    wire::{
        DecodeError,
        conversion::{Buckets, Encoded, whole_count},
        protobuf::{
            dense, each_field, put_bytes_field, put_double_field, put_signed_field,
            put_varint_field,
        },
    },
};

/// Which end of its bucket an index names, and what `gamma` is the ratio of.
///
/// With the true logarithm `gamma` is the ratio of neighbouring bounds in both. With an
/// interpolation the one family takes it through the interpolated logarithm, the other takes it to be
/// `(1+a)/(1-a)` for the accuracy `a`. What `sketches-js` calls linear interpolation is a true
/// logarithm: exchange `Logarithmic` or `Cubic` sketches with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Dialect {
    /// The lower one, as in sketches-go and sketches-java.
    LowerBound,
    /// The upper one, as in sketches-py and sketches-js.
    UpperBound,
}

impl Dialect {
    const fn shift(self) -> i32 {
        match self {
            Self::LowerBound => 0,
            Self::UpperBound => 1,
        }
    }
}

impl Dialect {
    /// The binary logarithm of this dialect's `gamma`, in terms of the part of an octave of the
    /// interpolated logarithm that a bucket spans.
    fn slope(self, interpolation: u64) -> f64 {
        match (self, interpolation) {
            (Self::UpperBound, LINEAR) => core::f64::consts::LOG2_E,
            // The cubic is at its flattest 10/7 of the logarithm's slope.
            (Self::UpperBound, CUBIC) => 0.7 * core::f64::consts::LOG2_E,
            (Self::LowerBound | Self::UpperBound, _) => 1.0,
        }
    }
}

const NONE: u64 = 0;
const LINEAR: u64 = 1;
const CUBIC: u64 = 3;

/// The histogram as a DDSketch message.
///
/// # Errors
///
/// `None` for [`Base2`](crate::mapping::Base2), which DDSketch does not have.
///
/// ```
/// use phasegate_percentile::{Histogram, wire::ddsketch::{self, Dialect}};
///
/// let mut histogram = Histogram::new();
/// histogram.record_slice(&[1.0, 2.0, 3.0]);
/// let message = ddsketch::encode(&histogram, Dialect::LowerBound).expect("the mapping is known");
/// assert_eq!(message.left_out, 0);
/// ```
#[must_use]
pub fn encode<M: Mapping, const SUM: bool>(
    histogram: &MappedHistogram<M, SUM>,
    dialect: Dialect,
) -> Option<Encoded> {
    let (gamma, offset, interpolation) = match histogram.mapping.id() {
        MappingId::Base2 { .. } => return None,
        MappingId::Cubic { gamma, offset } => (
            log::exp2(log::log2(gamma) * dialect.slope(CUBIC)),
            offset,
            CUBIC,
        ),
        MappingId::LogLinear { bits } => {
            (log::exp2(parts(bits) * dialect.slope(LINEAR)), 0.0, LINEAR)
        }
        MappingId::Logarithmic { gamma, offset } => (gamma, offset, NONE),
    };
    let id = histogram.mapping.id();
    let (buckets, left_out) = Buckets::of(histogram, |key| {
        index_of(id, key).saturating_add(dialect.shift())
    });
    let mut mapping = Vec::new();
    put_double_field(&mut mapping, 1, gamma);
    put_double_field(&mut mapping, 2, offset);
    put_varint_field(&mut mapping, 3, interpolation);
    let mut bytes = Vec::new();
    put_bytes_field(&mut bytes, 1, &mapping);
    for (number, list) in [(2, &buckets.positive), (3, &buckets.negative)] {
        if let Some((first, counts)) = dense(list) {
            let packed: Vec<u8> = counts
                .iter()
                .flat_map(|n| (*n as f64).to_le_bytes())
                .collect();
            let mut store = Vec::new();
            put_bytes_field(&mut store, 2, &packed);
            put_signed_field(&mut store, 3, i64::from(first));
            put_bytes_field(&mut bytes, number, &store);
        }
    }
    put_double_field(&mut bytes, 4, buckets.zero as f64);
    Some(Encoded {
        bytes,
        left_out,
        relative_error: histogram.relative_error(),
    })
}

/// Reads a DDSketch message into a histogram with the mapping that it names.
///
/// # Errors
///
/// [`DecodeError::Mapping`] if the message names another mapping than `M`, or a setting that `M`
/// does not have; others for what is no such message. Fractional counts are not supported.
///
/// ```
/// use phasegate_percentile::{CountHistogram, wire::ddsketch::{self, Dialect}};
///
/// let mut histogram = CountHistogram::new();
/// histogram.record_slice(&[1.0, 2.0, -3.0, 0.0]);
/// let message = ddsketch::encode(&histogram, Dialect::UpperBound).expect("the mapping is known");
/// let read: CountHistogram = ddsketch::decode(&message.bytes, Dialect::UpperBound)?;
/// assert!(read.buckets().eq(histogram.buckets()));
/// # Ok::<(), phasegate_percentile::DecodeError>(())
/// ```
pub fn decode<M: Mapping>(
    message: &[u8],
    dialect: Dialect,
) -> Result<MappedHistogram<M, false>, DecodeError> {
    let (mut mapping, mut buckets) = (None, Buckets::default());
    each_field(message, |number, field| {
        match number {
            1 => mapping = Some(take_mapping(field.bytes()?, dialect)?),
            2 => take_store(field.bytes()?, &mut buckets.positive)?,
            3 => take_store(field.bytes()?, &mut buckets.negative)?,
            4 => buckets.zero = whole_count(field.double()?)?,
            _ => {}
        }
        Ok(())
    })?;
    let id = mapping.ok_or(DecodeError::Mapping)?;
    let mapping = M::from_id(id).ok_or(DecodeError::Mapping)?;
    MappedHistogram::from_buckets(mapping, &buckets, |mapping, index| {
        let index = index.checked_sub(dialect.shift())?;
        key_of(id, index).filter(|key| (mapping.first_key()..=mapping.last_key()).contains(key))
    })
}

fn take_mapping(message: &[u8], dialect: Dialect) -> Result<MappingId, DecodeError> {
    let (mut gamma, mut offset, mut interpolation) = (0.0, 0.0, NONE);
    each_field(message, |number, field| {
        match number {
            1 => gamma = field.double()?,
            2 => offset = field.double()?,
            3 => interpolation = field.varint()?,
            _ => {}
        }
        Ok(())
    })?;
    match interpolation {
        NONE => Ok(MappingId::Logarithmic { gamma, offset }),
        _ if !(1.0..=3.1).contains(&gamma) || gamma <= 1.0 => Err(DecodeError::Mapping),
        CUBIC => {
            let gamma = log::exp2(log::log2(gamma) / dialect.slope(CUBIC));
            Ok(MappingId::Cubic { gamma, offset })
        }
        LINEAR => {
            // Ours is the one whose parts are a power of two, without an offset.
            let part = log::log2(gamma) / dialect.slope(LINEAR);
            let bits = (0..=12).find(|bits| (part / parts(*bits) - 1.0).abs() < 1e-9);
            let bits = bits
                .filter(|_| offset.abs() < 1e-9)
                .ok_or(DecodeError::Mapping)?;
            Ok(MappingId::LogLinear { bits })
        }
        _ => Err(DecodeError::Mapping),
    }
}

fn take_store(message: &[u8], list: &mut Vec<(i32, u64)>) -> Result<(), DecodeError> {
    let (mut dense, mut first) = (Vec::new(), 0);
    each_field(message, |number, field| {
        match number {
            1 => list.push(take_bin(field.bytes()?)?),
            2 => field.each_double(|count| {
                dense.push(whole_count(count)?);
                Ok(())
            })?,
            3 => first = field.signed32()?,
            _ => {}
        }
        Ok(())
    })?;
    let wrong = DecodeError::Limit {
        what: "bucket index",
    };
    for (place, n) in dense.into_iter().enumerate() {
        let place = i32::try_from(place).ok().ok_or(wrong)?;
        list.push((first.checked_add(place).ok_or(wrong)?, n));
    }
    // What holds nothing need not be in range.
    list.retain(|(_, n)| *n != 0);
    Ok(())
}

fn take_bin(message: &[u8]) -> Result<(i32, u64), DecodeError> {
    let (mut index, mut count) = (0, 0);
    each_field(message, |number, field| {
        match number {
            1 => index = field.signed32()?,
            2 => count = whole_count(field.double()?)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((index, count))
}

/// The part of an octave that a bucket of a log-linear mapping spans.
fn parts(bits: u32) -> f64 {
    1.0 / f64::from(1_u32 << bits)
}

fn index_of(id: MappingId, key: u32) -> i32 {
    match id {
        MappingId::LogLinear { bits } => key.cast_signed().saturating_sub(1023 << bits),
        MappingId::Logarithmic { .. } => Logarithmic::from_id(id).map_or(0, |m| m.index(key)),
        MappingId::Cubic { .. } => Cubic::from_id(id).map_or(0, |m| m.index(key)),
        MappingId::Base2 { .. } => 0,
    }
}

fn key_of(id: MappingId, index: i32) -> Option<u32> {
    match id {
        MappingId::LogLinear { bits } => u32::try_from(index.checked_add(1023 << bits)?).ok(),
        MappingId::Logarithmic { .. } => Logarithmic::from_id(id)?.key_of_index(index),
        MappingId::Cubic { .. } => Cubic::from_id(id)?.key_of_index(index),
        MappingId::Base2 { .. } => None,
    }
}
