//! What the journal holds of a rollout: one record for each thing decided, done or learnt.
//!
//! These are wire types: a field may be added with a default, a variant may be added, nothing is ever
//! renamed or removed, and the fixtures in `tests/data/` must replay for ever. Verdicts and hold states
//! stand in records as they were found; replay never evaluates anything again.

mod amendment;
mod body;
mod incident;
mod reasons;
mod statement;
mod words;

use phasegate_core::{Now, Timestamp};
use serde::{Deserialize, Serialize};

pub use amendment::Change;
pub use body::{
    Answered, Ask, AskAbout, BakeProgress, Baselined, Body, Judged, MaintenanceStep, Place,
    TriggerProgress,
};

pub use incident::{IncidentClock, IncidentStep};
pub use reasons::{Cause, Decision, Finish, GateReason, HoldReason, How, Outcome};
pub use statement::Statement;

/// The version of the envelope that this crate writes.
pub const RECORD_FORMAT: u32 = 1;

/// One record: when it was decided, and what.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "readers take all of it apart")]
pub struct Record {
    /// [`RECORD_FORMAT`] of the writer.
    pub v: u32,
    /// Both clocks when it was decided.
    pub now: Now,
    /// What was decided, done or learnt.
    pub body: Body,
    /// The signed note under which a person had it done, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why bytes of a journal are no record of a rollout.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Written by a newer version.
    #[error("record format {found} is newer than {RECORD_FORMAT}: use the version that wrote it")]
    TooNew {
        /// Its format.
        found: u32,
    },
    /// Not a record.
    #[error("failed to read a record of kind '{kind}'")]
    Unreadable {
        /// The kind that the journal states.
        kind: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Record {
    /// The name under which the journal files it.
    pub fn kind(&self) -> &'static str {
        self.body.kind()
    }

    /// The moment the journal shows.
    pub fn at(&self) -> Timestamp {
        self.now.wall
    }

    /// What the note says, without its signatures. A note says the same whoever signs it, and however often.
    pub fn signed_text(&self) -> Option<&str> {
        self.note.as_deref().map(signed_text)
    }

    /// The payload: JSON, readable with any tool.
    ///
    /// # Errors
    /// If the record cannot be written as JSON, which no record of ours is.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        serde_json::to_vec(self).map_err(|source| RecordError::Unreadable {
            kind: self.kind().to_owned(),
            source,
        })
    }

    /// Reads a payload back.
    ///
    /// # Errors
    /// If it was written by a newer version, or is damaged.
    pub fn decode(kind: &str, payload: &[u8]) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let unreadable = |source| RecordError::Unreadable {
            kind: kind.to_owned(),
            source,
        };
        let version: Version = serde_json::from_slice(payload).map_err(unreadable)?;
        if version.v > RECORD_FORMAT {
            return Err(RecordError::TooNew { found: version.v });
        }
        serde_json::from_slice(payload).map_err(unreadable)
    }
}

/// A signed note without its signatures: they stand behind the last empty line.
pub(crate) fn signed_text(note: &str) -> &str {
    note.rsplit_once("\n\n").map_or(note, |(text, _)| text)
}
