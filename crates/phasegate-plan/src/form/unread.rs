//! What was written and could not be read. What would merely follow from its absence is no fault of its
//! own: one fault, one report.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::TargetId;

use crate::document::{Entry, Kind, Node, Source};

/// What of a document is not in the draft made of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread {
    /// By pointer into the document: of a list the items that are missing, in order; of all else nothing.
    parts: BTreeMap<String, Vec<usize>>,
    /// The ids of what could not be read: who names them is not wrong.
    ids: BTreeSet<String>,
    /// Lists with an item whose id is not known either.
    nameless: BTreeSet<String>,
}

impl Unread {
    /// What stands at this pointer could not be read.
    pub(super) fn part(&mut self, pointer: String) {
        self.nameless.insert(pointer.clone());
        self.parts.entry(pointer).or_default();
    }

    /// What an item of the list at this pointer is called is not known.
    pub(super) fn nameless(&mut self, list: &str) {
        self.nameless.insert(list.to_owned());
    }

    /// An item of the list at this pointer could not be read.
    pub(super) fn item(&mut self, list: String, index: usize, item: &Node, source: &Source) {
        let named = |entry: &Entry| entry.key.of(source) == "id";
        let id = match item.kind {
            Kind::Map(map) => source.entries(map).iter().find(|entry| named(entry)),
            Kind::List(_) | Kind::Scalar { .. } => None,
        };
        match id.map(|entry| entry.value.kind) {
            Some(Kind::Scalar { text, .. }) => {
                let text = text.of(source);
                self.ids.insert(text.to_owned());
                // What it is called elsewhere nobody knows, if it is the id that is wrong.
                if TargetId::new(text).is_err() {
                    self.nameless.insert(list.clone());
                }
            }
            _ => {
                self.nameless.insert(list.clone());
            }
        }
        self.parts.entry(list).or_default().push(index);
    }

    /// The pointer into the document for one into the draft: the items that could be read moved up.
    pub(crate) fn written(&self, pointer: &str) -> String {
        if self.parts.is_empty() {
            return pointer.to_owned();
        }
        let mut out = String::new();
        for segment in pointer.split('/').skip(1) {
            let moved = segment.parse::<usize>().ok().map(|index| {
                let gone = self.parts.get(&out).map_or(&[][..], Vec::as_slice);
                moved_up(gone, index)
            });
            out.push('/');
            match moved {
                Some(index) => out.push_str(&index.to_string()),
                None => out.push_str(segment),
            }
        }
        out
    }

    /// Is everything in the draft?
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Was something at or under this place of the document not read?
    pub(crate) fn is_within(&self, pointer: &str) -> bool {
        let mut after = self.parts.range(pointer.to_owned()..);
        let under = |found: &str| {
            let rest = found.strip_prefix(pointer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // Between a pointer and what stands under it may lie its siblings: `/a`, `/a-b`, `/a/c`.
        after
            .by_ref()
            .take_while(|(found, _)| found.starts_with(pointer))
            .any(|(found, _)| under(found))
    }

    /// Is an item of this list missing?
    pub(crate) fn has_lost(&self, list: &str) -> bool {
        self.parts.contains_key(list)
    }

    /// Was the item before this one of a list not read?
    pub(crate) fn is_item(&self, list: &str, index: usize) -> bool {
        let gone = self.parts.get(list);
        gone.is_some_and(|gone| gone.binary_search(&index).is_ok())
    }

    /// Does this name something that could not be read, or may it?
    pub(crate) fn may_name(&self, list: &str, id: &str) -> bool {
        self.ids.contains(id) || self.nameless.contains(list)
    }

    /// Does a text name something that could not be read?
    pub(crate) fn is_named_in(&self, text: &str) -> bool {
        ids_in(text).any(|word| self.ids.contains(word))
    }
}

/// What stands for the name of something that has none that can be read.
pub(super) fn stand_in(number: usize) -> String {
    format!("{STAND_IN}{number}")
}

const STAND_IN: &str = "unread-";

/// Does a name only stand for one that could not be read?
pub(crate) fn stands_in(name: &str) -> bool {
    name.starts_with(STAND_IN)
}

/// A message without the names that only stand for one.
pub(crate) fn without_stand_ins(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    let quoted = format!("'{STAND_IN}");
    while let Some((before, behind)) = rest.split_once(&quoted) {
        out.push_str(before);
        out.push_str("'...");
        rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}

/// What in a text may be ids.
pub(crate) fn ids_in(text: &str) -> impl Iterator<Item = &str> {
    let part = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '-' | '_');
    text.split(move |sign| !part(sign))
}

/// Where in a list stands what comes so far down when some of its items are gone, each named in order.
fn moved_up(gone: &[usize], index: usize) -> usize {
    // Before the gone item number `n` stand `gone[n] - n` others; the numbers never fall.
    let (mut low, mut high) = (0, gone.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let before = gone
            .get(middle)
            .map_or(0, |item| item.saturating_sub(middle));
        if before <= index {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    index + low
}

#[cfg(test)]
mod tests {
    use super::{moved_up, stand_in, without_stand_ins};

    #[test]
    fn names_that_only_stand_for_one_are_not_told() {
        let told = format!("the gate '{}' of 'unread' decides nothing", stand_in(12));
        let wanted = "the gate '...' of 'unread' decides nothing";
        assert_eq!(without_stand_ins(&told), wanted);
    }

    #[test]
    fn what_is_left_of_a_list_keeps_its_places() {
        for gone in [&[][..], &[0], &[1, 2, 5], &[0, 1, 2, 3], &[3, 4, 9], &[9]] {
            let left: Vec<usize> = (0..10).filter(|item| !gone.contains(item)).collect();
            let found: Vec<usize> = (0..left.len()).map(|index| moved_up(gone, index)).collect();
            assert_eq!(found, left, "{gone:?}");
        }
    }
}
