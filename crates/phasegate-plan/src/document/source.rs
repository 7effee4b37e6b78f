//! The text of a document and the way from a byte to a line and column.

use super::Extent;
use crate::fault::Place;

/// A named text with an index of its lines.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

/// More of a line does not help a reader.
const SNIPPET_CHARS_MAX: usize = 200;

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let starts = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            line_starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
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
        let rest = self.text.get(line_start..).unwrap_or_default();
        let whole = rest.split(['\n', '\r']).next().unwrap_or_default();
        let before = self
            .text
            .get(line_start..bytes(at.start))
            .unwrap_or_default();
        let meant = self
            .text
            .get(bytes(at.start)..bytes(at.end))
            .unwrap_or_default();
        let width = meant
            .split(['\n', '\r'])
            .next()
            .unwrap_or_default()
            .trim_end();
        let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Place {
            file: self.name.clone(),
            line: narrow(line),
            column: narrow(before.chars().count() + 1),
            start: at.start,
            end: at.end,
            snippet: whole.chars().take(SNIPPET_CHARS_MAX).collect(),
            width: narrow(width.chars().count().max(1)),
        }
    }
}
