//! The ids of webhooks that were taken, so that none counts twice.

use std::collections::BTreeMap;

use phasegate_core::{Span, Timestamp};
use phasegate_provider::signed::TOLERANCE;

use crate::inbox::NotTaken;

/// The most ids that are remembered at a time: ten minutes of 160 webhooks a second.
pub const REMEMBERED_MAX: usize = 100_000;
/// How long ids are remembered while there is room: senders that follow the convention try again for up to
/// 28 hours, each time with a time of its own.
const REMEMBERED_FOR: Span = Span::from_secs(3 * 86_400);

/// Ids, and when they were signed last.
#[derive(Debug, Default)]
pub(crate) struct Remembered(BTreeMap<String, Timestamp>);

impl Remembered {
    pub(crate) fn add(&mut self, id: String, at: Timestamp) {
        self.0.insert(id, at);
    }

    /// Forgets ids whose senders have given up; where there is no room, all that nobody can replay any more.
    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, at| now.since(*at) <= REMEMBERED_FOR);
        if self.0.len() >= REMEMBERED_MAX {
            let replayable = TOLERANCE.saturating_mul(2);
            self.0.retain(|_, at| now.since(*at) <= replayable);
        }
    }

    /// Was this one taken before? If so, it is remembered from this time on.
    ///
    /// # Errors
    /// [`NotTaken::Unavailable`] where it was not, and there is no room to remember it.
    pub(crate) fn has(
        &mut self,
        id: &str,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<bool, NotTaken> {
        self.forget(now);
        if let Some(last) = self.0.get_mut(id) {
            *last = at.max(*last);
            return Ok(true);
        }
        if self.0.len() >= REMEMBERED_MAX {
            return Err(NotTaken::Unavailable { source: None });
        }
        Ok(false)
    }

    /// When it was signed last.
    pub(crate) fn at(&self, id: &str) -> Option<Timestamp> {
        self.0.get(id).copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (String, Timestamp)> {
        self.0.iter().map(|(id, at)| (id.clone(), *at))
    }
}
