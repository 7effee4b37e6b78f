//! The tree of raw scalars with places. Texts are as written: what type they are, the form decides.

use phasegate_core::Decimal;

use super::{Entries, Items, Source};
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

    /// Without the sign at each end.
    pub(super) fn inner(self) -> Self {
        Self {
            start: self.start.saturating_add(1).min(self.end),
            end: self.end.saturating_sub(1).max(self.start),
        }
    }

    /// The stretch of a text; nothing where it has no such stretch.
    pub(super) fn of(self, text: &str) -> &str {
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let slice = text.get(index(self.start)..index(self.end));
        slice.unwrap_or_default()
    }
}

/// A text of a document: a stretch of the source, or of what was made of it, as where it has escapes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text {
    Written(Extent),
    Made(Extent),
}

impl Text {
    /// The text itself, from the source that it was read from.
    pub(crate) fn of(self, source: &Source) -> &str {
        self.within(source.text(), source.tree().made())
    }

    /// The text itself, from the text it was read from and what was made of that.
    pub(super) fn within<'t>(self, text: &'t str, made: &'t str) -> &'t str {
        match self {
            Self::Written(at) => at.of(text),
            Self::Made(at) => at.of(made),
        }
    }

    pub(super) fn len(self) -> usize {
        let (Self::Written(at) | Self::Made(at)) = self;
        usize::try_from(at.end - at.start).unwrap_or(usize::MAX)
    }
}

/// A value with its place. What stands in a list or a map is in the [`Tree`](super::Tree) of the source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) at: Extent,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Text as written. `bare` means unquoted, so that it may be a number, a truth value or null.
    Scalar {
        text: Text,
        bare: bool,
    },
    List(Items),
    Map(Entries),
}

/// A key with its place, and its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Text,
    pub(crate) key_at: Extent,
    pub(crate) value: Node,
}

impl Node {
    /// Nothing written, or `null` or `~`.
    pub(crate) fn is_null(&self, source: &Source) -> bool {
        match self.kind {
            Kind::Scalar { text, bare } => bare && matches!(text.of(source), "" | "~" | "null"),
            Kind::List(_) | Kind::Map(_) => false,
        }
    }

    /// How many values it is, itself included.
    pub(crate) fn size(&self, source: &Source) -> usize {
        let inner: usize = self.inner(source).map(|node| node.size(source)).sum();
        let keys = match self.kind {
            Kind::Map(map) => source.entries(map).len(),
            Kind::Scalar { .. } | Kind::List(_) => 0,
        };
        1 + keys + inner
    }

    /// The bytes of its texts and keys.
    pub(crate) fn bytes(&self, source: &Source) -> usize {
        let own = match self.kind {
            Kind::Scalar { text, .. } => text.len(),
            Kind::List(_) => 0,
            Kind::Map(map) => source.entries(map).iter().map(|e| e.key.len()).sum(),
        };
        let inner: usize = self.inner(source).map(|node| node.bytes(source)).sum();
        own + inner
    }

    /// Levels of nesting: 0 for a scalar.
    pub(crate) fn depth(&self, source: &Source) -> usize {
        let inner = self.inner(source).map(|node| node.depth(source)).max();
        let is_scalar = matches!(self.kind, Kind::Scalar { .. });
        inner.unwrap_or(0) + usize::from(!is_scalar)
    }

    /// The values one level down.
    fn inner<'s>(&self, source: &'s Source) -> impl Iterator<Item = &'s Self> {
        let (items, entries) = match self.kind {
            Kind::Scalar { .. } => (&[][..], &[][..]),
            Kind::List(list) => (source.items(list), &[][..]),
            Kind::Map(map) => (&[][..], source.entries(map)),
        };
        items.iter().chain(entries.iter().map(|entry| &entry.value))
    }

    /// The node that a JSON pointer leads to, or the nearest above it that exists.
    pub(crate) fn nearest(&self, pointer: &str, source: &Source) -> Extent {
        let mut node = self;
        let mut at = self.at;
        for segment in pointer.split('/').skip(1) {
            let segment = super::pointer::key(segment);
            match node.kind {
                Kind::List(list) => {
                    let list = source.items(list);
                    let Some(next) = segment.parse().ok().and_then(|n: usize| list.get(n)) else {
                        break;
                    };
                    node = next;
                    at = node.at;
                }
                Kind::Map(map) => {
                    let mut entries = source.entries(map).iter();
                    let Some(entry) = entries.find(|entry| entry.key.of(source) == segment) else {
                        break;
                    };
                    node = &entry.value;
                    // A key says more than the first line of what stands under it.
                    at = match node.kind {
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
        match self.kind {
            Kind::Scalar { .. } => {}
            Kind::List(list) => {
                for (index, item) in source.items(list).iter().enumerate() {
                    let pointer = format!("{prefix}/{index}");
                    out.push((item.at, pointer.clone()));
                    item.pointers(&pointer, source, out);
                }
            }
            Kind::Map(map) => {
                for entry in source.entries(map) {
                    let key = super::pointer::segment(entry.key.of(source));
                    let pointer = format!("{prefix}/{key}");
                    out.push((entry.key_at, pointer.clone()));
                    entry.value.pointers(&pointer, source, out);
                }
            }
        }
    }

    /// As a value of no particular type: bare scalars become what YAML's core schema says.
    pub(crate) fn to_value(self, source: &Source) -> Value {
        let item = |item: &Self| item.to_value(source);
        let entry = |entry: &Entry| (entry.key.of(source).to_owned(), item(&entry.value));
        match self.kind {
            Kind::Scalar { text, bare } => scalar_value(text.of(source), bare),
            Kind::List(list) => Value::List(source.items(list).iter().map(item).collect()),
            Kind::Map(map) => Value::Map(source.entries(map).iter().map(entry).collect()),
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
