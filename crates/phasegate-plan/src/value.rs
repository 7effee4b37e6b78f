//! A tree of plain values: what an adapter's configuration is kept as, and what a plan is printed
//! from. It is ours so that no format library shows in the public interface.

use std::fmt;

use phasegate_core::Decimal;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value of no particular type. Maps keep the order in which they were written; two maps with the
/// same entries in another order are equal.
///
/// ```
/// use phasegate_plan::Value;
/// let value: Value = serde_json::from_str(r#"{"url": "http://127.0.0.1:9090", "step": 15}"#)?;
/// assert_eq!(value.get("step").and_then(Value::as_u64), Some(15));
/// assert_eq!(value.get("url").and_then(Value::as_str), Some("http://127.0.0.1:9090"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the kinds of value that YAML, TOML and JSON share are these"
)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An exact number.
    Number(Decimal),
    /// Text.
    Text(String),
    /// Values in order.
    List(Vec<Value>),
    /// Named values, in the order written.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The value under a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The whole number, if it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self {
            number.to_u64()
        } else {
            None
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self {
            Some(*truth)
        } else {
            None
        }
    }

    /// The entries, if it is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(list) = self {
            Some(list)
        } else {
            None
        }
    }

    /// The entries, if it is a map.
    pub fn as_map(&self) -> Option<&[(String, Self)]> {
        if let Self::Map(entries) = self {
            Some(entries)
        } else {
            None
        }
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn map<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Map(
            entries
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect(),
        )
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(key, value)| other.get(key) == Some(value))
            }
            (
                Self::Null
                | Self::Bool(_)
                | Self::Number(_)
                | Self::Text(_)
                | Self::List(_)
                | Self::Map(_),
                _,
            ) => false,
        }
    }
}

impl Eq for Value {}

/// How a decimal goes out where the format has only 64-bit numbers: as one if that loses nothing,
/// else as text (which reads back as the same number).
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => {
                let text = number.to_string();
                if let Ok(whole) = text.parse::<i64>() {
                    return serializer.serialize_i64(whole);
                }
                let float = number.to_f64();
                if Decimal::from_f64(float).is_ok_and(|back| back.to_string() == text) {
                    serializer.serialize_f64(float)
                } else {
                    serializer.serialize_str(&text)
                }
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => {
                let mut out = serializer.serialize_seq(Some(list.len()))?;
                for value in list {
                    out.serialize_element(value)?;
                }
                out.end()
            }
            Self::Map(entries) => {
                let mut out = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    out.serialize_entry(key, value)?;
                }
                out.end()
            }
        }
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(Decimal::from(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(Decimal::from(number)))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Decimal::from_f64(number)
            .map(Value::Number)
            .map_err(E::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_map_does_not_matter_for_equality() {
        let a: Value = serde_json::from_str(r#"{"a": 1, "b": [true, null]}"#).expect("json");
        let b: Value = serde_json::from_str(r#"{"b": [true, null], "a": 1}"#).expect("json");
        let c: Value = serde_json::from_str(r#"{"b": [true, null], "a": 2}"#).expect("json");
        assert_eq!(a, b);
        assert_ne!(a, c);
    }

    #[test]
    fn a_number_that_a_float_cannot_hold_goes_out_as_text() {
        let long = Value::Number("0.1234567890123456789012345".parse().expect("a number"));
        assert_eq!(
            serde_json::to_string(&long).expect("json"),
            "\"0.1234567890123456789012345\""
        );
        let scaled = Value::Number("0.30".parse().expect("a number"));
        assert_eq!(serde_json::to_string(&scaled).expect("json"), "\"0.30\"");
        let short = Value::Number("0.3".parse().expect("a number"));
        assert_eq!(serde_json::to_string(&short).expect("json"), "0.3");
    }
}
