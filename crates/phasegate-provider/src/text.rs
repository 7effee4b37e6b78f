//! Text that somebody else wrote, on its way to people: nothing in it may act, and it has an end.

/// The text without control characters (line breaks and tabs stay) and without the marks that show text in
/// another order than it has. One that is longer than `chars_max` characters is cut and ends in `…`.
///
/// ```
/// use phasegate_provider::text::plain;
/// assert_eq!(plain("a\u{1b}[2J\r\n\u{202e}b", 100), "a[2J\nb");
/// assert_eq!(plain("abcdef", 3), "ab…");
/// ```
pub fn plain(text: &str, chars_max: usize) -> String {
    let kept = |c: &char| matches!(c, '\n' | '\t') || !(c.is_control() || reorders(*c));
    cut(text.chars().filter(kept), chars_max)
}

/// The same on one line: what is dropped by [`plain`], and line breaks and tabs, become spaces.
///
/// ```
/// use phasegate_provider::text::one_line;
/// assert_eq!(one_line("3 rows\n\u{1b}[2Jgone", 100), "3 rows  [2Jgone");
/// ```
pub fn one_line(text: &str, chars_max: usize) -> String {
    let harmless = |c: char| {
        if c.is_control() || reorders(c) {
            ' '
        } else {
            c
        }
    };
    cut(text.chars().map(harmless), chars_max)
}

fn cut(mut chars: impl Iterator<Item = char> + Clone, chars_max: usize) -> String {
    let mut out: String = chars.clone().take(chars_max).collect();
    if chars_max > 0 && chars.nth(chars_max).is_some() {
        out.pop();
        out.push('…');
    }
    out
}

/// The explicit marks of the bidirectional algorithm (Unicode Annex 9), which can make `no` read as `on`.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_only_when_it_is_too_long() {
        for (text, most, want) in [
            ("", 0, ""),
            ("a", 0, ""),
            ("äöü", 3, "äöü"),
            ("äöü!", 3, "äö…"),
            ("ä\0\u{7f}öü", 3, "äöü"),
        ] {
            assert_eq!(plain(text, most), want, "{text:?} {most}");
        }
        assert_eq!(one_line("a\u{2067}b\tc\0", 3), "a …");
    }
}
