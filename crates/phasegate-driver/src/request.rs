//! What the driver wants done, and what the shell tells it.

use phasegate_core::{Answer, Effect, EffectOutcome, Inspection, Query, Reading, Span};
use phasegate_engine::program::Program;
use phasegate_engine::record::Outcome;
use phasegate_engine::{Act, Person};
use phasegate_journal::{AppendError, Batch, Head, Lease, LeaseError, StorageError};

/// Something the shell has to do. Each is answered with the [`Input`] of the same name.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "shells must do each")]
pub enum Request {
    /// Append a batch to the journal. At most one is under way.
    Append {
        /// The sequence its first record gets.
        expected_next_seq: u64,
        /// The records.
        batch: Batch,
    },
    /// Read a state back.
    Inspect(Inspection),
    /// Ask a source.
    Measure {
        /// Comes back with the answer.
        ticket: u64,
        /// The question.
        query: Query,
    },
    /// Bring an effect about. Its intent is durable.
    Perform {
        /// The effect.
        effect: Effect,
        /// The fencing token, for adapters that can refuse a stale one.
        token: u64,
        /// Give up after this long: no attempt may land later.
        within: Span,
    },
    /// Drop this driver, acquire the lease anew, read the journal back and build a new one with
    /// [`crate::Driver::resume`]. Needs no answer.
    Rebuild,
    /// Renew the lease.
    Renew {
        /// For how long.
        ttl: Span,
    },
    /// Nothing more is to be done. Needs no answer.
    Stop(Stop),
}

/// Why a driver stops.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "shells must know each")]
pub enum Stop {
    /// The engine or the journal did what they never should.
    Defect(String),
    /// The rollout has ended.
    Finished(Outcome),
    /// Somebody else carries the rollout out now.
    LostLease,
    /// The store failed: open it again.
    Storage(StorageError),
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "shells write it out")]
pub enum Input {
    /// Of [`Request::Append`].
    Appended(Result<Head, AppendError>),
    /// Of [`Request::Inspect`]; `None` if it could not be asked.
    Inspected {
        /// The inspection's number.
        number: u64,
        /// What was found.
        reading: Option<Reading>,
    },
    /// Of [`Request::Measure`].
    Measured {
        /// The query's ticket.
        ticket: u64,
        /// The answer.
        answer: Answer,
    },
    /// Of [`Request::Perform`].
    Performed {
        /// The effect's number.
        number: u64,
        /// What became of it.
        outcome: EffectOutcome,
    },
    /// Of [`Request::Renew`].
    Renewed(Result<Lease, LeaseError>),
}

/// Who does something, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "shells write it out")]
pub struct Said {
    /// Who, as the edge verified them.
    pub by: Person,
    /// Why.
    pub reason: String,
    /// The same signed with their own key: a note as `phasegate_journal::checkpoint::SignedAct` makes it. Its act is the
    /// act in words (`Act` has them), or those of `phasegate_engine::event::amendment_words`.
    pub note: Option<String>,
}

impl Said {
    /// Said, and not signed.
    pub fn new(by: Person, reason: impl Into<String>) -> Self {
        let (reason, note) = (reason.into(), None);
        Self { by, reason, note }
    }

    /// The same, signed.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }
}

/// What somebody does.
pub(crate) enum Done<'d> {
    Act(&'d Act),
    Amendment(&'d Program),
}
