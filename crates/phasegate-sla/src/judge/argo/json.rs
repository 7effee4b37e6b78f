//! Values as JSON texts, written and read as Go's library does.

use super::value::Value;

/// Two blanks a level; none for what JSON has no word for, NaN and the infinities.
pub(super) fn write(value: &Value) -> Option<String> {
    let mut out = String::new();
    put(value, 0, &mut out)?;
    Some(out)
}

fn put(value: &Value, level: usize, out: &mut String) -> Option<()> {
    match value {
        Value::Array(values) | Value::Uniform { values, .. } => {
            let inside = |value: &Value, out: &mut String| put(value, level + 1, out);
            list(('[', ']'), values.iter(), inside, level, out)?;
        }
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Float(number) if number.is_finite() => out.push_str(&float(*number)),
        Value::Float(_) => return None,
        Value::Integer(number) => out.push_str(&number.to_string()),
        Value::Map(map) => {
            let inside = |(key, value): (&String, &Value), out: &mut String| {
                quoted(key, out);
                out.push_str(": ");
                put(value, level + 1, out)
            };
            list(('{', '}'), map.iter(), inside, level, out)?;
        }
        Value::Nil => out.push_str("null"),
        Value::Text(text) => quoted(text, out),
    }
    Some(())
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

/// What would mean something in HTML is escaped too.
fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
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
    out.push('"');
}

/// A JSON text; its numbers are fractions. None for what is no JSON.
pub(super) fn read(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().and_then(of)
}

fn of(json: serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => Value::Float(number.as_f64()?),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(values) => {
            Value::Array(values.into_iter().map(of).collect::<Option<_>>()?)
        }
        serde_json::Value::Object(map) => {
            let pairs = map.into_iter().map(|(key, value)| Some((key, of(value)?)));
            Value::Map(pairs.collect::<Option<_>>()?)
        }
    })
}
