//! What a fleet asks its store: for everything at the beginning, for what is due soon twice in each lease.
//!
//! A store that has no news is asked again and again. So that this costs the same however many rollouts wait, only
//! those are asked for whose moment comes within a lease: whatever changes meanwhile is found before it is due.
//! Everything is listed once an hour all the same, so that the count of those that wait is right for people.

use std::collections::BTreeSet;
use std::sync::Arc;

use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::{ReadError, RolloutSummary};

use super::dispatch::{Dispatch, RETRY_PAUSE, Report};

/// How often everything is listed. 100,000 rollouts take a second, so this is nothing.
const ALL_EVERY: Span = Span::from_secs(3_600);

/// When the store is listed next.
#[derive(Debug)]
pub(super) struct Listing {
    /// Never, where the store tells what changes.
    pub(super) next: Option<Timestamp>,
    /// Everything is listed from then on, and not only what is due soon.
    all_from: Timestamp,
    /// It is being listed now.
    pub(super) under_way: bool,
}

impl Listing {
    pub(super) fn all_at(at: Timestamp) -> Self {
        Self {
            next: Some(at),
            all_from: at,
            under_way: false,
        }
    }

    /// Nothing is known for certain any more.
    pub(super) fn anew(&mut self, at: Timestamp) {
        self.next = Some(at);
        self.all_from = at;
    }

    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        !self.under_way && self.next.is_some_and(|at| now >= at)
    }
}

impl Dispatch {
    pub(super) fn list(&mut self, now: Timestamp) {
        self.listing.under_way = true;
        let half = Span::from_nanos(self.runner.lease.as_nanos() / 2);
        self.listing.next = (!self.has_news).then(|| now + half);
        let all = now >= self.listing.all_from;
        let before = if all {
            self.listing.all_from = now + ALL_EVERY;
            Timestamp::EPOCH + Span::MAX
        } else {
            now + self.runner.lease
        };
        let journal = Arc::clone(&self.runner.journal);
        self.tasks.spawn(async move {
            let found = journal.due(before).await;
            Report::Listed { all, before, found }
        });
    }

    pub(super) fn listed(
        &mut self,
        all: bool,
        before: Timestamp,
        found: Result<Vec<RolloutSummary>, ReadError>,
    ) {
        self.listing.under_way = false;
        match found {
            Ok(found) => {
                self.trouble = None;
                let ids: BTreeSet<&RolloutId> = found.iter().map(|one| &one.rollout).collect();
                // Somebody has put it off or ended it meanwhile.
                let changed = self.timetable.due_by(before);
                let changed: Vec<RolloutId> =
                    changed.filter(|id| !ids.contains(id)).cloned().collect();
                for rollout in changed {
                    self.look(rollout);
                }
                for found in found {
                    self.note(found);
                }
            }
            Err(error) => {
                self.out_of_reach(error);
                let again = self.now() + RETRY_PAUSE;
                self.listing.next = Some(again);
                if all {
                    self.listing.all_from = again;
                }
            }
        }
    }

    /// Notes when a rollout has to be looked at, as the store has it.
    pub(super) fn note(&mut self, found: RolloutSummary) {
        let rollout = found.rollout;
        if self.running.contains_key(&rollout) || self.busy.contains_key(&rollout) {
            return;
        }
        if found.finished {
            self.timetable.forget(&rollout);
            return;
        }
        let now = self.now();
        match (found.holder, found.wake_at) {
            // What this process held before it came back is its own at once.
            (Some(holder), _) if holder != self.runner.holder => {
                self.timetable.set_earlier(rollout, now + self.runner.lease);
            }
            (Some(_), _) => self.timetable.set(rollout, now),
            (None, Some(at)) => self.timetable.set(rollout, at),
            (None, None) => self.timetable.forget(&rollout),
        }
    }
}
