//! Prometheus' native histogram, as the protobuf message that servers scrape.
//!
//! Its buckets are those of [`Base2`]: the schema is the scale, and an index names the upper bound.
//! Counts are differences of neighbours in spans of buckets.

use alloc::vec::Vec;

use crate::{
    histogram::MappedHistogram,
    mapping::Base2,
    wire::{
        DecodeError,
        bytes::unzigzag,
        conversion::{Buckets, Encoded},
        protobuf::{
            Field, each_field, put_bytes_field, put_double_field, put_signed_field,
            put_varint_field,
        },
    },
};

/// The width of the zero bucket that Prometheus uses unless told otherwise, `2^-128`.
const ZERO_THRESHOLD: f64 = f64::from_bits((1023 - 128) << 52);
/// A gap of so many empty buckets is cheaper as zeros than as a span of its own.
const GAP: i32 = 3;
/// A histogram of all floats at the finest schema has fewer buckets.
const BUCKETS_MAX: u64 = 1 << 20;

/// The histogram as an `io.prometheus.client.Histogram` with native buckets.
///
/// The zero bucket is written with Prometheus' usual threshold; nothing else falls into it, because
/// the default range begins above.
///
/// ```
/// use phasegate_percentile::{MappedHistogram, mapping::Base2, wire::prometheus};
///
/// let mut histogram: MappedHistogram<Base2> = MappedHistogram::new();
/// histogram.record_slice(&[1.0, 2.0, 3.0]);
/// let message = prometheus::encode(&histogram);
/// assert_eq!(prometheus::decode(&message.bytes)?.count(), 3);
/// # Ok::<(), phasegate_percentile::DecodeError>(())
/// ```
#[must_use]
pub fn encode<const SUM: bool>(histogram: &MappedHistogram<Base2, SUM>) -> Encoded {
    let mapping = histogram.mapping;
    // Index `i` of OpenTelemetry is `(2^i, 2^(i+1)]`; Prometheus names the same bucket `i + 1`.
    let (buckets, left_out) = Buckets::of(histogram, |key| mapping.index(key).saturating_add(1));
    let mut bytes = Vec::new();
    put_varint_field(&mut bytes, 1, buckets.count());
    put_double_field(&mut bytes, 2, histogram.sum());
    put_signed_field(&mut bytes, 5, i64::from(mapping.scale()));
    put_double_field(&mut bytes, 6, ZERO_THRESHOLD);
    put_varint_field(&mut bytes, 7, buckets.zero);
    put_spans(&mut bytes, 9, &buckets.negative);
    put_spans(&mut bytes, 12, &buckets.positive);
    if buckets.count() == buckets.zero {
        // A span without buckets tells a native histogram from a classic one.
        put_bytes_field(&mut bytes, 12, &[]);
    }
    Encoded {
        bytes,
        left_out,
        relative_error: histogram.relative_error(),
    }
}

/// Reads an `io.prometheus.client.Histogram` with native buckets and whole counts.
///
/// # Errors
///
/// [`DecodeError`] for what is no such message, for a schema outside -4 ..= 8, and for a count that
/// is not that of the buckets. Custom buckets, float counts and classic buckets are not supported.
pub fn decode(message: &[u8]) -> Result<MappedHistogram<Base2, false>, DecodeError> {
    let (mut count, mut schema, mut zero) = (0, 0, 0);
    let (mut positive, mut negative) = (Spans::default(), Spans::default());
    each_field(message, |number, field| {
        match number {
            1 => count = field.varint()?,
            4 | 8 | 11 | 14 => {
                return Err(DecodeError::Unsupported {
                    what: "a histogram of float counts",
                });
            }
            5 => schema = field.signed32()?,
            6 if field.double()? > f64::MIN_POSITIVE.max(ZERO_THRESHOLD) => {
                return Err(DecodeError::Unsupported {
                    what: "a wide zero bucket",
                });
            }
            7 => zero = field.varint()?,
            9 => negative.take_span(&field)?,
            10 => negative.take_deltas(&field)?,
            12 => positive.take_span(&field)?,
            13 => positive.take_deltas(&field)?,
            _ => {}
        }
        Ok(())
    })?;
    let scale = i8::try_from(schema)
        .ok()
        .and_then(|scale| Base2::new(scale).ok());
    let mapping = scale.ok_or(DecodeError::Limit { what: "schema" })?;
    let buckets = Buckets {
        positive: positive.buckets()?,
        negative: negative.buckets()?,
        zero,
    };
    if buckets.count() != count {
        return Err(DecodeError::Inconsistent { what: "count" });
    }
    MappedHistogram::from_buckets(mapping, &buckets, |mapping, index| {
        mapping.key_of_index(index.checked_sub(1)?)
    })
}

fn put_spans(bytes: &mut Vec<u8>, number: u64, list: &[(i32, u64)]) {
    let mut spans: Vec<(i32, u32)> = Vec::new();
    let (mut next, mut previous, mut deltas) = (0_i32, 0_u64, Vec::new());
    let put = |deltas: &mut Vec<i64>, previous: &mut u64, n: u64| {
        deltas.push(n.wrapping_sub(*previous).cast_signed());
        *previous = n;
    };
    for (index, n) in list {
        let gap = index - next;
        match spans.last_mut() {
            Some((_, length)) if gap < GAP => {
                (0..gap).for_each(|_| put(&mut deltas, &mut previous, 0));
                *length += gap.unsigned_abs() + 1;
            }
            _ => spans.push((gap, 1)),
        }
        put(&mut deltas, &mut previous, *n);
        next = index + 1;
    }
    for (offset, length) in spans {
        let mut span = Vec::new();
        put_signed_field(&mut span, 1, i64::from(offset));
        put_varint_field(&mut span, 2, u64::from(length));
        put_bytes_field(bytes, number, &span);
    }
    for delta in deltas {
        put_signed_field(bytes, number + 1, delta);
    }
}

#[derive(Debug, Default)]
struct Spans {
    spans: Vec<(i32, u64)>,
    deltas: Vec<i64>,
}

impl Spans {
    fn take_span(&mut self, field: &Field<'_>) -> Result<(), DecodeError> {
        let (mut offset, mut length) = (0, 0);
        each_field(field.bytes()?, |number, field| {
            match number {
                1 => offset = field.signed32()?,
                2 => length = field.varint()?,
                _ => {}
            }
            Ok(())
        })?;
        if length > BUCKETS_MAX {
            return Err(DecodeError::Limit { what: "span" });
        }
        self.spans.push((offset, length));
        Ok(())
    }

    fn take_deltas(&mut self, field: &Field<'_>) -> Result<(), DecodeError> {
        field.each_varint(|delta| {
            self.deltas.push(unzigzag(delta));
            Ok(())
        })
    }

    fn buckets(self) -> Result<Vec<(i32, u64)>, DecodeError> {
        let wrong = DecodeError::Limit {
            what: "bucket index",
        };
        let (mut index, mut count) = (0_i32, 0_i64);
        let mut deltas = self.deltas.into_iter();
        let mut list = Vec::new();
        for (offset, length) in self.spans {
            index = index.checked_add(offset).ok_or(wrong)?;
            for _ in 0..length {
                let delta = deltas
                    .next()
                    .ok_or(DecodeError::Inconsistent { what: "span" })?;
                count = count.wrapping_add(delta);
                if count != 0 {
                    list.push((index, count.cast_unsigned()));
                }
                index = index.checked_add(1).ok_or(wrong)?;
            }
        }
        if deltas.next().is_some() {
            return Err(DecodeError::Inconsistent { what: "span" });
        }
        Ok(list)
    }
}
