//! Which files, and what is read out of their lines.

use std::collections::BTreeMap;
use std::path::PathBuf;

use phasegate_core::Span;
use serde::{Deserialize, Serialize};

/// How a line's time is written.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TimeFormat {
    /// `2026-09-07T12:00:00.5Z`, also with an offset.
    #[default]
    Rfc3339,
    /// By conversions of `strptime`: `%d/%b/%Y:%H:%M:%S %z`. Without an offset it is UTC.
    Strptime(String),
    /// Seconds since 1970, also with a fraction.
    Unix,
    /// Milliseconds since 1970.
    UnixMillis,
}

/// What is counted in one file. Patterns are regular expressions (the `regex` crate's, which take linear time).
///
/// ```
/// use phasegate_provider_logfile::{MeasureConfig, TimeFormat};
/// let read = r#"{"file": "/var/log/nginx/access.log", "time": "\\[([^\\]]+)\\]",
///     "format": {"strptime": "%d/%b/%Y:%H:%M:%S %z"}, "matching": "\" 5\\d\\d "}"#;
/// let mut errors = MeasureConfig::new("/var/log/nginx/access.log", r"\[([^\]]+)\]");
/// errors.format = TimeFormat::Strptime("%d/%b/%Y:%H:%M:%S %z".to_owned());
/// errors.matching = Some(r#"" 5\d\d "#.to_owned());
/// assert_eq!(serde_json::from_str::<MeasureConfig>(read)?, errors);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MeasureConfig {
    /// The file that is written to now.
    pub file: PathBuf,
    /// Where the time stands: a pattern with one group. Lines without a time belong to the one before and are not
    /// looked at.
    pub time: String,
    /// How it is written. Default: RFC 3339.
    #[serde(default)]
    pub format: TimeFormat,
    /// Which lines are events. Default: all that have a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Which events are counted, of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// Where an event's number stands, in the KPI's unit: a pattern with one group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How many older files there may be beside it: `file.1`, `file.2`, not compressed. Default 3.
    #[serde(default = "rotated_max")]
    pub rotated_max: u32,
    /// How far lines may stand from their order in time: several processes write into one file. Default 10 s.
    #[serde(default = "disorder")]
    pub disorder: Span,
}

fn rotated_max() -> u32 {
    3
}

fn disorder() -> Span {
    Span::from_secs(10)
}

impl MeasureConfig {
    /// All lines with a time in RFC 3339, which is where this pattern's group is.
    pub fn new(file: impl Into<PathBuf>, time: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            time: time.into(),
            format: TimeFormat::Rfc3339,
            event: None,
            matching: None,
            value: None,
            rotated_max: rotated_max(),
            disorder: disorder(),
        }
    }
}

/// The measures of one source.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LogConfig {
    /// By the name that plans use in their texts.
    pub measures: BTreeMap<String, MeasureConfig>,
    /// The most bytes that are read for one answer. Default 256 MiB.
    #[serde(default = "bytes_max")]
    pub bytes_max: u64,
}

fn bytes_max() -> u64 {
    256 << 20
}

impl LogConfig {
    /// These measures.
    pub fn new(measures: BTreeMap<String, MeasureConfig>) -> Self {
        Self {
            measures,
            bytes_max: bytes_max(),
        }
    }

    /// The same with another bound on what is read.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes: u64) -> Self {
        self.bytes_max = bytes;
        self
    }
}
