//! Which file, and how its gaps are read.

use std::path::PathBuf;

use phasegate_provider::file::FILE_BYTES_MAX;
use phasegate_provider::points::Gaps;
use serde::{Deserialize, Serialize};

/// One file.
///
/// ```
/// use phasegate_provider_csv::{CsvConfig, Gaps};
/// let config = CsvConfig::new("/srv/exports/orders.csv").with_gaps(Gaps::Zero);
/// let read = r#"{"file": "/srv/exports/orders.csv", "gaps": "zero"}"#;
/// assert_eq!(serde_json::from_str::<CsvConfig>(read)?, config);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CsvConfig {
    /// Where it is.
    pub file: PathBuf,
    /// What an empty cell means where cells are added up. Default: no data.
    #[serde(default)]
    pub gaps: Gaps,
    /// The most bytes that it may have. Default 4 MiB.
    #[serde(default = "bytes_max")]
    pub bytes_max: usize,
}

fn bytes_max() -> usize {
    FILE_BYTES_MAX
}

impl CsvConfig {
    /// This file, read with the defaults.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            gaps: Gaps::NoData,
            bytes_max: bytes_max(),
        }
    }

    /// The same with another reading of gaps.
    #[must_use]
    pub fn with_gaps(mut self, gaps: Gaps) -> Self {
        self.gaps = gaps;
        self
    }

    /// The same with another limit.
    #[must_use]
    pub fn with_bytes_max(mut self, bytes: usize) -> Self {
        self.bytes_max = bytes;
        self
    }
}
