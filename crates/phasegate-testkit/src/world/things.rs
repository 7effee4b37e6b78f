//! What can be set, and the memory of everything that was done.

use phasegate_core::{Desired, EffectKey, Ratio, Timestamp};

/// Something that was done.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests read all of it")]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// Under which key.
    pub key: EffectKey,
    /// What.
    pub desired: Desired,
}

/// A route or a flag.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests read and write all of it")]
pub struct Thing {
    /// What stands now; nothing if nobody has touched it.
    pub now: Option<Desired>,
    /// Everything that was set, in order.
    pub history: Vec<Done>,
}

impl Thing {
    pub(crate) fn set(&mut self, done: Done) {
        self.now = Some(done.desired.clone());
        self.history.push(done);
    }

    /// Somebody else changes it.
    pub fn meddle(&mut self, desired: Desired) {
        self.now = Some(desired);
    }

    /// The share that sees the new version.
    pub fn exposure(&self) -> Ratio {
        let shown = self.now.as_ref().and_then(Desired::exposure);
        shown.unwrap_or(Ratio::ZERO)
    }
}
