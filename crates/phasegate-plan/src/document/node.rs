//! The tree of raw scalars with places. Texts are as written: what type they are, the form decides.

use phasegate_core::Decimal;

use super::Source;
use crate::value::Value;

/// A stretch of bytes in the source.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Extent {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Extent {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        let clamp = |n| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            start: clamp(start),
            end: clamp(end),
        }
    }
}

/// A text of a document: a stretch of the source, or made of one, as where it has escapes.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Written(Extent),
    Made(Box<str>),
}

impl Text {
    /// The text itself, from the source that it was read from.
    pub(crate) fn of<'t>(&'t self, source: &'t Source) -> &'t str {
        match self {
            Self::Written(at) => source.slice(*at),
            Self::Made(text) => text,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Written(at) => usize::try_from(at.end - at.start).unwrap_or(usize::MAX),
            Self::Made(text) => text.len(),
        }
    }
}

impl<T: Into<Box<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::Made(text.into())
    }
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) at: Extent,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Text as written. `bare` means unquoted, so that it may be a number, a truth value or null.
    Scalar {
        text: Text,
        bare: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its place, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Text,
    pub(crate) key_at: Extent,
    pub(crate) value: Node,
}

impl Node {
    /// Nothing written, or `null` or `~`.
    pub(crate) fn is_null(&self, source: &Source) -> bool {
        match &self.kind {
            Kind::Scalar { text, bare } => *bare && matches!(text.of(source), "" | "~" | "null"),
            Kind::List(_) | Kind::Map(_) => false,
        }
    }

    /// How many values it is, itself included.
    pub(crate) fn size(&self) -> usize {
        match &self.kind {
            Kind::Scalar { .. } => 1,
            Kind::List(list) => list.iter().map(Self::size).sum::<usize>() + 1,
            Kind::Map(map) => map.iter().map(|e| e.value.size() + 1).sum::<usize>() + 1,
        }
    }

    /// The bytes of its texts and keys.
    pub(crate) fn bytes(&self) -> usize {
        match &self.kind {
            Kind::Scalar { text, .. } => text.len(),
            Kind::List(list) => list.iter().map(Self::bytes).sum(),
            Kind::Map(map) => map.iter().map(|e| e.key.len() + e.value.bytes()).sum(),
        }
    }

    /// Levels of nesting: 0 for a scalar.
    pub(crate) fn depth(&self) -> usize {
        match &self.kind {
            Kind::Scalar { .. } => 0,
            Kind::List(list) => list.iter().map(Self::depth).max().unwrap_or(0) + 1,
            Kind::Map(map) => map.iter().map(|e| e.value.depth()).max().unwrap_or(0) + 1,
        }
    }

    /// The node that a JSON pointer leads to, or the nearest above it that exists.
    pub(crate) fn nearest(&self, pointer: &str, source: &Source) -> Extent {
        let mut node = self;
        let mut at = self.at;
        for segment in pointer.split('/').skip(1) {
            let segment = super::pointer::key(segment);
            match &node.kind {
                Kind::List(list) => {
                    let Some(next) = segment.parse().ok().and_then(|n: usize| list.get(n)) else {
                        break;
                    };
                    node = next;
                    at = node.at;
                }
                Kind::Map(map) => {
                    let Some(entry) = map.iter().find(|entry| entry.key.of(source) == segment)
                    else {
                        break;
                    };
                    node = &entry.value;
                    // A key says more than the first line of what stands under it.
                    at = match &node.kind {
                        Kind::Scalar { .. } => node.at,
                        Kind::List(_) | Kind::Map(_) => entry.key_at,
                    };
                }
                Kind::Scalar { .. } => break,
            }
        }
        at
    }

    /// The pointer of each value, with its place, outermost first.
    pub(crate) fn pointers(&self, prefix: &str, source: &Source, out: &mut Vec<(Extent, String)>) {
        match &self.kind {
            Kind::Scalar { .. } => {}
            Kind::List(list) => {
                for (index, item) in list.iter().enumerate() {
                    let pointer = format!("{prefix}/{index}");
                    out.push((item.at, pointer.clone()));
                    item.pointers(&pointer, source, out);
                }
            }
            Kind::Map(map) => {
                for entry in map {
                    let key = super::pointer::segment(entry.key.of(source));
                    let pointer = format!("{prefix}/{key}");
                    out.push((entry.key_at, pointer.clone()));
                    entry.value.pointers(&pointer, source, out);
                }
            }
        }
    }

    /// As a value of no particular type: bare scalars become what YAML's core schema says.
    pub(crate) fn to_value(&self, source: &Source) -> Value {
        let item = |item: &Self| item.to_value(source);
        let entry = |entry: &Entry| (entry.key.of(source).to_owned(), item(&entry.value));
        match &self.kind {
            Kind::Scalar { text, bare } => scalar_value(text.of(source), *bare),
            Kind::List(list) => Value::List(list.iter().map(item).collect()),
            Kind::Map(map) => Value::Map(map.iter().map(entry).collect()),
        }
    }
}

pub(crate) fn scalar_value(text: &str, bare: bool) -> Value {
    if !bare {
        return Value::text(text);
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text
            .parse::<Decimal>()
            .map_or_else(|_| Value::text(text), Value::Number),
    }
}
