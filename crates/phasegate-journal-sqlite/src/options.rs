//! The few things about a store that its owner may choose.

use phasegate_core::Span;

/// How to open a journal. The defaults fit an engine that owns its disk.
///
/// ```
/// use phasegate_core::Span;
/// use phasegate_journal_sqlite::SqliteOptions;
/// let options = SqliteOptions::default()
///     .with_busy_timeout(Span::from_secs(2))
///     .with_size_max_bytes(1024 * 1024 * 1024);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SqliteOptions {
    pub(crate) busy_timeout: Span,
    pub(crate) size_max_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    /// Waits 5 seconds for another process, without a bound on the file's size.
    fn default() -> Self {
        Self {
            busy_timeout: Span::from_secs(5),
            size_max_bytes: None,
        }
    }
}

impl SqliteOptions {
    /// How long a call waits while another process writes, before it is `Unavailable`.
    #[must_use]
    pub fn with_busy_timeout(self, busy_timeout: Span) -> Self {
        Self {
            busy_timeout,
            ..self
        }
    }

    /// The most bytes that the file may grow to, rounded up to whole pages of 4096. A batch that does not
    /// fit is refused with [`StorageKind::Full`](phasegate_journal::StorageKind::Full). A file that is
    /// larger already grows no further.
    #[must_use]
    pub fn with_size_max_bytes(self, bytes: u64) -> Self {
        Self {
            size_max_bytes: Some(bytes),
            ..self
        }
    }
}
