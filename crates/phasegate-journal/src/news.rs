//! What controllers that share a store learn of each other: news of changes, and who else is there.
//!
//! Both are hints. News may be lost or come twice, and a controller that is listed may have died a moment
//! ago; leases and records are the truth.

use std::fmt;

use async_trait::async_trait;
use phasegate_core::RolloutId;

use crate::Holder;

/// Something changed in a store.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// News was lost, or the store was out of reach for a while: any rollout may have changed.
    Any,
    /// This rollout's lease was given back: whoever wants may take it up.
    Free(RolloutId),
    /// This rollout was created or written to.
    Rollout(RolloutId),
}

/// A listener to a store's changes, by whomever, the listener's own process included.
#[async_trait]
pub trait Changes: Send + fmt::Debug {
    /// The next change; `None` once the journal was dropped. Dropping the future loses nothing.
    async fn next(&mut self) -> Option<Change>;
}

/// A controller that works on a store, and how much it does.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "controllers write it out")]
pub struct Peer {
    /// Its name.
    pub holder: Holder,
    /// How many rollouts it carries out.
    pub running: u32,
}
