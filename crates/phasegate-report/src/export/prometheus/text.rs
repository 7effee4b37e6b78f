//! Texts in rule files: YAML, the templates inside it, and the query texts of plans.

use std::fmt::Write as _;

use phasegate_core::Span;

use crate::text::clean;

/// A text of a plan as a template of Prometheus that says just this text.
pub(super) fn template(text: &str) -> String {
    // Both ends: `}}` alone is harmless, but reads as one.
    let mut out = String::new();
    let text = clean(text);
    let mut rest = text.as_str();
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        out.push_str("{{ \"{{\" }}");
        rest = after.get(2..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// May a character stand in YAML as it is? Lines end nowhere but at a newline.
pub(super) fn stands(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// A YAML scalar in double quotes, on one line, whatever the text holds.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if !stands(c) => escaped(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn escaped(out: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _written = write!(out, "\\u{:04x}", u32::from(c));
}

/// A string of `PromQL` in double quotes.
pub(crate) fn string(text: &str) -> String {
    quoted(text)
}

/// A length of time as Prometheus writes it, at least a millisecond unless it is nothing.
pub(crate) fn duration(span: Span) -> String {
    const UNITS: [(u64, &str); 5] = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
        (1, "ms"),
    ];
    let mut left = span.as_nanos().div_ceil(1_000_000);
    if left == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (millis, unit) in UNITS {
        let count = left / millis;
        left %= millis;
        if count > 0 {
            let _written = write!(out, "{count}{unit}");
        }
    }
    out
}

/// A query text that can stand inside a larger expression: its brackets and quotes close, in order.
///
/// # Errors
/// Why it cannot.
pub(super) fn enclosed(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("its query is empty");
    }
    let mut open = Vec::new();
    let (mut comment, mut quote, mut skip) = (false, None::<char>, false);
    let mut comments = false;
    for c in text.chars() {
        if skip {
            skip = false;
        } else if comment {
            comment = c != '\n';
        } else if let Some(end) = quote {
            skip = c == '\\' && end != '`';
            if c == '\n' && end != '`' {
                return Err("a quoted text in its query does not end on its line");
            }
            if c == end {
                quote = None;
            }
        } else {
            match c {
                '"' | '\'' | '`' => quote = Some(c),
                '#' => (comment, comments) = (true, true),
                '(' => open.push(')'),
                '[' => open.push(']'),
                '{' => open.push('}'),
                ')' | ']' | '}' if open.pop() != Some(c) => {
                    return Err("a bracket in its query closes what is not open");
                }
                _ => {}
            }
        }
    }
    if quote.is_some() || !open.is_empty() {
        return Err("a bracket or a quote in its query does not close");
    }
    let end = if comments { "\n" } else { "" };
    Ok(format!("({text}{end})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_say_the_text() {
        for (text, expected) in [
            ("plain {x}", "plain {x}"),
            ("{{ $value }}", "{{ \"{{\" }} $value }}"),
            ("{{{a}}}", "{{ \"{{\" }}{a}}}"),
        ] {
            assert_eq!(template(text), expected);
        }
    }

    #[test]
    fn scalars_stay_on_their_line() {
        assert_eq!(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c\\nd\"");
        assert_eq!(
            quoted("\u{0}\u{85}\u{2028}\u{7f}"),
            "\"\\u0000\\u0085\\u2028\\u007f\""
        );
    }

    #[test]
    fn lengths_are_written_as_the_server_reads_them() {
        for (span, expected) in [
            ("0s", "0s"),
            ("90s", "1m30s"),
            ("1500ms", "1s500ms"),
            ("3d", "3d"),
            ("1us", "1ms"),
        ] {
            assert_eq!(duration(span.parse().expect(span)), expected);
        }
    }

    #[test]
    fn a_query_stays_inside_its_brackets() {
        for text in ["up", "a{b=\")\"}", "sum(rate(x[5m]))", "`\\`", "'\\''"] {
            assert_eq!(enclosed(text), Ok(format!("({text})")));
        }
        assert_eq!(enclosed("up # all"), Ok("(up # all\n)".to_owned()));
        for text in [
            "", "up)", "1) or (2", "(", "x[5m)", "a{b=\"}", "\"a\n\"", "x # (\n)",
        ] {
            assert!(enclosed(text).is_err(), "{text:?}");
        }
    }
}
