//! A window's bounds in the API's words, and which of it an answer covers.

use phasegate_core::{Timestamp, Window};
use phasegate_provider::ProviderError;
use serde_json::Value;

use crate::TimeForm;

/// Stands for the window's start where it is all of a text.
pub(crate) const START: &str = ":start";
/// Stands for the window's end where it is all of a text.
pub(crate) const END: &str = ":end";

/// Which bounds a text asks with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bounds {
    /// Both: the answer is about the window.
    Both,
    /// The end alone: what was so then.
    End,
    /// None: what is so now.
    Now,
}

/// A window as it is asked about.
#[derive(Debug)]
pub(crate) struct Asked {
    start: Value,
    end: Value,
    pub(crate) covers: Window,
}

impl Asked {
    /// The window in this form, without the parts of seconds that the form cannot say.
    pub(crate) fn new(window: Window, form: TimeForm, act: &str) -> Result<Self, ProviderError> {
        let covers = match form {
            TimeForm::Rfc3339 => window,
            TimeForm::UnixMillis => within(window, 1),
            TimeForm::UnixSeconds => within(window, 1000),
        };
        if covers.end <= covers.start {
            let why = "no whole second lies in the window, or it is empty";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        let written = |at: Timestamp| match form {
            TimeForm::Rfc3339 => Value::from(at.to_string()),
            TimeForm::UnixMillis => Value::from(at.as_unix_millis()),
            TimeForm::UnixSeconds => Value::from(at.as_unix_millis().div_euclid(1000)),
        };
        Ok(Self {
            start: written(covers.start),
            end: written(covers.end),
            covers,
        })
    }

    /// What stands for a bound becomes the bound.
    pub(crate) fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) if text == START => self.start.clone(),
            Value::String(text) if text == END => self.end.clone(),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => {
                let filled = |(name, value): (&String, &Value)| (name.clone(), self.filled(value));
                Value::Object(fields.iter().map(filled).collect())
            }
            Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    /// The same for a parameter, as text.
    pub(crate) fn filled_text(&self, text: &str) -> String {
        let filled = self.filled(&Value::from(text));
        filled
            .as_str()
            .map_or_else(|| filled.to_string(), str::to_owned)
    }
}

/// The window from its first to its last whole unit of so many milliseconds.
fn within(window: Window, millis: i64) -> Window {
    let nanos_left = |at: Timestamp| Timestamp::from_unix_millis(at.as_unix_millis()) < at;
    let start = window.start.as_unix_millis();
    let start = start.saturating_add(i64::from(nanos_left(window.start)));
    let start = -(start.saturating_neg()).div_euclid(millis);
    let end = window.end.as_unix_millis().div_euclid(millis);
    let at = |units: i64| Timestamp::from_unix_millis(units.saturating_mul(millis));
    Window {
        start: at(start),
        end: at(end),
        ..window
    }
}

#[cfg(test)]
mod tests {
    use phasegate_core::WindowKind;
    use phasegate_provider::ErrorKind;
    use serde_json::json;

    use super::*;

    fn window(start: &str, end: &str) -> Window {
        Window {
            start: start.parse().expect("a moment"),
            end: end.parse().expect("a moment"),
            kind: WindowKind::Rolling,
        }
    }

    #[test]
    fn bounds_are_written_as_the_api_writes_them_and_never_reach_further() {
        let asked = window("1970-01-01T00:00:01.2005Z", "1970-01-01T00:00:09.9Z");
        for (form, start, end) in [
            (
                TimeForm::Rfc3339,
                json!("1970-01-01T00:00:01.2005Z"),
                json!("1970-01-01T00:00:09.9Z"),
            ),
            (TimeForm::UnixMillis, json!(1201), json!(9900)),
            (TimeForm::UnixSeconds, json!(2), json!(9)),
        ] {
            let found = Asked::new(asked, form, "ask").expect("a window");
            let body = json!({"from": ":start", "to": [":end"], "said": "at :start", "n": 1});
            let want = json!({"from": start, "to": [end], "said": "at :start", "n": 1});
            assert_eq!(found.filled(&body), want, "{form:?}");
            assert!(found.covers.start >= asked.start && found.covers.end <= asked.end);
        }
        let early = window("1969-12-31T23:59:57.5Z", "1969-12-31T23:59:59.5Z");
        let found = Asked::new(early, TimeForm::UnixSeconds, "ask").expect("a window");
        assert_eq!(found.filled_text(":start"), "-2");
        assert_eq!(found.filled_text(":end"), "-1");
        assert_eq!(found.filled_text("a:end"), "a:end");
    }

    #[test]
    fn a_window_without_a_whole_second_cannot_be_asked_about_in_seconds() {
        let short = window("1970-01-01T00:00:01.2Z", "1970-01-01T00:00:01.9Z");
        let error = Asked::new(short, TimeForm::UnixSeconds, "ask").expect_err("none");
        assert_eq!(error.kind(), ErrorKind::Misuse);
        Asked::new(short, TimeForm::UnixMillis, "ask").expect("milliseconds");
    }
}
