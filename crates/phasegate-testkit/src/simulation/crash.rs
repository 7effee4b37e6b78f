//! Where a simulated process can be killed.

/// A kind of moment at which a crash hurts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "sweeps must cover each")]
pub enum CrashPoint {
    /// Records are decided and not yet in the journal.
    BeforeAppend,
    /// Records are in the journal and nobody has been told.
    AfterAppend,
    /// An effect's intent is durable and nothing has been sent.
    BeforeEffect,
    /// An effect has been done and its outcome has not been heard.
    AfterEffect,
}

/// Kills the process at the n-th crash point, counted from 0 over the whole run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Kill {
    /// Which crash point.
    pub at: u64,
    /// How long the process stays dead.
    pub down_millis: u64,
    /// Does the machine boot meanwhile?
    pub reboot: bool,
}
