//! One difference: where, of what kind, and what stood on either side.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most characters that are kept of either side's value.
const SHOWN_CHARS_MAX: usize = 200;

/// Where two answers differ.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "an answer has these parts")]
pub enum Place {
    /// In the body as a whole: one side is no JSON, or neither is.
    Body,
    /// In a JSON body, at this pointer. An element of an array that is compared by key stands as `[key]`.
    BodyAt(String),
    /// In a header, by its name in lower case.
    Header(String),
    /// In how long it took.
    Latency,
    /// In the record itself: it is on one side only.
    Record,
    /// In the status.
    Status,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => f.write_str("body"),
            Self::BodyAt(pointer) => write!(f, "body{pointer}"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Latency => f.write_str("latency"),
            Self::Record => f.write_str("record"),
            Self::Status => f.write_str("status"),
        }
    }
}

/// What is different.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum DifferenceKind {
    /// The new side has it, the old one has not.
    Added,
    /// Several elements have one key, so that they cannot be paired.
    Ambiguous,
    /// The new side took too much longer.
    Slower,
    /// The old side has it, the new one has not.
    Removed,
    /// Text here, a number there.
    Type,
    /// Both have it, and it is not the same.
    Value,
}

/// One difference between the old side's answer and the new side's.
///
/// Values are cut at 200 characters. They are what the services said: treat them as hostile, and keep rules
/// that ignore what must not be kept.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "callers may write it out")]
pub struct Difference {
    /// Where.
    pub place: Place,
    /// What kind.
    pub kind: DifferenceKind,
    /// What the old side has there.
    pub old: Option<String>,
    /// What the new side has there.
    pub new: Option<String>,
}

impl Difference {
    /// A difference whose kind follows from which side has something.
    pub(crate) fn new(place: Place, old: Option<String>, new: Option<String>) -> Self {
        let kind = match (&old, &new) {
            (None, _) => DifferenceKind::Added,
            (_, None) => DifferenceKind::Removed,
            (Some(_), Some(_)) => DifferenceKind::Value,
        };
        Self {
            place,
            kind,
            old: old.map(shortened),
            new: new.map(shortened),
        }
    }

    /// The same difference, of another kind.
    pub(crate) fn of(mut self, kind: DifferenceKind) -> Self {
        self.kind = kind;
        self
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        write!(
            f,
            "{}: {} became {}",
            self.place,
            shown(&self.old),
            shown(&self.new)
        )
    }
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text,
    }
}
