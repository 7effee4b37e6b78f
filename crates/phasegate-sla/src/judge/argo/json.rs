//! Values as JSON texts, written and read as Go's library does.

use std::sync::Arc;

use super::ConditionError;
use super::item::{Item, Of};
use super::{operate, text};

/// Two blanks a level; none for what JSON has no word for: NaN, the infinities, functions.
pub(super) fn write(item: &Item) -> Option<String> {
    let mut out = String::new();
    put(item, 0, &mut out)?;
    Some(out)
}

fn put(item: &Item, level: usize, out: &mut String) -> Option<()> {
    match item {
        Item::List(list) if list.is_nil => out.push_str("null"),
        Item::List(found) if found.of == Of::Byte => {
            out.push('"');
            base64(&operate::bytes(&found.items), out);
            out.push('"');
        }
        Item::List(found) => {
            let inside = |item: &Item, out: &mut String| put(item, level + 1, out);
            list(('[', ']'), found.items.iter(), inside, level, out)?;
        }
        Item::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Item::Byte(_) | Item::Integer(_) | Item::Long(_) => {
            out.push_str(&item.integer()?.to_string());
        }
        Item::Float(number) if number.is_finite() => out.push_str(&float(*number)),
        Item::Map(map) => {
            let inside = |(key, item): (&Arc<[u8]>, &Item), out: &mut String| {
                quoted(key, out);
                out.push_str(": ");
                put(item, level + 1, out)
            };
            list(('{', '}'), map.entries.iter(), inside, level, out)?;
        }
        Item::Nil => out.push_str("null"),
        Item::Text(text) => quoted(text, out),
        Item::Float(_) | Item::Function(_) | Item::Integers(_) | Item::Texts(_) => return None,
    }
    Some(())
}

/// Bytes, as Go writes a list of them.
fn base64(bytes: &[u8], out: &mut String) {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let at = |place: usize| usize::from(three.get(place).copied().unwrap_or(0));
        let all = at(0) << 16 | at(1) << 8 | at(2);
        for sign in 0..4_usize {
            let place = (all >> (18 - 6 * sign)) & 63;
            let sign = SIGNS.get(place).filter(|_| sign <= three.len());
            out.push(sign.map_or('=', |sign| char::from(*sign)));
        }
    }
}

/// One element a line, between brackets.
fn list<T>(
    (open, close): (char, char),
    elements: impl ExactSizeIterator<Item = T>,
    inside: impl Fn(T, &mut String) -> Option<()>,
    level: usize,
    out: &mut String,
) -> Option<()> {
    let line = |level: usize, out: &mut String| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    };
    let empty = elements.len() == 0;
    out.push(open);
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(',');
        }
        line(level + 1, out);
        inside(element, out)?;
    }
    if !empty {
        line(level, out);
    }
    out.push(close);
    Some(())
}

/// Shortest digits; with an exponent below 10⁻⁶ and from 10²¹ on.
fn float(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if size < 1.0 {
        text
    } else {
        text.replace('e', "e+")
    }
}

/// What would mean something in HTML is escaped too, and what is no character.
fn quoted(text: &[u8], out: &mut String) {
    out.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    out.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
                _ => out.push(c),
            }
        }
        for _ in chunk.invalid() {
            out.push_str("\\ufffd");
        }
    }
    out.push('"');
}

/// A JSON text; its numbers are fractions. None for what is no JSON.
pub(super) fn read(text: &[u8]) -> Result<Option<Item>, ConditionError> {
    let text = paired(&text::characters(text));
    serde_json::from_str(&text).ok().map(of).transpose()
}

fn of(json: serde_json::Value) -> Result<Item, ConditionError> {
    Ok(match json {
        serde_json::Value::Null => Item::Nil,
        serde_json::Value::Bool(truth) => Item::Bool(truth),
        serde_json::Value::Number(number) => {
            let number = number.as_f64();
            Item::Float(number.ok_or(ConditionError::value("a number is too large"))?)
        }
        serde_json::Value::String(text) => Item::text(text),
        serde_json::Value::Array(values) => {
            let items: Result<_, _> = values.into_iter().map(of).collect();
            Item::list(Of::Any, items?)?
        }
        serde_json::Value::Object(map) => {
            let entry = |(key, json): (String, _)| Ok((key.into_bytes().into(), of(json)?));
            let entries: Result<_, ConditionError> = map.into_iter().map(entry).collect();
            Item::map(entries?)?
        }
    })
}

/// Halves of characters (`\ud800` without its other half) as Go reads them, where serde reads nothing.
fn paired(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match half(escape) {
            Some(0xd800..=0xdbff)
                if escape
                    .get(6..)
                    .and_then(half)
                    .is_some_and(|low| low >= 0xdc00) =>
            {
                12
            }
            Some(_) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            None => 1 + escape.chars().nth(1).map_or(0, char::len_utf8),
        };
        let (kept, behind) = escape.split_at_checked(length).unwrap_or((escape, ""));
        out.push_str(kept);
        rest = behind;
    }
    out + rest
}

/// The half of a character that is escaped here.
fn half(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let code = u16::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    (0xd800..=0xdfff).contains(&code).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_are_read_as_go_reads_them() {
        for (text, wanted) in [
            (r"a\ud83d\ude00b", r"a\ud83d\ude00b"),
            (r"\ud83d", r"\ufffd"),
            (r"\ude00\ud83d", r"\ufffd\ufffd"),
            (r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00"),
            (r"\\ud83d", r"\\ud83d"),
            (r"\n\u00e9\", r"\n\u00e9\"),
        ] {
            assert_eq!(paired(text), wanted, "{text}");
        }
    }

    #[test]
    fn bytes_are_written_as_go_writes_them() {
        for (bytes, wanted) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            let mut out = String::new();
            base64(bytes.as_bytes(), &mut out);
            assert_eq!(out, wanted);
        }
    }
}
