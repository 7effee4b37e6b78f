//! What the values of one document stand in: few allocations, whatever their number, and values that can be copied.

use super::{Entry, Extent, Node, Text};

/// The items of all lists, the entries of all maps, and the texts that do not stand in the source as they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    items: Vec<Node>,
    entries: Vec<Entry>,
    made: String,
}

/// Where the items of a list stand in the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Items(Extent);

/// Where the entries of a map stand in the tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries(Extent);

impl Tree {
    /// With room for what a document of so many bytes is likely to hold.
    pub(super) fn for_bytes(len: usize) -> Self {
        Self {
            items: Vec::with_capacity(len / 64),
            entries: Vec::with_capacity(len / 32),
            made: String::new(),
        }
    }

    pub(super) fn made(&self) -> &str {
        &self.made
    }

    pub(super) fn items(&self, list: Items) -> &[Node] {
        stretch(&self.items, list.0)
    }

    pub(super) fn entries(&self, map: Entries) -> &[Entry] {
        stretch(&self.entries, map.0)
    }

    /// Keeps a text that does not stand in the source.
    pub(super) fn make(&mut self, text: &str) -> Text {
        let start = self.made.len();
        self.made.push_str(text);
        Text::Made(Extent::new(start, self.made.len()))
    }

    /// Keeps the items of a list.
    pub(super) fn list(&mut self, items: &[Node]) -> Items {
        let start = self.items.len();
        self.items.extend_from_slice(items);
        Items(Extent::new(start, self.items.len()))
    }

    /// Keeps the entries of a map.
    pub(super) fn map(&mut self, entries: &[Entry]) -> Entries {
        let start = self.entries.len();
        self.entries.extend_from_slice(entries);
        Entries(Extent::new(start, self.entries.len()))
    }
}

fn stretch<T>(all: &[T], at: Extent) -> &[T] {
    let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    all.get(index(at.start)..index(at.end)).unwrap_or_default()
}
