//! Text of others, made harmless: titles, reasons, labels and answers come from plans, people and
//! systems, and any of it may be hostile.
//!
//! Every renderer takes such text through [`clean`] first and then escapes it for its own format.

/// The longest text that a report shows, in characters. Nobody reads more than this in a table; the
/// journal holds all of it.
pub(crate) const TEXT_CHARS_MAX: usize = 1_000;

/// Makes control and invisible characters visible, joins lines, and cuts what is too long.
///
/// Escape sequences cannot move a terminal's cursor, direction overrides cannot turn a word round, and
/// zero-width characters cannot hide in an id.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (count, c) in text.trim().chars().enumerate() {
        if count >= TEXT_CHARS_MAX {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => {
                if !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c if is_unseen(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Cuts a text at so many characters.
pub(crate) fn clip(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(chars.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Controls, direction marks, zero-width characters, and others that show as nothing.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_shown() {
        for (text, expected) in [
            ("plain, with ümlaut and 漢字", "plain, with ümlaut and 漢字"),
            ("\u{1b}[31mred\u{1b}[0m", "\\u{1b}[31mred\\u{1b}[0m"),
            ("a\u{202e}gnp.exe", "a\\u{202e}gnp.exe"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("two\r\nlines\tand more", "two lines and more"),
            ("\u{9b}2J\u{7}", "\\u{9b}2J\\u{7}"),
            ("  at the ends  ", "at the ends"),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let long = "x".repeat(5_000);
        assert_eq!(clean(&long).chars().count(), TEXT_CHARS_MAX + 1);
        assert_eq!(clip("abcdef", 4), "abc…");
        assert_eq!(clip("abcd", 4), "abcd");
    }
}
