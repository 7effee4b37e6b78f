//! The tree that is compared. Reading refuses what two readers could understand in two ways: names that
//! stand twice in an object, nesting beyond all use.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::number::Number;

/// The deepest nesting that is compared by meaning.
pub const NESTING_MAX: u16 = 64;

/// Why a text is not compared as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Nested too deep.
    #[error("the JSON is nested deeper than {NESTING_MAX}")]
    Nesting,
    /// A number whose exponent is beyond all use.
    #[error("'{text}' is no number that can be compared")]
    Number {
        /// The text, shortened to 80 characters.
        text: String,
    },
    /// Not JSON.
    #[error("not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, JsonError> {
        let raw: &RawValue = serde_json::from_slice(bytes)?;
        Self::lower(raw, 0)
    }

    fn lower(raw: &RawValue, depth: u16) -> Result<Self, JsonError> {
        if depth > NESTING_MAX {
            return Err(JsonError::Nesting);
        }
        let text = raw.get().trim();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b'[') => {
                let parts: Vec<&RawValue> = serde_json::from_str(text)?;
                let lowered = parts.into_iter().map(|part| Self::lower(part, depth + 1));
                Self::Array(lowered.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: Members<'_> = serde_json::from_str(text)?;
                let lowered = members
                    .0
                    .into_iter()
                    .map(|(name, part)| Self::lower(part, depth + 1).map(|part| (name, part)));
                Self::Object(lowered.collect::<Result<_, _>>()?)
            }
            _ => Self::Number(Number::read(text).ok_or_else(|| JsonError::Number {
                text: text.chars().take(80).collect(),
            })?),
        })
    }

    /// What lies under these names.
    pub(crate) fn at(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |value, name| match value {
            Self::Object(members) => members.get(*name),
            Self::Array(parts) => parts.get(name.parse::<usize>().ok()?),
            Self::Bool(_) | Self::Null | Self::Number(_) | Self::Text(_) => None,
        })
    }

    /// Is it of the same type?
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(value) => f.write_str(&text(value)),
            Self::Array(parts) => {
                f.write_str("[")?;
                for (at, part) in parts.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{part}")?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, part)) in members.iter().enumerate() {
                    let comma = if at == 0 { "" } else { "," };
                    write!(f, "{comma}{}:{part}", text(name))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// An object's members as they were written; a name that stands twice is an error.
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Members)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = BTreeMap<String, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("a name stands twice in an object"));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}
