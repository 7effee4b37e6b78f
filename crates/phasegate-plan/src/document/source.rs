//! The text of a document and the way from a byte to a line and column.

use std::sync::{Arc, OnceLock};

use super::marks::Marks;
use super::{Entries, Entry, Extent, Items, Kind, Node, Text, Tree};
use crate::fault::Place;

/// A named text, and what the values read from it stand in.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    name: String,
    text: Arc<str>,
    tree: Tree,
    /// Made when a place is asked for: a document without faults needs none.
    marks: OnceLock<Marks>,
}

/// More of a line does not help a reader.
const SNIPPET_CHARS_MAX: usize = 200;

/// Of a line that is longer, so much is shown before what is meant.
const LEAD_CHARS_MAX: usize = 80;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.into(),
            tree: Tree::default(),
            marks: OnceLock::new(),
        }
    }

    fn marks(&self) -> &Marks {
        self.marks.get_or_init(|| Marks::of(&self.text))
    }

    pub(super) fn tree(&self) -> &Tree {
        &self.tree
    }

    pub(super) fn tree_mut(&mut self) -> &mut Tree {
        &mut self.tree
    }

    /// The items of a list that was read from it.
    pub(crate) fn items(&self, list: Items) -> &[Node] {
        self.tree.items(list)
    }

    /// The entries of a map that was read from it.
    pub(crate) fn entries(&self, map: Entries) -> &[Entry] {
        self.tree.entries(map)
    }

    /// The text of a value that stands at a place: the very stretch, or kept beside it.
    pub(super) fn keep(&mut self, text: &str, at: Extent) -> Text {
        if self.slice(at) == text {
            return Text::Written(at);
        }
        self.tree.make(text)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The text, which is shared.
    pub(super) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The same, and the root of what was read from it, with some texts at its head.
    pub(crate) fn with_head(&self, root: &Node, head: &[(&str, &str)]) -> (Self, Node) {
        let (mut source, mut root) = (self.clone(), *root);
        if let Kind::Map(map) = root.kind {
            let mut entries = self.entries(map).to_vec();
            for &(key, text) in head {
                let kind = Kind::Scalar {
                    text: source.tree.make(text),
                    bare: false,
                };
                let value = Node { kind, at: root.at };
                match entries.iter_mut().find(|entry| entry.key.of(self) == key) {
                    Some(entry) => entry.value = value,
                    None => entries.push(Entry {
                        key: source.tree.make(key),
                        key_at: root.at,
                        value,
                    }),
                }
            }
            root.kind = Kind::Map(source.tree.map(&entries));
        }
        (source, root)
    }

    /// A stretch of it; nothing where it has no such stretch.
    pub(crate) fn slice(&self, at: Extent) -> &str {
        at.of(&self.text)
    }

    /// The place of a stretch of bytes, with the line it begins on.
    pub(crate) fn place(&self, at: Extent) -> Place {
        let bytes = |n: u32| {
            usize::try_from(n)
                .unwrap_or(usize::MAX)
                .min(self.text.len())
        };
        let at_start = bytes(at.start);
        let (line, line_start) = self.marks().line(&self.text, at_start);
        let before = self.text.get(line_start..at_start).unwrap_or_default();
        let column = self.marks().chars(&self.text, line_start, at_start);
        let lead = before.char_indices().rev().take(LEAD_CHARS_MAX).last();
        let skipped = column.saturating_sub(LEAD_CHARS_MAX);
        let is_far = column >= SNIPPET_CHARS_MAX;
        let (shown, first) = match lead.filter(|_| is_far) {
            Some((lead, _)) => (line_start + lead, skipped),
            None => (line_start, 0),
        };
        let meant = self.text.get(at_start..bytes(at.end)).unwrap_or_default();
        let width = on_one_line(meant).trim_end().chars().count();
        let rest = self.text.get(shown..).unwrap_or_default();
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            file: self.name.clone(),
            line: narrow(line + 1),
            column: narrow(column + 1),
            start: at.start,
            end: at.end,
            snippet: on_one_line(rest).to_owned(),
            snippet_column: narrow(first + 1),
            width: narrow(width.max(1)),
        }
    }

    /// Where a word stands within a stretch, if it stands there once.
    pub(crate) fn word(&self, within: Extent, word: &str) -> Option<Extent> {
        let start = usize::try_from(within.start).ok()?;
        let text = self.text.get(start..usize::try_from(within.end).ok()?)?;
        let of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let alone = |at: &usize| {
            let before = text.get(..*at).and_then(|text| text.chars().next_back());
            let behind = text.get(at + word.len()..);
            let behind = behind.and_then(|text| text.chars().next());
            !before.is_some_and(of_a_name) && !behind.is_some_and(of_a_name)
        };
        let mut places = text.match_indices(word).map(|(at, _)| at).filter(alone);
        let at = places.next().filter(|_| !word.is_empty())?;
        if places.next().is_some() {
            return None;
        }
        Some(Extent {
            start: u32::try_from(start + at).ok()?,
            end: u32::try_from(start + at + word.len()).ok()?,
        })
    }
}

/// What is shown of a text: the rest of its first line, shortened.
fn on_one_line(text: &str) -> &str {
    let mut chars = text.char_indices();
    let end = (chars.by_ref().take(SNIPPET_CHARS_MAX)).find(|(_, c)| matches!(c, '\n' | '\r'));
    let end = end.or_else(|| chars.next()).map(|(at, _)| at);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}
