//! What SQLite's errors mean for the caller.

use phasegate_journal::{StorageError, StorageKind, Unavailable};
use rusqlite::ErrorCode;

/// A call that could not be answered, with what that says about the handle.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// Another process has the file. Nothing was changed and nothing is wrong.
    Busy(Unavailable),
    /// The handle is poisoned from now on.
    Storage(StorageError),
}

impl Trouble {
    pub(crate) fn corrupt(why: impl Into<String>) -> Self {
        Self::Storage(StorageError::new(StorageKind::Corrupt, why))
    }

    /// As the error of any call.
    pub(crate) fn into_error<E: From<StorageError> + From<Unavailable>>(self) -> E {
        match self {
            Self::Busy(unavailable) => unavailable.into(),
            Self::Storage(error) => error.into(),
        }
    }

    /// Where nobody can be told to try again.
    pub(crate) fn into_storage_error(self) -> StorageError {
        match self {
            Self::Busy(unavailable) => StorageError::new(StorageKind::Io, unavailable.why),
            Self::Storage(error) => error,
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        let Some(code) = error.sqlite_error_code() else {
            // Not SQLite itself: a value did not have the type that the schema gives it.
            return Self::corrupt(why);
        };
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "SQLite's own list, which grows; what is not named here should not happen"
        )]
        let kind = match code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                return Self::Busy(Unavailable::new(why));
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StorageKind::Corrupt,
            ErrorCode::DiskFull => StorageKind::Full,
            ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NoLargeFileSupport
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure => StorageKind::Io,
            _ => StorageKind::Unexpected,
        };
        Self::Storage(StorageError::new(kind, why))
    }
}
