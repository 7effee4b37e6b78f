//! The exponential histogram of OpenTelemetry: one data point of OTLP, as protobuf.
//!
//! Its buckets are those of [`Base2`], so nothing is lost. Times and attributes are the caller's:
//! fields of a protobuf message may stand in any order, so they can be appended to the bytes.

use alloc::vec::Vec;

use crate::{
    histogram::MappedHistogram,
    mapping::Base2,
    wire::{
        DecodeError,
        bytes::put_varint,
        conversion::{Buckets, Encoded},
        protobuf::{
            Field, dense, each_field, put_bytes_field, put_double_field, put_fixed_field,
            put_signed_field,
        },
    },
};

/// The histogram as an `ExponentialHistogramDataPoint`.
///
/// ```
/// use phasegate_percentile::{MappedHistogram, mapping::Base2, wire::otel};
///
/// let mut histogram: MappedHistogram<Base2> = MappedHistogram::new();
/// histogram.record_slice(&[1.0, 2.0, 3.0]);
/// let point = otel::encode(&histogram);
/// assert_eq!(otel::decode(&point.bytes)?.count(), 3);
/// # Ok::<(), phasegate_percentile::DecodeError>(())
/// ```
#[must_use]
pub fn encode<const SUM: bool>(histogram: &MappedHistogram<Base2, SUM>) -> Encoded {
    let mapping = histogram.mapping;
    let (buckets, left_out) = Buckets::of(histogram, |key| mapping.index(key));
    let mut bytes = Vec::new();
    put_fixed_field(&mut bytes, 4, buckets.count());
    if left_out == 0 && histogram.negative_count() == 0 {
        // OpenTelemetry defines the sum for values that are not negative.
        put_double_field(&mut bytes, 5, histogram.sum());
    }
    put_signed_field(&mut bytes, 6, i64::from(mapping.scale()));
    put_fixed_field(&mut bytes, 7, buckets.zero);
    for (number, list) in [(8, &buckets.positive), (9, &buckets.negative)] {
        if let Some((first, counts)) = dense(list) {
            let mut packed = Vec::new();
            counts.iter().for_each(|n| put_varint(&mut packed, *n));
            let mut message = Vec::new();
            put_signed_field(&mut message, 1, i64::from(first));
            put_bytes_field(&mut message, 2, &packed);
            put_bytes_field(&mut bytes, number, &message);
        }
    }
    if left_out == 0 {
        let extremes = histogram.extremes();
        if histogram.min().is_some() && extremes.min_exact && extremes.max_exact {
            put_double_field(&mut bytes, 12, extremes.min);
            put_double_field(&mut bytes, 13, extremes.max);
        }
    }
    Encoded {
        bytes,
        left_out,
        relative_error: histogram.relative_error(),
    }
}

/// Reads an `ExponentialHistogramDataPoint`; its sum, times and attributes are not looked at.
///
/// # Errors
///
/// [`DecodeError`] for what is no such message, for a scale outside -4 ..= 8, for a count that is
/// not that of the buckets, and for extremes that do not fit them. A zero bucket that is wider than
/// zero is not supported.
pub fn decode(message: &[u8]) -> Result<MappedHistogram<Base2, false>, DecodeError> {
    let (mut count, mut scale, mut buckets) = (0, 0, Buckets::default());
    let (mut min, mut max) = (None, None);
    each_field(message, |number, field| {
        match number {
            4 => count = field.fixed64()?,
            6 => scale = field.signed32()?,
            7 => buckets.zero = field.fixed64()?,
            8 => take_buckets(&field, &mut buckets.positive)?,
            9 => take_buckets(&field, &mut buckets.negative)?,
            12 => min = Some(field.double()?),
            13 => max = Some(field.double()?),
            14 if field.double()? > f64::MIN_POSITIVE => {
                return Err(DecodeError::Unsupported {
                    what: "a wide zero bucket",
                });
            }
            _ => {}
        }
        Ok(())
    })?;
    let scale = i8::try_from(scale)
        .ok()
        .and_then(|scale| Base2::new(scale).ok());
    let mapping = scale.ok_or(DecodeError::Limit { what: "scale" })?;
    if buckets.count() != count {
        return Err(DecodeError::Inconsistent { what: "count" });
    }
    let mut read = MappedHistogram::from_buckets(mapping, &buckets, |mapping, index| {
        mapping.key_of_index(index)
    })?;
    read.take_extremes(min, max)?;
    Ok(read)
}

fn take_buckets(field: &Field<'_>, list: &mut Vec<(i32, u64)>) -> Result<(), DecodeError> {
    let (mut first, mut counts) = (0, Vec::new());
    each_field(field.bytes()?, |number, field| {
        match number {
            1 => first = field.signed32()?,
            2 => field.each_varint(|n| {
                counts.push(n);
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    let wrong = DecodeError::Limit {
        what: "bucket index",
    };
    for (place, n) in counts.into_iter().enumerate().filter(|(_, n)| *n != 0) {
        let place = i32::try_from(place).ok().ok_or(wrong)?;
        list.push((first.checked_add(place).ok_or(wrong)?, n));
    }
    Ok(())
}
