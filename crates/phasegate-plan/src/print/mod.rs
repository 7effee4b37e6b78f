//! Values as documents. What is printed reads back as the same values.

mod yaml;

use crate::document::Format;
use crate::value::Value;

/// Why a value cannot be printed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("failed to print as {format}: {detail}")]
pub struct PrintError {
    format: Format,
    detail: String,
}

/// A value as a document that ends in a newline.
pub(crate) fn print(value: &Value, format: Format) -> Result<String, PrintError> {
    match format {
        Format::Yaml => Ok(yaml::print(value)),
        Format::Json => Ok(json(value)),
        Format::Toml => toml::to_string_pretty(value).map_err(|error| PrintError {
            format,
            detail: error.to_string(),
        }),
    }
}

/// JSON with two spaces of indentation; numbers keep all their digits.
pub(crate) fn json(value: &Value) -> String {
    let mut out = String::new();
    json_into(value, 0, &mut out);
    out.push('\n');
    out
}

fn json_into(value: &Value, depth: usize, out: &mut String) {
    let newline = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::Text(text) => quoted(text, out),
        Value::List(list) if list.is_empty() => out.push_str("[]"),
        Value::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                newline(out, depth + 1);
                json_into(item, depth + 1, out);
            }
            newline(out, depth);
            out.push(']');
        }
        Value::Map(entries) if entries.is_empty() => out.push_str("{}"),
        Value::Map(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                newline(out, depth + 1);
                quoted(key, out);
                out.push_str(": ");
                json_into(item, depth + 1, out);
            }
            newline(out, depth);
            out.push('}');
        }
    }
}

/// A text in double quotes, escaped so that JSON and YAML both read it back.
pub(crate) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if needs_escape(c) => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Characters that YAML reads as line breaks, or does not allow unescaped.
pub(crate) fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}
