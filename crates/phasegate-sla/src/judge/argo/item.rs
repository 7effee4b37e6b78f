//! What a condition computes with while it runs: Go's values, told apart as far as a verdict can hang on it.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::ConditionError;
use super::value::Value;

/// Lists in lists deeper than this are refused: they are walked by recursion.
const MAX_DEPTH: u32 = 500;
/// Values larger than this are refused; see [`Item::weight`].
const MAX_WEIGHT: u64 = 4_000_000;
/// Bytes of a text that weigh as much as one element of a list.
const BYTES_PER_WEIGHT: usize = 8;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Bool(bool),
    Byte(u8),
    Float(f64),
    /// The function of that name.
    Function(&'static str),
    Integer(i64),
    /// `map[int]struct{}`: what a literal list of whole numbers becomes behind `in`.
    Integers(Arc<BTreeSet<i64>>),
    List(Arc<List>),
    /// `int64`.
    Long(i64),
    Map(Arc<Map>),
    Nil,
    /// Bytes, mostly of UTF-8; a part of a text may end within a character.
    Text(Arc<[u8]>),
    /// `map[string]struct{}`: what a literal list of texts becomes behind `in`.
    Texts(Arc<BTreeSet<String>>),
}

/// What a list is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Of {
    Any,
    Byte,
    Float,
    Integer,
    Text,
}

/// A list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct List {
    pub(super) of: Of,
    /// Go's nil list, which is empty and equal to nil.
    pub(super) is_nil: bool,
    pub(super) items: Vec<Item>,
    size: Size,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Map {
    pub(super) entries: BTreeMap<Arc<[u8]>, Item>,
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    depth: u32,
    weight: u64,
}

impl Size {
    fn of<'a>(items: impl Iterator<Item = &'a Item>) -> Result<Self, ConditionError> {
        let (mut depth, mut weight) = (0, 1_u64);
        for item in items {
            let size = item.size();
            depth = depth.max(size.depth);
            weight = weight.saturating_add(size.weight);
        }
        let size = Self {
            depth: depth + 1,
            weight,
        };
        if size.depth > MAX_DEPTH || size.weight > MAX_WEIGHT {
            return Err(ConditionError::value("a value is too large"));
        }
        Ok(size)
    }
}

impl Item {
    pub(super) fn text(text: impl AsRef<[u8]>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    /// A list; refused if it is too deep or too large.
    pub(super) fn list(of: Of, items: Vec<Self>) -> Result<Self, ConditionError> {
        let size = Size::of(items.iter())?;
        let is_nil = false;
        Ok(Self::List(Arc::new(List {
            of,
            is_nil,
            items,
            size,
        })))
    }

    /// Go's nil list.
    pub(super) fn nil_list(of: Of) -> Self {
        let size = Size {
            depth: 1,
            weight: 1,
        };
        Self::List(Arc::new(List {
            of,
            is_nil: true,
            items: Vec::new(),
            size,
        }))
    }

    /// An object; refused if it is too deep or too large.
    pub(super) fn map(entries: BTreeMap<Arc<[u8]>, Self>) -> Result<Self, ConditionError> {
        let size = Size::of(entries.values())?;
        Ok(Self::Map(Arc::new(Map { entries, size })))
    }

    /// What a metric answered.
    pub(super) fn of(value: &Value) -> Result<Self, ConditionError> {
        Ok(match value {
            Value::Array(values) => {
                let items: Result<_, _> = values.iter().map(Self::of).collect();
                Self::list(Of::Any, items?)?
            }
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Float(number) => Self::Float(*number),
            Value::Integer(number) => Self::Integer(*number),
            Value::Map(map) => {
                let entry = |(key, value): (&String, &Value)| {
                    Ok((Arc::from(key.as_bytes()), Self::of(value)?))
                };
                let entries: Result<_, ConditionError> = map.iter().map(entry).collect();
                Self::map(entries?)?
            }
            Value::Nil => Self::Nil,
            Value::Text(text) => Self::text(text),
        })
    }

    fn size(&self) -> Size {
        match self {
            Self::List(list) => list.size,
            Self::Map(map) => map.size,
            Self::Text(text) => Size {
                depth: 0,
                weight: 1 + (text.len() / BYTES_PER_WEIGHT) as u64,
            },
            Self::Bool(_)
            | Self::Byte(_)
            | Self::Float(_)
            | Self::Function(_)
            | Self::Integer(_)
            | Self::Integers(_)
            | Self::Long(_)
            | Self::Nil
            | Self::Texts(_) => Size {
                depth: 0,
                weight: 1,
            },
        }
    }

    /// How much work it is to walk it: about the number of values in it.
    pub(super) fn weight(&self) -> u64 {
        self.size().weight
    }

    /// The whole number of any width.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Byte(byte) => Some(i64::from(*byte)),
            Self::Integer(number) | Self::Long(number) => Some(*number),
            Self::Bool(_)
            | Self::Float(_)
            | Self::Function(_)
            | Self::Integers(_)
            | Self::List(_)
            | Self::Map(_)
            | Self::Nil
            | Self::Text(_)
            | Self::Texts(_) => None,
        }
    }

    /// The number as a fraction.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            other => other.integer().map(|number| number as f64),
        }
    }

    /// The number cut to a whole one, as Go converts on its usual machines: what does not fit, NaN
    /// included, becomes the least whole number.
    pub(super) fn whole(&self) -> Option<i64> {
        /// 2⁶³.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        match self {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "cutting is what the format does"
            )]
            Self::Float(x) if (-LIMIT..LIMIT).contains(x) => Some(*x as i64),
            Self::Float(_) => Some(i64::MIN),
            other => other.integer(),
        }
    }

    /// The elements of a list.
    pub(super) fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(&list.items),
            Self::Bool(_)
            | Self::Byte(_)
            | Self::Float(_)
            | Self::Function(_)
            | Self::Integer(_)
            | Self::Integers(_)
            | Self::Long(_)
            | Self::Map(_)
            | Self::Nil
            | Self::Text(_)
            | Self::Texts(_) => None,
        }
    }

    /// Nothing, or Go's nil list.
    pub(super) fn is_nil(&self) -> bool {
        match self {
            Self::List(list) => list.is_nil,
            other => *other == Self::Nil,
        }
    }

    /// The order of two numbers or two texts; none for anything else, and none for NaN.
    pub(super) fn order(&self, other: &Self) -> Option<Option<Ordering>> {
        if let (Self::Text(left), Self::Text(right)) = (self, other) {
            return Some(Some(left.cmp(right)));
        }
        match (self.integer(), other.integer()) {
            (Some(left), Some(right)) => Some(Some(left.cmp(&right))),
            _ => Some(self.number()?.partial_cmp(&other.number()?)),
        }
    }
}
