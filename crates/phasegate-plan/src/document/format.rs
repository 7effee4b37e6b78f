//! The formats that documents come in, and what is met in their place.

use std::fmt;

use super::Extent;

/// A document format. All hold the same model.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    Json,
    /// TOML 1.
    Toml,
    /// YAML 1.2.
    Yaml,
}

impl Format {
    /// By the ending of a file name; YAML where it says nothing.
    pub fn of_name(name: &str) -> Self {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ending.eq_ignore_ascii_case("toml") {
            Self::Toml
        } else if ending.eq_ignore_ascii_case("json") {
            Self::Json
        } else {
            Self::Yaml
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
        })
    }
}

/// UTF-16, with its mark or without: every character of the format's own words is one byte and a zero.
pub(super) fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [first, second, third, fourth, ..] => {
            let little = *second == 0 && *fourth == 0 && *first != 0 && *third != 0;
            let big = *first == 0 && *third == 0 && *second != 0 && *fourth != 0;
            little || big
        }
        _ => false,
    }
}

/// The first `//`, `/*` or `#` outside of quotes that begins a comment: the YAML reader would take the
/// first two for text and tell of a key that nobody wrote.
pub(super) fn comment_in_json(text: &str) -> Option<Extent> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut before = b' ';
    let mut skip = false;
    for (at, &byte) in bytes.iter().enumerate() {
        if skip {
            skip = false;
            before = b'x';
            continue;
        }
        match quote {
            Some(_) if byte == b'\\' => skip = true,
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None => {
                let between = before.is_ascii_whitespace() || b"{[,:}]\"'".contains(&before);
                let next = bytes.get(at + 1);
                let slash = byte == b'/' && matches!(next, Some(b'/' | b'*'));
                // Behind a colon they belong to an address that somebody forgot to quote.
                if between && before != b':' && (slash || byte == b'#') {
                    let end = text.get(at..)?.find(['\n', '\r']);
                    return Some(Extent::new(at, end.map_or(text.len(), |end| at + end)));
                }
                if matches!(byte, b'"' | b'\'') && between {
                    quote = Some(byte);
                }
            }
        }
        before = byte;
    }
    None
}
