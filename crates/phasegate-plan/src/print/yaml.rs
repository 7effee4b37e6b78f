//! YAML in block style, as a person would write it.

use phasegate_core::Decimal;

use super::{needs_escape, quoted};
use crate::value::Value;

/// A value as a YAML document.
pub(super) fn print(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Map(entries) if !entries.is_empty() => map(entries, 0, false, &mut out),
        Value::List(list) if !list.is_empty() => items(list, 0, &mut out),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => {
            scalar(value, 0, &mut out);
            out.push('\n');
        }
    }
    out
}

/// The entries of a map. `inline`: the first stands on a line that has been begun.
fn map(entries: &[(String, Value)], depth: usize, inline: bool, out: &mut String) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 || !inline {
            indent(depth, out);
        }
        plain_or_quoted(key, out);
        out.push(':');
        match value {
            Value::Map(inner) if !inner.is_empty() => {
                out.push('\n');
                map(inner, depth + 1, false, out);
            }
            Value::List(list) if !list.is_empty() => {
                out.push('\n');
                items(list, depth + 1, out);
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => {
                out.push(' ');
                scalar(value, depth + 1, out);
                out.push('\n');
            }
        }
    }
}

fn items(list: &[Value], depth: usize, out: &mut String) {
    for item in list {
        indent(depth, out);
        out.push('-');
        match item {
            Value::Map(entries) if !entries.is_empty() => {
                out.push(' ');
                map(entries, depth + 1, true, out);
            }
            Value::List(inner) if !inner.is_empty() => {
                out.push('\n');
                items(inner, depth + 1, out);
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_) => {
                out.push(' ');
                scalar(item, depth + 1, out);
                out.push('\n');
            }
        }
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn scalar(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Text(text) if is_block(text) => block(text, depth, out),
        Value::Text(text) => plain_or_quoted(text, out),
        Value::List(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
    }
}

/// Several lines that a literal block can hold without loss.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n', '\t'])
        && !text.ends_with("\n\n")
        && !text.chars().any(|c| c != '\n' && needs_escape(c))
        && text.lines().all(|line| line == line.trim_end())
}

fn block(text: &str, depth: usize, out: &mut String) {
    out.push_str(if text.ends_with('\n') { "|" } else { "|-" });
    for line in text.lines() {
        out.push('\n');
        if !line.is_empty() {
            indent(depth, out);
            out.push_str(line);
        }
    }
}

fn plain_or_quoted(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        quoted(text, out);
    }
}

/// May it stand without quotes, and does every YAML reader then take it for text?
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let last = text.chars().next_back().unwrap_or(first);
    let begins_well = first.is_alphanumeric() || matches!(first, '/' | '_' | '(' | '+' | '~');
    let ends_well = !last.is_whitespace() && last != ':';
    let plain_inside = text.chars().all(|c| {
        (c.is_alphanumeric() || c == ' ' || c.is_ascii_punctuation() || c > '\u{a0}')
            && !needs_escape(c)
    });
    begins_well
        && ends_well
        && plain_inside
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(['[', ']', '{', '}', ','])
        && !looks_typed(text)
}

/// Would some reader take it for a truth value, null, a number or a date?
fn looks_typed(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    text.starts_with('~')
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text.parse::<Decimal>().is_ok()
        || text.parse::<f64>().is_ok()
        || text
            .chars()
            .all(|c| c.is_ascii_digit() || ".-_:+eExXoabcdfABCDF".contains(c))
        || (text.len() >= 10
            && text.as_bytes().get(4) == Some(&b'-')
            && text.starts_with(|c: char| c.is_ascii_digit()))
}
