//! What goes wrong in a simulation besides deaths: with answers, with the journal, with the clock, and
//! another controller that takes the rollout while the first believes that it still has it.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Span, TargetId, Timestamp};

/// What the journal does with one append.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "simulations must do each")]
pub enum AppendFault {
    /// It is written, and the answer is lost.
    AnswerLost,
    /// The disk is full: nothing is written and the store stops.
    DiskFull,
    /// The connection breaks before anything is written, and nobody knows.
    RequestLost,
    /// The sync fails, and what was written is gone with it.
    SyncFailedLost,
    /// The sync fails, and yet what was written survives.
    SyncFailedKept,
    /// The database cannot be reached; certainly nothing is written.
    Unreachable,
}

/// What goes wrong, and when. Counts begin with 0 at the start of the rollout.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Faults {
    /// What happens to the n-th append.
    pub appends: BTreeMap<u64, AppendFault>,
    /// These answers of the outside come twice.
    pub doubled: BTreeSet<u64>,
    /// These never come.
    pub lost: BTreeSet<u64>,
    /// These come so much later.
    pub slow: BTreeMap<u64, Span>,
    /// The wall clock is set forward, or back, by so many milliseconds.
    pub clock_steps: Vec<(Timestamp, i64)>,
    /// Somebody else sets this route, if the rollout has set it, to 77 %.
    pub meddling: Vec<(Timestamp, BindingId, TargetId)>,
    /// Another controller takes the rollout: the first stalls until its lease has run out, and then goes
    /// on as if nothing had been.
    pub rivals: Vec<Timestamp>,
}

/// How often each fault really struck.
pub type Struck = BTreeMap<&'static str, u64>;

impl AppendFault {
    /// Its name in the table of what happened.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnswerLost => "append: answer lost",
            Self::DiskFull => "append: disk full",
            Self::RequestLost => "append: request lost",
            Self::SyncFailedKept => "append: sync failed, data kept",
            Self::SyncFailedLost => "append: sync failed, data lost",
            Self::Unreachable => "append: database unreachable",
        }
    }
}
