//! News of what other controllers wrote, so that nobody has to ask all the time.
//!
//! The server sends `id` when a lease was given back and `+id` for everything else. What cannot be read
//! means that anything may have changed.

use async_trait::async_trait;
use phasegate_core::RolloutId;
use phasegate_journal::{Change, Changes};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How much news is kept for a listener that is slow; it is told to look at everything then.
pub(crate) const NEWS_KEPT: usize = 256;

/// What the server's words mean.
pub(crate) fn change(payload: &str) -> Change {
    let (id, change): (_, fn(RolloutId) -> Change) = match payload.strip_prefix('+') {
        Some(id) => (id, Change::Rollout),
        None => (payload, Change::Free),
    };
    RolloutId::new(id).map_or(Change::Any, change)
}

/// A listener to this handle's news.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) news: broadcast::Receiver<Change>,
}

#[async_trait]
impl Changes for Listener {
    async fn next(&mut self) -> Option<Change> {
        match self.news.recv().await {
            Ok(change) => Some(change),
            Err(RecvError::Lagged(_)) => Some(Change::Any),
            Err(RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_may_be_anything() {
        let id: RolloutId = "r-1".parse().expect("an id");
        for (payload, expected) in [
            ("r-1", Change::Free(id.clone())),
            ("+r-1", Change::Rollout(id.clone())),
            ("", Change::Any),
            ("+", Change::Any),
            ("++r-1", Change::Any),
            ("Not An Id", Change::Any),
        ] {
            assert_eq!(change(payload), expected, "{payload:?}");
        }
    }
}
