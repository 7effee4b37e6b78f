//! Query texts: a JSON object that says what to ask and where in the answer the numbers are.

use std::collections::BTreeMap;

use phasegate_core::Unit;
use phasegate_provider::{Method, ProviderError};
use serde::Deserialize;
use serde_json::Value;

use crate::path::Path;
use crate::window::{Asked, Bounds, END, START};

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;

/// A text as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    get: Option<String>,
    post: Option<String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    body: Option<Value>,
    value: Option<String>,
    samples: Option<String>,
    unit: Option<String>,
    matching: Option<String>,
    total: Option<String>,
}

/// A text that can be meant.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) method: Method,
    pub(crate) bounds: Bounds,
    pub(crate) sought: Sought,
    path: String,
    parameters: BTreeMap<String, String>,
    body: Option<Value>,
}

/// Where the numbers are.
#[derive(Debug)]
pub(crate) enum Sought {
    Scalar {
        value: Path,
        samples: Option<Path>,
        unit: Option<Unit>,
    },
    Share {
        matching: Path,
        total: Path,
    },
}

impl Text {
    /// Reads a text. What is wrong with it is the plan's fault.
    pub(crate) fn parse(text: &str, act: &str) -> Result<Self, ProviderError> {
        let misuse = |why: &str| ProviderError::misuse(format!("{act}: {why}"));
        if text.len() > BYTES_MAX {
            return Err(misuse("the text is longer than 16 KiB"));
        }
        let written: Written = serde_json::from_str(text)
            .map_err(|error| misuse(&format!("the text is none that is understood: {error}")))?;
        let sought = sought(&written, act)?;
        let (method, path, body) = match (written.get, written.post, written.body) {
            (Some(path), None, None) => (Method::Get, path, None),
            (None, Some(path), body) => (Method::Post, path, body),
            (Some(_), None, Some(_)) => return Err(misuse("a body goes with post")),
            (Some(_), Some(_), _) | (None, None, _) => {
                return Err(misuse("the text must have either get or post"));
            }
        };
        if let Some(why) = wrong_path(&path) {
            return Err(misuse(why));
        }
        let values = written.parameters.values();
        let stands = |mark: &str| {
            values.clone().any(|value| value == mark)
                || body.as_ref().is_some_and(|body| holds(body, mark))
        };
        let bounds = match (stands(START), stands(END)) {
            (true, true) => Bounds::Both,
            (false, true) => Bounds::End,
            (false, false) => Bounds::Now,
            (true, false) => {
                return Err(misuse(":start without :end asks for more than the window"));
            }
        };
        if matches!(sought, Sought::Share { .. }) && bounds != Bounds::Both {
            return Err(misuse("a share of events needs :start and :end"));
        }
        Ok(Self {
            method,
            bounds,
            sought,
            path,
            parameters: written.parameters,
            body,
        })
    }

    /// Path and parameters, as they are sent.
    pub(crate) fn target(&self, asked: &Asked) -> String {
        if self.parameters.is_empty() {
            return self.path.clone();
        }
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.parameters {
            form.append_pair(name, &asked.filled_text(value));
        }
        let joint = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{joint}{}", self.path, form.finish())
    }

    /// The body, as it is sent.
    pub(crate) fn body(&self, asked: &Asked) -> Option<String> {
        let body = self.body.as_ref()?;
        Some(asked.filled(body).to_string())
    }
}

fn sought(written: &Written, act: &str) -> Result<Sought, ProviderError> {
    let misuse = |why: &str| ProviderError::misuse(format!("{act}: {why}"));
    let path = |text: &str, name| Path::parse(text, name, act);
    let of = (&written.value, &written.matching, &written.total);
    match of {
        (Some(value), None, None) => {
            let samples = written.samples.as_deref();
            let unit = written.unit.as_deref().map(|unit| {
                let known = unit.parse::<Unit>().ok();
                known.ok_or_else(|| misuse(&format!("'{unit}' is no unit such as s, ms or B")))
            });
            Ok(Sought::Scalar {
                value: path(value, "value")?,
                samples: samples.map(|text| path(text, "samples")).transpose()?,
                unit: unit.transpose()?,
            })
        }
        (None, Some(matching), Some(total)) => {
            if written.samples.is_some() || written.unit.is_some() {
                return Err(misuse("samples and unit go with value"));
            }
            Ok(Sought::Share {
                matching: path(matching, "matching")?,
                total: path(total, "total")?,
            })
        }
        _ => Err(misuse(
            "the text must have either value, or matching and total",
        )),
    }
}

/// Why a text is no path below the API's base, if it is none.
fn wrong_path(path: &str) -> Option<&'static str> {
    // URLs know dots that are escaped, and take a backslash for a slash.
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    if !path.starts_with('/') || path.contains('#') {
        Some("a path begins with '/' and holds no '#'")
    } else if path.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
        Some("a path holds no spaces, control characters or backslashes")
    } else if plain.split(['/', '?']).any(|part| part == "..") {
        Some("a path does not lead out of the API")
    } else {
        None
    }
}

/// Is this text one of the values?
fn holds(value: &Value, mark: &str) -> bool {
    match value {
        Value::String(text) => text == mark,
        Value::Array(items) => items.iter().any(|item| holds(item, mark)),
        Value::Object(fields) => fields.values().any(|value| holds(value, mark)),
        Value::Bool(_) | Value::Null | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_meant_says_why() {
        for (text, says) in [
            ("$.p95", "none that is understood"),
            (r#"{"get": "/", "value": "$", "valeu": "$"}"#, "valeu"),
            (r#"{"value": "$.v"}"#, "either get or post"),
            (
                r#"{"get": "/", "post": "/", "value": "$.v"}"#,
                "either get or post",
            ),
            (r#"{"get": "/", "body": {}, "value": "$.v"}"#, "with post"),
            (r#"{"get": "/"}"#, "either value"),
            (r#"{"get": "/", "matching": "$.m"}"#, "either value"),
            (
                r#"{"get": "/", "value": "$.v", "total": "$.t"}"#,
                "either value",
            ),
            (r#"{"get": "/", "value": "v"}"#, "no JSONPath"),
            (
                r#"{"get": "/", "value": "$.v", "unit": "parsecs?"}"#,
                "no unit",
            ),
            (
                r#"{"get": "/", "matching": "$.m", "total": "$.t"}"#,
                "needs :start and :end",
            ),
            (
                r#"{"get": "/", "parameters": {"a": ":start"}, "value": "$.v"}"#,
                ":start without :end",
            ),
            (
                r#"{"get": "/", "parameters": {"a": ":start", "b": ":end"}, "unit": "s",
                    "matching": "$.m", "total": "$.t"}"#,
                "go with value",
            ),
            (r#"{"get": "stats", "value": "$.v"}"#, "begins with '/'"),
            (r#"{"get": "/a b", "value": "$.v"}"#, "no spaces"),
            (r#"{"get": "/a\\..\\b", "value": "$.v"}"#, "backslashes"),
            (r#"{"get": "/../admin", "value": "$.v"}"#, "lead out"),
            (r#"{"get": "/a/.%2E/b", "value": "$.v"}"#, "lead out"),
            (r#"{"get": "/a#b", "value": "$.v"}"#, "no '#'"),
        ] {
            let error = Text::parse(text, "ask").expect_err(text).to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn the_bounds_that_stand_in_a_text_say_what_it_asks_about() {
        for (more, want) in [
            (r#""get": "/""#, Bounds::Now),
            (r#""get": "/", "parameters": {"at": ":end"}"#, Bounds::End),
            (
                r#""get": "/", "parameters": {"from": ":start", "to": ":end"}"#,
                Bounds::Both,
            ),
            (
                r#""post": "/", "body": {"range": [{"gte": ":start"}, {"lt": ":end"}]}"#,
                Bounds::Both,
            ),
            (r#""get": "/", "parameters": {"at": "x:end"}"#, Bounds::Now),
        ] {
            let text = format!(r#"{{{more}, "value": "$.v"}}"#);
            let read = Text::parse(&text, "ask").expect(&text);
            assert_eq!(read.bounds, want, "{text}");
        }
    }
}
