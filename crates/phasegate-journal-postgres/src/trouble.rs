//! What errors of the server and of the connection mean for the caller.

use phasegate_journal::{
    AppendError, CreateError, LeaseError, ReadError, StorageError, StorageKind, Unavailable,
};
use tokio_postgres::error::{DbError, Severity, SqlState};

/// A call that could not be answered.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// The server was asked and the answer is lost: it may have done it or not.
    Lost(String),
    /// The handle is poisoned from now on.
    Storage(StorageError),
    /// The server was not asked, or said that it did not do it.
    Unavailable(Unavailable),
}

impl Trouble {
    pub(crate) fn unavailable(why: impl Into<String>) -> Self {
        Self::Unavailable(Unavailable::new(why))
    }

    pub(crate) fn storage(kind: StorageKind, why: impl Into<String>) -> Self {
        Self::Storage(StorageError::new(kind, why))
    }

    /// What a call learns that had sent something.
    pub(crate) fn of(error: &tokio_postgres::Error) -> Self {
        error.as_db_error().map_or_else(
            // No answer: the connection broke, or what came was no answer.
            || Self::Lost(chain(error)),
            Self::said,
        )
    }

    /// What the server said in so many words.
    fn said(error: &DbError) -> Self {
        let why = format!("{} ({})", error.message(), error.code().code());
        // An error undoes its statement. What ends the session may have come after the commit.
        if !matches!(error.parsed_severity(), Some(Severity::Error)) {
            return Self::Lost(why);
        }
        let code = error.code();
        if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
            return Self::unavailable(why);
        }
        match code.code().get(..2) {
            // Transactions that collided; too few resources; cancelled by the time limit or by a person.
            Some("40" | "53" | "55" | "57") => Self::unavailable(why),
            Some("58") => Self::storage(StorageKind::Io, why),
            Some("XX") => Self::storage(StorageKind::Corrupt, why),
            Some(_) | None => Self::storage(StorageKind::Unexpected, why),
        }
    }
}

/// An error with its causes, which the client's `Display` leaves out.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<Trouble> for AppendError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost(why) => Self::Ambiguous { why },
            Trouble::Storage(error) => error.into(),
            Trouble::Unavailable(error) => error.into(),
        }
    }
}

impl From<Trouble> for CreateError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost(why) => Self::Ambiguous { why },
            Trouble::Storage(error) => error.into(),
            Trouble::Unavailable(error) => error.into(),
        }
    }
}

impl From<Trouble> for LeaseError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost(why) => Self::Ambiguous { why },
            Trouble::Storage(error) => error.into(),
            Trouble::Unavailable(error) => error.into(),
        }
    }
}

/// A read that was lost has changed nothing.
impl From<Trouble> for ReadError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Lost(why) => Unavailable::new(why).into(),
            Trouble::Storage(error) => error.into(),
            Trouble::Unavailable(error) => error.into(),
        }
    }
}
