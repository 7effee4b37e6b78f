//! Regular expressions of Go as those of the `regex` crate: both are RE2's language up to classes.

use regex::{Regex, RegexBuilder};

use super::text;

/// Compiled programs larger than this are refused.
const SIZE_LIMIT: usize = 1 << 20;
/// Go repeats nothing more often.
const REPEAT_MAX: u32 = 1_000;
/// The classes that have names.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// A pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Whether it is found in the text. A part of a character is what Go reads it as.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(&text::characters(text))
    }
}

/// Compiles `pattern`; none if it is not a pattern, has parts of characters, or is too large.
///
/// In Go `\d`, `\w`, `\s` and `\b` mean ASCII only, and a bracket inside a class is itself.
pub(super) fn compile(pattern: &[u8]) -> Option<Pattern> {
    let pattern = text::utf8(pattern)?;
    RegexBuilder::new(&translate(pattern)?)
        .size_limit(SIZE_LIMIT)
        .build()
        .ok()
        .map(Pattern)
}

fn translate(pattern: &str) -> Option<String> {
    let mut translation = Translation {
        rest: pattern,
        out: String::with_capacity(pattern.len() + 8),
        repeated: false,
    };
    while let Some(c) = translation.next() {
        translation.part(c)?;
    }
    Some(translation.out)
}

struct Translation<'a> {
    rest: &'a str,
    out: String,
    /// Does what stands before say how often? Then nothing behind it may say so again.
    repeated: bool,
}

impl Translation<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn accept(&mut self, text: &str) -> bool {
        let behind = self.rest.strip_prefix(text);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    /// One part of a pattern, of which the first character is read; none where Go has no such part.
    fn part(&mut self, c: char) -> Option<()> {
        let repeats = match c {
            '*' | '+' | '?' => Some(""),
            '{' => repetition(self.rest)?,
            _ => None,
        };
        if let Some(inside) = repeats {
            if self.repeated {
                return None;
            }
            self.repeated = true;
            self.out.push(c);
            self.out.push_str(inside);
            self.accept(inside);
            if self.accept("?") {
                self.out.push('?');
            }
            return Some(());
        }
        self.repeated = false;
        match c {
            '\\' => self.escape(false)?,
            '[' => self.class()?,
            '{' => self.out.push_str(r"\{"),
            '(' if self.rest.starts_with('?') => {
                let is_flag = |c: &char| c.is_ascii_alphabetic() || *c == '-';
                let mut flags = self.rest.chars().skip(1).take_while(is_flag);
                // Those that the crate knows beyond Go's.
                if !self.rest.starts_with("?P<") && flags.any(|c| matches!(c, 'R' | 'u' | 'x')) {
                    return None;
                }
                self.out.push('(');
                self.accept("?");
                self.out.push('?');
            }
            other => self.out.push(other),
        }
        Some(())
    }

    /// What follows a backslash.
    fn escape(&mut self, in_class: bool) -> Option<()> {
        let escaped = self.next()?;
        let plain = match (escaped, in_class) {
            ('d', false) => "[0-9]",
            ('d', true) => "0-9",
            ('w', false) => "[0-9A-Za-z_]",
            ('w', true) => "0-9A-Za-z_",
            ('s', false) => r"[\t\n\f\r ]",
            ('s', true) => r"\t\n\f\r ",
            ('D', _) => "[^0-9]",
            ('W', _) => "[^0-9A-Za-z_]",
            ('S', _) => r"[^\t\n\f\r ]",
            ('b', false) => r"(?-u:\b)",
            ('B', false) => r"(?-u:\B)",
            ('A', false) => r"\A",
            ('z', false) => r"\z",
            ('Q', false) => {
                let (literal, behind) = self.rest.split_once(r"\E").unwrap_or((self.rest, ""));
                self.out.push_str(&regex::escape(literal));
                self.rest = behind;
                return Some(());
            }
            ('0'..='7', _) => return self.octal(escaped),
            ('<' | '>', _) => {
                self.out.push(escaped);
                return Some(());
            }
            ('a' | 'f' | 'n' | 'r' | 't' | 'v' | 'x' | 'p' | 'P', _) => "",
            (other, _) if other.is_ascii() && !other.is_ascii_alphanumeric() => "",
            _ => return None,
        };
        if plain.is_empty() {
            self.out.extend(['\\', escaped]);
            // What it means is in braces, which say nothing else here.
            if matches!(escaped, 'p' | 'P' | 'x') && self.rest.starts_with('{') {
                let end = self.rest.find('}')?;
                let (inside, behind) = self.rest.split_at_checked(end + 1)?;
                self.out.push_str(inside);
                self.rest = behind;
            } else if escaped == 'x' {
                let digits = self.rest.get(..2)?;
                digits
                    .chars()
                    .all(|c| c.is_ascii_hexdigit())
                    .then_some(())?;
            }
        } else {
            self.out.push_str(plain);
        }
        Some(())
    }

    /// Up to three octal digits; a single one but zero would refer to a group, which Go cannot.
    fn octal(&mut self, first: char) -> Option<()> {
        let mut code = first.to_digit(8)?;
        let follows = self.rest.starts_with(|c: char| c.is_digit(8));
        if code > 0 && !follows {
            return None;
        }
        for _ in 0..2 {
            let digit = self.rest.chars().next().and_then(|c| c.to_digit(8));
            let Some(digit) = digit else { break };
            code = code * 8 + digit;
            self.next();
        }
        self.out.push_str(&format!(r"\x{{{code:x}}}"));
        Some(())
    }

    /// A class, of which the opening bracket is read.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.accept("^") {
            self.out.push('^');
        }
        // A closing bracket in first place is itself.
        if self.accept("]") {
            self.out.push_str(r"\]");
        } else if self.accept("-") {
            self.out.push_str(r"\-");
        }
        while let Some(c) = self.next() {
            match c {
                ']' => {
                    self.out.push(']');
                    return Some(());
                }
                '\\' => self.escape(true)?,
                '[' if self.rest.starts_with(':') => {
                    if let Some((name, behind)) = self.rest.split_once(":]") {
                        let known = name.trim_start_matches(':').trim_start_matches('^');
                        if !CLASSES.contains(&known) {
                            return None;
                        }
                        self.out.push('[');
                        self.out.push_str(name);
                        self.out.push_str(":]");
                        self.rest = behind;
                    } else {
                        self.out.push_str(r"\[");
                    }
                }
                '[' | '&' | '~' => self.out.extend(['\\', c]),
                '-' if self.accept("-") => self.out.push_str(r"-\-"),
                other => self.out.push(other),
            }
        }
        None
    }
}

/// What stands behind a brace, if it says how often: in Go it is itself otherwise. None outside if that is
/// too often.
#[expect(
    clippy::option_option,
    reason = "no number is not the same as too large a number"
)]
fn repetition(rest: &str) -> Option<Option<&str>> {
    let Some((inside, _)) = rest.split_once('}') else {
        return Some(None);
    };
    let (from, to) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if from.is_empty() || !digits(from) || !digits(to) {
        return Some(None);
    }
    let often = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|often| *often <= REPEAT_MAX)
    };
    often(from)?;
    if !to.is_empty() {
        often(to)?;
    }
    rest.get(..=inside.len()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_mean_what_they_mean_in_go() {
        for (pattern, text, expected) in [
            (r"^\d+$", "123", true),
            (r"^\d+$", "١٢٣", false),
            (r"^[\w.]+$", "a.b_9", true),
            (r"^[[&~]$", "[", true),
            (r"^[]a]+$", "]a", true),
            (r"^[[:alpha:]]+$", "abc", true),
            (r"\bok\b", "it is ok.", true),
            (r"^[^\d]$", "5", false),
            (r"^a{2}b{1,}c{1,2}$", "aabbcc", true),
            (r#"^{"a":1}$"#, r#"{"a":1}"#, true),
            (r"^a{,2}{x}{1,y}$", "a{,2}{x}{1,y}", true),
            (r"^\Qa.b*\E+$", "a.b**", true),
            (r"^\101\x41\<$", "AA<", true),
            (r"^a{2}?b+?$", "aab", true),
            (r"^[+--]{2}[--a][^--]$", "+,5x", true),
            (r"^\p{Lu}\x{41}{2}$", "ÉAA", true),
        ] {
            assert_eq!(
                compile(pattern.as_bytes())
                    .unwrap()
                    .is_match(text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
        for refused in [
            "(",
            r"\u0061",
            r"\h",
            r"\1",
            r"\8",
            "a**",
            "a{2}{3}",
            "a+*",
            "(?x)a",
            "[[:letter:]]",
            "a{1001}",
            r"\C",
            r"[\b]",
            r"\x4\Qb",
            "[/--]",
        ] {
            assert!(compile(refused.as_bytes()).is_none(), "{refused}");
        }
        assert!(compile(b"(a{1000}){1000}").is_none());
        assert!(compile(b"\xc3").is_none());
        assert!(
            compile("^.\u{fffd}$".as_bytes())
                .unwrap()
                .is_match(b"\xe2\x82")
        );
    }
}
