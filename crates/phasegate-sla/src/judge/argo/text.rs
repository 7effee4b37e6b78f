//! Functions on texts, as Go's `strings` has them: on bytes, of which some may be parts of characters.

use super::ConditionError;
use super::item::{Item, Of};

/// A text repeated so many times, or to so many bytes, is refused, as expr's budget of memory has it.
const REPEATED_MAX: usize = 1_000_000;

/// Texts that a condition makes are no longer, in bytes: else they could double until there is no memory.
pub(super) const LENGTH_MAX: usize = 4_000_000;

/// The text, if it has whole characters only.
pub(super) fn utf8(text: &[u8]) -> Option<&str> {
    std::str::from_utf8(text).ok()
}

/// The characters as Go reads them: a byte that belongs to none is U+FFFD.
pub(super) fn characters(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        out.push_str(chunk.valid());
        let cut = chunk.invalid().iter();
        out.extend(cut.map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// How many bytes the first character takes.
fn width(text: &[u8]) -> usize {
    /// No character takes more.
    const MOST: usize = 4;
    let first = text.get(..MOST).unwrap_or(text).utf8_chunks().next();
    first.map_or(0, |chunk| {
        chunk.valid().chars().next().map_or(1, char::len_utf8)
    })
}

/// The number of characters.
pub(super) fn length(text: &[u8]) -> i64 {
    let characters =
        |chunk: std::str::Utf8Chunk<'_>| chunk.valid().chars().count() + chunk.invalid().len();
    let length: usize = text.utf8_chunks().map(characters).sum();
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Where one text begins in another.
pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return Some(0);
    }
    text.windows(wanted.len()).position(|part| part == wanted)
}

fn find_last(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() {
        return Some(text.len());
    }
    text.windows(wanted.len()).rposition(|part| part == wanted)
}

/// Runs one of them.
pub(super) fn run(name: &str, arguments: &[Item]) -> Result<Item, ConditionError> {
    let misfit = ConditionError::value("an argument does not fit");
    match (name, arguments) {
        (_, [Item::Text(text)]) => on_text(name, text).ok_or(misfit),
        ("repeat", [Item::Text(text), times]) => repeat(text, times.whole().ok_or(misfit)?),
        (_, [Item::Text(text), Item::Text(other)]) => on_two(name, text, other)?.ok_or(misfit),
        ("replace", [Item::Text(text), Item::Text(old), Item::Text(new)]) => {
            replace(text, old, new, -1)
        }
        ("split" | "splitAfter", [Item::Text(text), Item::Text(separator), count]) => {
            let count = count.whole().ok_or(misfit)?;
            parts(text, separator, name == "splitAfter", count)
        }
        ("replace", [Item::Text(text), Item::Text(old), Item::Text(new), count]) => {
            replace(text, old, new, count.whole().ok_or(misfit)?)
        }
        _ => Err(misfit),
    }
}

fn on_text(name: &str, text: &[u8]) -> Option<Item> {
    let in_case = |change: fn(char) -> char| {
        let changed: String = characters(text).chars().map(change).collect();
        Item::text(changed)
    };
    // What is cut off, if nothing is named, is a blank.
    Some(match name {
        "trim" => trimmed(text, char::is_whitespace),
        "upper" => in_case(|c| single(c, c.to_uppercase())),
        "lower" => in_case(|c| match c {
            'İ' => 'i',
            _ => single(c, c.to_lowercase()),
        }),
        "trimPrefix" => Item::text(text.strip_prefix(b" ").unwrap_or(text)),
        "trimSuffix" => Item::text(text.strip_suffix(b" ").unwrap_or(text)),
        _ => return None,
    })
}

/// Go's letters change one by one: what would become several stays, such as ß.
fn single(c: char, mut changed: impl ExactSizeIterator<Item = char>) -> char {
    match (changed.len(), changed.next()) {
        (1, Some(changed)) => changed,
        (_, _) => c,
    }
}

/// Without such characters at both ends.
fn trimmed(text: &[u8], cut: impl Fn(char) -> bool) -> Item {
    let mut places = Vec::new();
    let mut at = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let (first, behind) = rest.split_at_checked(width(rest)).unwrap_or((rest, &[]));
        let c = utf8(first).and_then(|first| first.chars().next());
        if !cut(c.unwrap_or(char::REPLACEMENT_CHARACTER)) {
            places.push((at, at + first.len()));
        }
        at += first.len();
        rest = behind;
    }
    let from = places.first().map_or(0, |(from, _)| *from);
    let to = places.last().map_or(0, |(_, to)| *to);
    Item::text(text.get(from..to).unwrap_or_default())
}

fn on_two(name: &str, text: &[u8], other: &[u8]) -> Result<Option<Item>, ConditionError> {
    let place = |found: Option<usize>| {
        let found = found.and_then(|at| i64::try_from(at).ok());
        Item::Integer(found.unwrap_or(-1))
    };
    let cut = |cut: Option<&[u8]>| Item::text(cut.unwrap_or(text));
    Ok(Some(match name {
        "trim" => {
            let cut = characters(other);
            trimmed(text, |c| cut.contains(c))
        }
        "trimPrefix" => cut(text.strip_prefix(other)),
        "trimSuffix" => cut(text.strip_suffix(other)),
        "hasPrefix" => Item::Bool(text.starts_with(other)),
        "hasSuffix" => Item::Bool(text.ends_with(other)),
        "indexOf" => place(find(text, other)),
        "lastIndexOf" => place(find_last(text, other)),
        "split" => parts(text, other, false, -1)?,
        "splitAfter" => parts(text, other, true, -1)?,
        _ => return Ok(None),
    }))
}

/// At most so many parts, the last one with all the rest; fewer than none is no limit, none is nil.
fn parts(text: &[u8], separator: &[u8], after: bool, most: i64) -> Result<Item, ConditionError> {
    if most == 0 {
        return Ok(Item::nil_list(Of::Text));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut rest = text;
    let mut found = Vec::new();
    while found.len() + 1 < most {
        let cut = if separator.is_empty() {
            let first = width(rest);
            (first < rest.len()).then_some((first, first))
        } else {
            find(rest, separator).map(|at| (at, at + separator.len()))
        };
        let Some((end, next)) = cut else { break };
        let part = rest.get(..if after { next } else { end });
        found.push(Item::text(part.unwrap_or_default()));
        rest = rest.get(next..).unwrap_or_default();
    }
    if !(separator.is_empty() && rest.is_empty()) {
        found.push(Item::text(rest));
    }
    Item::list(Of::Text, found)
}

/// At most so many replaced, from the front; fewer than none is no limit. Nothing stands before every
/// character and at the end.
fn replace(text: &[u8], old: &[u8], new: &[u8], most: i64) -> Result<Item, ConditionError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let mut rest = text;
    for done in 0..most {
        let at = if old.is_empty() {
            (done == 0 || !rest.is_empty()).then(|| if done == 0 { 0 } else { width(rest) })
        } else {
            find(rest, old)
        };
        let Some(at) = at else { break };
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(new);
        rest = rest.get(at + old.len()..).unwrap_or_default();
        if out.len() > REPEATED_MAX {
            return Err(ConditionError::value("replaced by too much"));
        }
    }
    out.extend_from_slice(rest);
    Ok(Item::text(out))
}

fn repeat(text: &[u8], times: i64) -> Result<Item, ConditionError> {
    let times = usize::try_from(times).ok();
    let fits = |times: &usize| {
        let bytes = text.len().max(1).checked_mul(*times);
        *times <= REPEATED_MAX && bytes.is_some_and(|bytes| bytes <= REPEATED_MAX)
    };
    match times.filter(fits) {
        Some(times) => Ok(Item::text(text.repeat(times))),
        None => Err(ConditionError::value("repeated too often")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_as_go_splits_them() {
        for (whole, separator, after, most, wanted) in [
            ("a,b,c", ",", false, -1, vec!["a", "b", "c"]),
            ("a,b,c", ",", false, 2, vec!["a", "b,c"]),
            ("a,b,c", ",", true, -1, vec!["a,", "b,", "c"]),
            ("a,b,c", ",", true, 2, vec!["a,", "b,c"]),
            ("abc", "", false, -1, vec!["a", "b", "c"]),
            ("abc", "", false, 2, vec!["a", "bc"]),
            ("", ",", false, -1, vec![""]),
            ("", "", false, -1, vec![]),
            ("a,", ",", true, -1, vec!["a,", ""]),
            ("é", "", false, -1, vec!["é"]),
        ] {
            let wanted = wanted.into_iter().map(Item::text).collect();
            let wanted = Item::list(Of::Text, wanted).unwrap();
            let found = parts(whole.as_bytes(), separator.as_bytes(), after, most).unwrap();
            assert_eq!(found, wanted, "{whole} by '{separator}', {most}");
        }
        assert!(parts(b"a", b",", false, 0).unwrap().is_nil());
    }

    #[test]
    fn texts_are_replaced_and_trimmed_as_go_does_it() {
        for (text, old, new, most, wanted) in [
            ("aba", "a", "x", -1, "xbx"),
            ("aba", "a", "x", 1, "xba"),
            ("aba", "", "-", -1, "-a-b-a-"),
            ("é", "", "-", 1, "-é"),
            ("", "", "-", -1, "-"),
            ("aba", "a", "x", 0, "aba"),
        ] {
            let found = replace(text.as_bytes(), old.as_bytes(), new.as_bytes(), most);
            assert_eq!(found.unwrap(), Item::text(wanted), "{text} {old} {most}");
        }
        let cut = |text: &[u8]| trimmed(text, |c| "x\u{fffd}".contains(c));
        assert_eq!(cut(b"x\xc3ax"), Item::text("a"));
        assert_eq!(cut(b"xx"), Item::text(""));
    }
}
