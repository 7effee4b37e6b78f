//! The text of a document and the way from a byte to a line and column.

use std::sync::Arc;

use super::Extent;
use crate::fault::Place;

/// A named text with an index of its lines.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    name: String,
    text: Arc<str>,
    line_starts: Vec<u32>,
    /// How many characters there are before each [`MARK_BYTES`]; empty where each is a byte.
    marks: Vec<u32>,
}

/// More of a line does not help a reader.
const SNIPPET_CHARS_MAX: usize = 200;

/// Of a line that is longer, so much is shown before what is meant.
const LEAD_CHARS_MAX: usize = 80;

/// So far apart characters are counted in advance: a document of one line may have thousands of faults.
const MARK_BYTES: usize = 4096;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.into(),
            line_starts: line_starts(text),
            marks: if text.is_ascii() {
                Vec::new()
            } else {
                marks(text.as_bytes())
            },
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the text, which are shared.
    pub(super) fn bytes(&self) -> Arc<[u8]> {
        Arc::clone(&self.text).into()
    }

    /// A stretch of it; nothing where it has no such stretch.
    pub(crate) fn slice(&self, at: Extent) -> &str {
        let index = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let slice = self.text.get(index(at.start)..index(at.end));
        slice.unwrap_or_default()
    }

    /// The place of a stretch of bytes, with the line it begins on.
    pub(crate) fn place(&self, at: Extent) -> Place {
        let line = self.line_starts.partition_point(|start| *start <= at.start);
        let bytes = |n: u32| {
            usize::try_from(n)
                .unwrap_or(usize::MAX)
                .min(self.text.len())
        };
        let line_start = bytes(
            self.line_starts
                .get(line.saturating_sub(1))
                .copied()
                .unwrap_or(0),
        );
        let at_start = bytes(at.start);
        let before = self.text.get(line_start..at_start).unwrap_or_default();
        let column = self.chars_before(at_start) - self.chars_before(line_start);
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
            line: narrow(line),
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

    fn chars_before(&self, byte: usize) -> usize {
        if self.marks.is_empty() {
            return byte;
        }
        let mark = byte / MARK_BYTES;
        let marked = self.marks.get(mark).copied().unwrap_or_default();
        let rest = self.text.as_bytes().get(mark * MARK_BYTES..byte);
        usize::try_from(marked).unwrap_or(usize::MAX) + chars(rest.unwrap_or_default())
    }
}

/// What is shown of a text: the rest of its first line, shortened.
fn on_one_line(text: &str) -> &str {
    let mut chars = text.char_indices();
    let end = (chars.by_ref().take(SNIPPET_CHARS_MAX)).find(|(_, c)| matches!(c, '\n' | '\r'));
    let end = end.or_else(|| chars.next()).map(|(at, _)| at);
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// How many characters begin in these bytes of a text.
fn chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The first byte of each line. A carriage return alone ends a line too, as on old machines.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let returns = text.contains('\r');
    let mut starts = Vec::with_capacity(text.len() / 32 + 1);
    starts.push(0);
    for (at, byte) in bytes.iter().enumerate() {
        let alone = || returns && *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
        if *byte == b'\n' || alone() {
            starts.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
        }
    }
    starts
}

fn marks(bytes: &[u8]) -> Vec<u32> {
    let mut before = 0;
    let stretch = |part: &[u8]| {
        let mark = before;
        before += u32::try_from(chars(part)).unwrap_or(u32::MAX);
        mark
    };
    let mut marks: Vec<u32> = bytes.chunks(MARK_BYTES).map(stretch).collect();
    // The end may lie on a mark.
    marks.push(before);
    marks
}
