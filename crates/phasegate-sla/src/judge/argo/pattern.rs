//! Regular expressions of Go as those of the `regex` crate: both are RE2's language up to classes.

use regex::{Regex, RegexBuilder};

/// Compiled programs larger than this are refused.
const SIZE_LIMIT: usize = 1 << 20;

/// Compiles `pattern`; none if it is not a pattern, or too large.
///
/// In Go `\d`, `\w`, `\s` and `\b` mean ASCII only, and a bracket inside a class is itself.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(&translate(pattern))
        .size_limit(SIZE_LIMIT)
        .build()
        .ok()
}

fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out += if in_class { "0-9" } else { "[0-9]" },
                Some('w') => {
                    out += if in_class {
                        "0-9A-Za-z_"
                    } else {
                        "[0-9A-Za-z_]"
                    }
                }
                Some('s') => {
                    out += if in_class {
                        r"\t\n\f\r "
                    } else {
                        r"[\t\n\f\r ]"
                    }
                }
                Some('D') => out += "[^0-9]",
                Some('W') => out += "[^0-9A-Za-z_]",
                Some('S') => out += r"[^\t\n\f\r ]",
                Some('b') if !in_class => out += r"(?-u:\b)",
                Some('B') if !in_class => out += r"(?-u:\B)",
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A closing bracket in first place is itself.
                if chars.next_if_eq(&']').is_some() {
                    out += r"\]";
                }
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' if in_class => out.extend(['\\', c]),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '{' if !in_class && !repeats(chars.clone()) => out += r"\{",
            other => out.push(other),
        }
    }
    out
}

/// Does what stands behind a brace make it say how often? In Go it is itself otherwise.
fn repeats(rest: impl Iterator<Item = char>) -> bool {
    let mut rest = rest.peekable();
    let mut digits = || {
        let mut any = false;
        while rest.next_if(char::is_ascii_digit).is_some() {
            any = true;
        }
        any.then(|| rest.next())
    };
    match digits() {
        Some(Some('}')) => true,
        Some(Some(',')) => {
            let end = digits().unwrap_or_else(|| rest.next());
            end == Some('}')
        }
        _ => false,
    }
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
        ] {
            assert_eq!(
                compile(pattern).unwrap().is_match(text),
                expected,
                "{pattern} {text}"
            );
        }
        assert!(compile("(").is_none());
        assert!(compile("(a{1000}){1000}").is_none());
    }
}
