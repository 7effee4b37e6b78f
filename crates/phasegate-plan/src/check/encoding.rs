//! Texts whose encoding has been broken on the way: UTF-8 that somebody has read as Latin-1 or Windows-1252 and
//! written as UTF-8 again. `Ã¤` stands for `ä` then, `â€™` for `’`, `ðŸš€` for a rocket.

use crate::document::{Extent, PlanDocument, fault};
use crate::fault::{Code, Fault};

/// The first such text of a document.
pub(super) fn broken(document: &PlanDocument) -> Option<Fault> {
    let text = document.source().text();
    // Nearly all of a document is ASCII.
    if text.is_ascii() {
        return None;
    }
    let mut other = text.char_indices().filter(|(_, first)| !first.is_ascii());
    let (start, len) = other.find_map(|(at, _)| trace(text.get(at..)?).map(|len| (at, len)))?;
    let at = Extent::new(start, start + len);
    let message = "this looks like UTF-8 that has been read as Latin-1";
    let mut fault = fault(document.source(), Code::BrokenEncoding, at, message);
    fault.severity = Code::BrokenEncoding.severity();
    fault.help = Some("restore the text from its source".to_owned());
    Some(fault)
}

/// How many bytes of a text are, read as Windows-1252, one character of UTF-8.
fn trace(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let more = match u32::from(first) {
        // Of two bytes only those of western letters and signs: the others look like words.
        0xc2 | 0xc3 => 1,
        0xe1..=0xef => 2,
        0xf0..=0xf4 => 3,
        _ => return None,
    };
    let mut len = first.len_utf8();
    for _ in 0..more {
        let next = chars.next()?;
        let byte = windows_1252(next)?;
        if !(0x80..=0xbf).contains(&byte) || (more == 1 && closes(next)) {
            return None;
        }
        len += next.len_utf8();
    }
    Some(len)
}

/// What may stand behind a word: `«IRMÃ»` is a word.
fn closes(sign: char) -> bool {
    matches!(
        sign,
        '»' | '”' | '’' | '“' | '‘' | '›' | '…' | '–' | '—' | '\u{a0}' | '·'
    )
}

/// The byte of a character in Windows-1252, where Latin-1 has its control characters, too.
fn windows_1252(sign: char) -> Option<u32> {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    let code = u32::from(sign);
    if (0x80..=0xff).contains(&code) {
        return Some(code);
    }
    let place = HIGH.chars().position(|one| one == sign)?;
    u32::try_from(place).ok().map(|place| 0x80 + place)
}
