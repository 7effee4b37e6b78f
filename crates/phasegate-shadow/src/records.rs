//! Keyed records from two sides: labels of issues, assignments of pages, content of documents.

use std::collections::BTreeMap;

use crate::json::{self, Json, JsonError, Path};
use crate::{BodyRules, Difference, Place};

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Neither an array nor lines of JSON.
    #[error("record {at}: {source}")]
    Json {
        /// Which one, counted from 1.
        at: usize,
        /// Why.
        source: JsonError,
    },
    /// A record without a key.
    #[error("record {at} has no text or number at {key}")]
    Key {
        /// Which one, counted from 1.
        at: usize,
        /// Where its key should be.
        key: Path,
    },
    /// A path with a wild card cannot lead to a key.
    #[error("the key {key} must not have a '*'")]
    Wild {
        /// The path.
        key: Path,
    },
    /// Two records with one key.
    #[error("record {at} has the key '{key}', which an earlier one has")]
    Twice {
        /// Which one, counted from 1.
        at: usize,
        /// The key.
        key: String,
    },
}

/// Records by their keys.
///
/// ```
/// use phasegate_shadow::{BodyRules, Records, compare_records};
/// let key = "/issue".parse()?;
/// let old = Records::read(b"{\"issue\": 7, \"labels\": [\"bug\"]}\n{\"issue\": 8, \"labels\": []}\n", &key)?;
/// let new = Records::read(b"[{\"issue\": 7, \"labels\": [\"bug\", \"ui\"]}]", &key)?;
/// let found = compare_records(&old, &new, &BodyRules::default());
/// assert_eq!(found["7"][0].to_string(), "body/labels/1: nothing became \"ui\"");
/// assert_eq!(found["8"][0].place.to_string(), "record");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Records(BTreeMap<String, Json>);

impl Records {
    /// Reads an array of JSON values, or one value a line. `key` leads from a value to its key.
    ///
    /// # Errors
    /// [`RecordError`], which says which record.
    pub fn read(bytes: &[u8], key: &Path) -> Result<Self, RecordError> {
        let Some(names) = key.names() else {
            return Err(RecordError::Wild { key: key.clone() });
        };
        let mut records = BTreeMap::new();
        for (at, value) in values(bytes)?.into_iter().enumerate() {
            let at = at + 1;
            let text = match value.at(&names) {
                Some(Json::Text(text)) => text.clone(),
                Some(number @ Json::Number(_)) => number.to_string(),
                _ => {
                    return Err(RecordError::Key {
                        at,
                        key: key.clone(),
                    });
                }
            };
            if records.contains_key(&text) {
                return Err(RecordError::Twice { at, key: text });
            }
            records.insert(text, value);
        }
        Ok(Self(records))
    }

    /// Has at least one of them something at this place? Nothing is at a place with a wild card.
    ///
    /// Cost: linear in the records.
    pub fn have(&self, place: &Path) -> bool {
        let has = |names: Vec<&str>| self.0.values().any(|record| record.at(&names).is_some());
        place.names().is_some_and(has)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn values(bytes: &[u8]) -> Result<Vec<Json>, RecordError> {
    let failed = |at: usize| move |source: JsonError| RecordError::Json { at, source };
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let whole = Json::read(bytes).map_err(failed(1))?;
        return Ok(if let Json::Array(values) = whole {
            values
        } else {
            vec![whole]
        });
    }
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    lines
        .enumerate()
        .map(|(at, line)| Json::read(line).map_err(failed(at + 1)))
        .collect()
}

/// What is different, for each key of either side; an empty list where they agree. A record that is on one
/// side only is one difference.
pub fn compare_records(
    old: &Records,
    new: &Records,
    rules: &BodyRules,
) -> BTreeMap<String, Vec<Difference>> {
    let keys = old.0.keys().chain(new.0.keys());
    let mut all: BTreeMap<String, Vec<Difference>> =
        keys.map(|key| (key.clone(), Vec::new())).collect();
    for (key, found) in &mut all {
        match (old.0.get(key), new.0.get(key)) {
            (Some(old), Some(new)) => {
                if !rules.ignore_all {
                    json::compare(old.clone(), new.clone(), rules, found);
                }
            }
            (old, new) => {
                let text = |side: Option<&Json>| side.map(ToString::to_string);
                found.push(Difference::new(Place::Record, text(old), text(new)));
            }
        }
    }
    all
}
