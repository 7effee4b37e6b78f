//! Lines and columns of a text, counted in advance at places far apart: the text of a document may be one line, and
//! may have thousands of faults.

use std::ops::Range;

/// So far apart the marks stand, in bytes.
const MARK_BYTES: usize = 4096;

/// What stands before each [`MARK_BYTES`] of a text.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    list: Vec<Mark>,
    /// Whether each character is a byte.
    ascii: bool,
    /// Whether there are carriage returns.
    returns: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// How many lines have ended.
    lines: usize,
    /// Where the line begins that has not ended.
    line_start: usize,
    /// How many characters have begun.
    chars: usize,
}

impl Marks {
    /// Cost: two or three passes over the text, many bytes at a time.
    pub(super) fn of(text: &str) -> Self {
        let mut marks = Self {
            list: Vec::with_capacity(text.len() / MARK_BYTES + 1),
            ascii: text.is_ascii(),
            returns: text.contains('\r'),
        };
        let mut mark = Mark::default();
        marks.list.push(mark);
        for end in (MARK_BYTES..=text.len()).step_by(MARK_BYTES) {
            let part = end - MARK_BYTES..end;
            if !marks.ascii {
                mark.chars += chars(text, part.clone());
            }
            let (ended, line_start) = marks.ended(text, part);
            mark.lines += ended;
            mark.line_start = line_start.unwrap_or(mark.line_start);
            marks.list.push(mark);
        }
        marks
    }

    fn before(&self, byte: usize) -> (Mark, Range<usize>) {
        let number = byte / MARK_BYTES;
        let mark = self.list.get(number).copied().unwrap_or_default();
        (mark, number * MARK_BYTES..byte)
    }

    /// How many lines have ended before a byte, and where its own begins.
    pub(super) fn line(&self, text: &str, byte: usize) -> (usize, usize) {
        let (mark, part) = self.before(byte);
        let (ended, start) = self.ended(text, part);
        (mark.lines + ended, start.unwrap_or(mark.line_start))
    }

    /// How many characters begin from one byte up to another.
    pub(super) fn chars(&self, text: &str, from: usize, to: usize) -> usize {
        if self.ascii {
            return to.saturating_sub(from);
        }
        let until = |byte| {
            let (mark, part) = self.before(byte);
            mark.chars + chars(text, part)
        };
        until(to).saturating_sub(until(from))
    }

    /// How many lines end within a part of a text, and where the one after the last of them begins. A carriage return
    /// alone ends a line too, as on old machines.
    fn ended(&self, text: &str, part: Range<usize>) -> (usize, Option<usize>) {
        let from = part.start;
        let bytes = text.as_bytes().get(part).unwrap_or_default();
        if !self.returns {
            let ended = count(bytes, |byte| byte == b'\n');
            let is_end = |byte: &u8| *byte == b'\n';
            let last = (ended > 0).then(|| bytes.iter().rposition(is_end));
            return (ended, last.flatten().map(|last| from + last + 1));
        }
        let next = |at: usize| text.as_bytes().get(from + at + 1);
        let ends = |(at, byte): &(usize, &u8)| match **byte {
            b'\n' => true,
            b'\r' => next(*at) != Some(&b'\n'),
            _ => false,
        };
        let mut ends = bytes.iter().enumerate().filter(ends);
        let first = ends.next();
        let (more, last) = ends.fold((0, first), |(more, _), end| (more + 1, Some(end)));
        let ended = more + usize::from(first.is_some());
        (ended, last.map(|(at, _)| from + at + 1))
    }
}

/// How many characters begin within a part of a text.
fn chars(text: &str, part: Range<usize>) -> usize {
    let bytes = text.as_bytes().get(part).unwrap_or_default();
    count(bytes, |byte| byte & 0xC0 != 0x80)
}

/// How many bytes are of a kind; many are looked at together.
fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let few = |few: &[u8]| few.iter().map(|byte| u8::from(is(*byte))).sum::<u8>();
    bytes.chunks(128).map(|part| usize::from(few(part))).sum()
}

#[cfg(test)]
mod tests {
    use super::Marks;

    /// Line and column of a byte, both from 0, counted from the start.
    fn counted(text: &str, byte: usize) -> (usize, usize) {
        let (mut line, mut column) = (0, 0);
        let mut chars = text.char_indices().peekable();
        while let Some((_, sign)) = chars.next_if(|(at, _)| *at < byte) {
            let pair = sign == '\r' && chars.peek().is_some_and(|(_, next)| *next == '\n');
            if sign == '\n' || (sign == '\r' && !pair) {
                (line, column) = (line + 1, 0);
            } else {
                column += 1;
            }
        }
        (line, column)
    }

    #[test]
    fn lines_and_columns_are_those_counted_from_the_start() {
        let pieces = [
            "a",
            "\n",
            "bc",
            "ä€",
            "\r\n",
            "\r",
            "𝄞",
            "long enough to pass a mark soon ",
        ];
        // A generator of numbers, so that each text differs and each run is the same.
        let mut seed = 7_usize;
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seed >> 33
        };
        for kinds in [&pieces[..3], &pieces[..4], &pieces[..], &pieces[7..]] {
            let text: String = (0..2_500)
                .filter_map(|_| kinds.get(next() % kinds.len()).copied())
                .collect();
            let marks = Marks::of(&text);
            let bytes = (0..=text.len()).filter(|byte| text.is_char_boundary(*byte));
            for byte in bytes.step_by(97).chain([text.len()]) {
                let (line, start) = marks.line(&text, byte);
                let found = (line, marks.chars(&text, start, byte));
                assert_eq!(found, counted(&text, byte), "{byte}");
            }
        }
    }
}
