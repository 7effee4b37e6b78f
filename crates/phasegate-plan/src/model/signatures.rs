//! What people sign, and by which keys they are known.

use crate::form::{record, words};

words! {
    /// Which acts of people must be signed.
    pub enum SignedActs {
        /// All of them.
        All = "all",
        /// Those that can let the rollout move forward. What stops it, takes it back or only tells needs none.
        Forward = "forward",
    }
}

record! {
    /// What people sign with their own keys. Acts of machines, as of triggers and of the watchdog, need no signature.
    pub struct Signatures {
        /// Which of their acts.
        need acts: SignedActs,
        /// The public keys, each `NAME+ID+KEY` as signed notes have them, where NAME is a member of a role. A
        /// person may have several.
        list keys: String,
    }
}
