//! A place in the text, and the small steps forward from it.

use std::ops::Range;

use super::{NESTING_MAX, ParseError, TEXT_LEN_MAX};
use crate::tree::{Name, NameError, Severity, Text, is_invisible};

pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

pub(super) type Read<T> = Result<T, ParseError>;

/// What begins a comment elsewhere.
pub(super) const COMMENTS: [&str; 3] = ["//", "/*", "#"];

/// Length of the id at the front of a text: letters, digits, `_`, and hyphens with more of it behind.
fn id_len(text: &str) -> usize {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut len = 0;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let more = |next: &u8| part(*next);
        let hyphen = byte == b'-' && len > 0 && bytes.peek().is_some_and(more);
        if !part(byte) && !hyphen {
            break;
        }
        len += 1;
    }
    len
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Read<Self> {
        let mut cursor = Self {
            text,
            at: 0,
            depth: 0,
        };
        if text.len() > TEXT_LEN_MAX {
            let found = format!("{} bytes", text.len());
            let expected = format!("at most {TEXT_LEN_MAX} bytes");
            return Err(ParseError {
                at: TEXT_LEN_MAX..text.len(),
                expected,
                found,
            });
        }
        cursor.space();
        Ok(cursor)
    }

    /// What is left of the text.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) const fn place(&self) -> usize {
        self.at
    }

    /// Back to a place that [`Cursor::place`] gave.
    pub(super) const fn back_to(&mut self, place: usize) {
        self.at = place;
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    /// Goes forward by some bytes, and over the space behind them.
    pub(super) fn skip(&mut self, len: usize) {
        self.at += len;
        self.space();
    }

    /// Something else was expected here.
    pub(super) fn fault<T>(&self, expected: &str) -> Read<T> {
        let rest = self.rest();
        let comment = COMMENTS.into_iter().find(|sign| rest.starts_with(sign));
        let len = match (comment, id_len(rest)) {
            (Some(sign), _) => {
                let expected = format!("{expected} (a criterion holds no comments)");
                return self.fault_at(self.at..self.at + sign.len(), &expected);
            }
            (None, 0) => rest.chars().next().map_or(0, char::len_utf8),
            (None, len) => len,
        };
        self.fault_at(self.at..self.at + len, expected)
    }

    /// Something else was expected there.
    pub(super) fn fault_at<T>(&self, at: Range<usize>, expected: &str) -> Read<T> {
        let found = match self.text.get(at.clone()) {
            None | Some("") => "the end".to_owned(),
            Some(text) => {
                let mut shown = String::new();
                for c in text.chars().take(40) {
                    if is_invisible(c) || matches!(c, '\n' | '\t') {
                        shown.extend(c.escape_default());
                    } else {
                        shown.push(c);
                    }
                }
                format!("'{shown}'")
            }
        };
        Err(ParseError {
            at,
            expected: expected.to_owned(),
            found,
        })
    }

    pub(super) fn end(&self) -> Read<()> {
        if self.rest().is_empty() {
            return Ok(());
        }
        self.fault("'and', 'or', a clause (vs, margin, significant, cap, confidence, min, over, throughout, during, every, for, keep, gap, at most, by, severity, do, decide within, within) or the end")
    }

    /// The word here, without going past it.
    pub(super) fn word(&self) -> &'t str {
        let rest = self.rest();
        let len = id_len(rest);
        rest.get(..len).unwrap_or("")
    }

    /// Goes past this word, if it stands here.
    pub(super) fn eat(&mut self, word: &str) -> bool {
        // Most words are another one from their first letter on.
        let here = self.rest().starts_with(word) && self.word() == word;
        if here {
            self.skip(word.len());
        }
        here
    }

    /// Goes past these words, if all of them stand here.
    pub(super) fn eat_all(&mut self, words: &[&str]) -> bool {
        let place = self.place();
        let all = words.iter().all(|word| self.eat(word));
        if !all {
            self.back_to(place);
        }
        all
    }

    pub(super) fn need(&mut self, word: &str) -> Read<()> {
        if self.eat(word) {
            Ok(())
        } else {
            self.fault(&format!("'{word}'"))
        }
    }

    /// Goes past this sign, if it stands here.
    pub(super) fn eat_sign(&mut self, sign: &str) -> bool {
        let here = self.rest().starts_with(sign);
        if here {
            self.skip(sign.len());
        }
        here
    }

    pub(super) fn need_sign(&mut self, sign: &str, expected: &str) -> Read<()> {
        if self.eat_sign(sign) {
            Ok(())
        } else {
            self.fault(expected)
        }
    }

    pub(super) fn name(&mut self, expected: &str) -> Read<Name> {
        let word = self.word();
        match Name::new(word) {
            Ok(name) => {
                self.skip(word.len());
                Ok(name)
            }
            Err(NameError::Reserved { .. }) => {
                self.fault(&format!("{expected} ('{word}' is a word of the language)"))
            }
            Err(NameError::Id(_) | NameError::Shape { .. }) => self.fault(expected),
        }
    }

    pub(super) fn severity(&mut self) -> Read<Severity> {
        const EXPECTED: &str = "a severity such as critical or p1";
        let word = self.word();
        match Severity::new(word) {
            Ok(severity) => {
                self.skip(word.len());
                Ok(severity)
            }
            Err(_) => Ok(self.name(EXPECTED)?.into()),
        }
    }

    /// A whole number without sign.
    pub(super) fn count<N: std::str::FromStr>(&mut self, expected: &str) -> Read<N> {
        let rest = self.rest();
        let len = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        match rest.get(..len).map(str::parse) {
            Some(Ok(count)) => {
                self.skip(len);
                Ok(count)
            }
            // Where no digit stands, whatever stands there is at fault.
            Some(Err(_)) | None if len == 0 => self.fault(expected),
            Some(Err(_)) | None => self.fault_at(self.at..self.at + len, expected),
        }
    }

    pub(super) fn quoted(&mut self) -> Read<Text> {
        const EXPECTED: &str = "a text in double quotes";
        let start = self.at;
        let rest = self.rest();
        if !rest.starts_with('"') {
            return self.fault(EXPECTED);
        }
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            match (escaped, c) {
                (true, '"' | '\\') => text.push(c),
                (true, 'n') => text.push('\n'),
                (true, 't') => text.push('\t'),
                (true, _) => {
                    let place = start + at - 1..start + at + c.len_utf8();
                    return self.fault_at(place, "one of \\\" \\\\ \\n \\t");
                }
                (false, '"') => {
                    self.skip(at + 1);
                    return match Text::new(text) {
                        Ok(text) => Ok(text),
                        Err(fault) => self.fault_at(
                            start..self.at,
                            &format!("a text that people can read ({fault})"),
                        ),
                    };
                }
                (false, '\\') => {}
                (false, _) => text.push(c),
            }
            escaped = !escaped && c == '\\';
        }
        self.fault_at(start..self.text.len(), "a closing double quote")
    }

    /// Reads something that lies one level deeper.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= NESTING_MAX {
            return self.fault(&format!("at most {NESTING_MAX} levels"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }
}
