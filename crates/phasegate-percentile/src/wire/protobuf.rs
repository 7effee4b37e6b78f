//! As much of protobuf as the formats need: fields in, fields out, everything bounded by the input.

use alloc::{vec, vec::Vec};

use crate::wire::{
    DecodeError,
    bytes::{Reader, put_varint, unzigzag, zigzag},
};

/// The value of a field.
#[derive(Clone, Debug)]
pub(crate) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

impl<'a> Field<'a> {
    pub(crate) fn varint(&self) -> Result<u64, DecodeError> {
        match self {
            Self::Varint(value) => Ok(*value),
            Self::Fixed64(_) | Self::Bytes(_) | Self::Fixed32 => Err(WRONG_TYPE),
        }
    }

    /// A `sint32` or `sint64`.
    pub(crate) fn signed(&self) -> Result<i64, DecodeError> {
        self.varint().map(unzigzag)
    }

    pub(crate) fn signed32(&self) -> Result<i32, DecodeError> {
        i32::try_from(self.signed()?)
            .ok()
            .ok_or(DecodeError::Limit { what: "sint32" })
    }

    pub(crate) fn fixed64(&self) -> Result<u64, DecodeError> {
        match self {
            Self::Fixed64(value) => Ok(*value),
            Self::Varint(_) | Self::Bytes(_) | Self::Fixed32 => Err(WRONG_TYPE),
        }
    }

    pub(crate) fn double(&self) -> Result<f64, DecodeError> {
        self.fixed64().map(f64::from_bits)
    }

    pub(crate) fn bytes(&self) -> Result<&'a [u8], DecodeError> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed64(_) | Self::Fixed32 => Err(WRONG_TYPE),
        }
    }

    /// Calls `each` with the numbers of a repeated field, packed or not.
    pub(crate) fn each_varint(
        &self,
        mut each: impl FnMut(u64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        match self {
            Self::Varint(value) => each(*value),
            Self::Bytes(bytes) => {
                let mut packed = Reader::new(bytes);
                while !packed.is_empty() {
                    each(packed.varint()?)?;
                }
                Ok(())
            }
            Self::Fixed64(_) | Self::Fixed32 => Err(WRONG_TYPE),
        }
    }

    /// Calls `each` with the doubles of a repeated field, packed or not.
    pub(crate) fn each_double(
        &self,
        mut each: impl FnMut(f64) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        match self {
            Self::Fixed64(bits) => each(f64::from_bits(*bits)),
            Self::Bytes(bytes) => {
                let mut packed = Reader::new(bytes);
                while !packed.is_empty() {
                    each(packed.float()?)?;
                }
                Ok(())
            }
            Self::Varint(_) | Self::Fixed32 => Err(WRONG_TYPE),
        }
    }
}

const WRONG_TYPE: DecodeError = DecodeError::Inconsistent {
    what: "wire type of a field",
};

/// Calls `each` with the number and the value of every field of a message.
pub(crate) fn each_field<'a>(
    message: &'a [u8],
    mut each: impl FnMut(u64, Field<'a>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut input = Reader::new(message);
    while !input.is_empty() {
        let tag = input.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(input.varint()?),
            1 => Field::Fixed64(input.array().map(u64::from_le_bytes)?),
            2 => {
                let length = input.varint()?;
                let length = usize::try_from(length).ok().ok_or(DecodeError::Truncated)?;
                Field::Bytes(input.take(length)?)
            }
            5 => {
                input.take(4)?;
                Field::Fixed32
            }
            _ => return Err(DecodeError::Unrecognised),
        };
        if tag >> 3 == 0 {
            return Err(DecodeError::Unrecognised);
        }
        each(tag >> 3, field)?;
    }
    Ok(())
}

pub(crate) fn put_varint_field(out: &mut Vec<u8>, number: u64, value: u64) {
    put_varint(out, number << 3);
    put_varint(out, value);
}

pub(crate) fn put_signed_field(out: &mut Vec<u8>, number: u64, value: i64) {
    put_varint_field(out, number, zigzag(value));
}

pub(crate) fn put_fixed_field(out: &mut Vec<u8>, number: u64, value: u64) {
    put_varint(out, number << 3 | 1);
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_double_field(out: &mut Vec<u8>, number: u64, value: f64) {
    put_fixed_field(out, number, value.to_bits());
}

pub(crate) fn put_bytes_field(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    put_varint(out, number << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The counts between the first and the last bucket that hold something.
pub(crate) fn dense(buckets: &[(i32, u64)]) -> Option<(i32, Vec<u64>)> {
    let (first, last) = (buckets.first()?.0, buckets.last()?.0);
    let mut counts = vec![0; usize::try_from(last.abs_diff(first)).ok()? + 1];
    for (index, n) in buckets {
        if let Some(slot) = counts.get_mut(index.abs_diff(first) as usize) {
            *slot = *n;
        }
    }
    Some((first, counts))
}
