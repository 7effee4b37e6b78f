//! News of what other controllers wrote, so that nobody has to ask all the time.

use phasegate_core::RolloutId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How much news is kept for a listener that is slow; it is told to look at everything then.
pub(crate) const NEWS_KEPT: usize = 256;

/// Something changed in the store. News is a hint and may be lost or come twice; records are the truth.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// News was lost, or there was no connection for a while: any rollout may have changed.
    Any,
    /// This rollout was created or written to, or its lease was given back.
    Rollout(RolloutId),
}

/// A listener to a store's changes, this handle's own ones included.
#[derive(Debug)]
pub struct Changes {
    pub(crate) news: broadcast::Receiver<Change>,
}

impl Changes {
    /// The next change; `None` once the journal was dropped. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Change> {
        match self.news.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(_)) => Some(Change::Any),
            Err(RecvError::Closed) => None,
        }
    }
}
