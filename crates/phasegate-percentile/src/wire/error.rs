//! Why bytes are not a histogram.

use core::fmt;

/// Why bytes could not be decoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The checksum does not fit the bytes.
    Checksum,
    /// Parts contradict each other: `what` names them.
    Inconsistent {
        /// Which part contradicts the others.
        what: &'static str,
    },
    /// A number is greater than the format or this crate allows.
    Limit {
        /// Which number.
        what: &'static str,
    },
    /// The bytes describe another mapping than the one asked for.
    Mapping,
    /// The bytes hold no sum, but the type that was asked for keeps one.
    SumMissing,
    /// Bytes are left after the end.
    TrailingBytes,
    /// The bytes end too early.
    Truncated,
    /// Not this format, or a version of it that this crate does not know.
    Unrecognised,
    /// Something that the format allows and this crate does not hold.
    Unsupported {
        /// What it is.
        what: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checksum => f.write_str("checksum does not fit"),
            Self::Inconsistent { what } => write!(f, "{what} contradicts the rest"),
            Self::Limit { what } => write!(f, "{what} is out of bounds"),
            Self::Mapping => f.write_str("bytes hold another mapping"),
            Self::SumMissing => f.write_str("bytes hold no sum"),
            Self::TrailingBytes => f.write_str("bytes are left after the end"),
            Self::Truncated => f.write_str("bytes end too early"),
            Self::Unrecognised => f.write_str("unknown format or version"),
            Self::Unsupported { what } => write!(f, "{what} is not supported"),
        }
    }
}

impl core::error::Error for DecodeError {}
