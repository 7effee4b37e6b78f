//! How the numbers of a state are written. JSON has neither infinities nor NaN, and a state may hold them: a
//! detector begins at −∞, and a candidate that cannot be so has evidence +∞ against it. Where a format is for
//! people, such a number is the text `inf`, `-inf` or `nan`; elsewhere it is the number itself.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number as it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written(pub(super) f64);

const INFINITE: &str = "inf";
const MINUS_INFINITE: &str = "-inf";
const NOT_A_NUMBER: &str = "nan";

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() || !serializer.is_human_readable() {
            serializer.serialize_f64(self.0)
        } else if self.0.is_nan() {
            serializer.serialize_str(NOT_A_NUMBER)
        } else if self.0 > 0.0 {
            serializer.serialize_str(INFINITE)
        } else {
            serializer.serialize_str(MINUS_INFINITE)
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(Number)
        } else {
            f64::deserialize(deserializer).map(Self)
        }
    }
}

/// Reads a number, or the name of one.
struct Number;

impl Visitor<'_> for Number {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or one of 'inf', '-inf' and 'nan'")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Written, E> {
        Ok(Written(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Written, E> {
        Ok(Written(value as f64))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Written, E> {
        Ok(Written(value as f64))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Written, E> {
        match value {
            INFINITE => Ok(Written(f64::INFINITY)),
            MINUS_INFINITE => Ok(Written(f64::NEG_INFINITY)),
            NOT_A_NUMBER => Ok(Written(f64::NAN)),
            other => Err(E::invalid_value(serde::de::Unexpected::Str(other), &self)),
        }
    }
}

/// For fields: `#[serde(with = "state::number")]`.
pub(super) mod number {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Written;

    pub(in crate::statistics) fn serialize<S: Serializer>(
        value: &f64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Written(*value).serialize(serializer)
    }

    pub(in crate::statistics) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<f64, D::Error> {
        Written::deserialize(deserializer).map(|written| written.0)
    }
}

/// For lists: `#[serde(with = "state::numbers")]`.
pub(super) mod numbers {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Written;

    pub(in crate::statistics) fn serialize<S: Serializer>(
        values: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().copied().map(Written))
    }

    pub(in crate::statistics) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let written = Vec::<Written>::deserialize(deserializer)?;
        Ok(written.into_iter().map(|written| written.0).collect())
    }
}
