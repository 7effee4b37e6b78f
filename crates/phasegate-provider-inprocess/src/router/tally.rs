//! Counts one request exactly once, however it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use phasegate_core::{Arm, Now};

use super::Router;
use crate::Ended;

/// One request on its way. Dropped without an end, it was given up by its client.
#[derive(Debug)]
pub(super) struct Tally {
    router: Arc<Router>,
    arm: Arm,
    start: Now,
    /// Did the answer itself say that the server failed?
    failed: bool,
    done: bool,
}

impl Tally {
    pub(super) fn begin(router: Arc<Router>, arm: Arm, start: Now) -> Self {
        Self {
            router,
            arm,
            start,
            failed: false,
            done: false,
        }
    }

    /// The answer began, with this status.
    pub(super) fn answered(&mut self, status: http::StatusCode) {
        self.failed = status.is_server_error();
    }

    /// The answer is complete.
    pub(super) fn complete(&mut self) {
        let ended = if self.failed {
            Ended::Failed
        } else {
            Ended::Served
        };
        self.end(ended);
    }

    /// The upstream could not be reached, or broke off.
    pub(super) fn fail(&mut self) {
        if !self.done {
            let counts = &self.router.counts;
            counts.unreachable.fetch_add(1, Ordering::Relaxed);
        }
        self.end(Ended::Failed);
    }

    fn end(&mut self, ended: Ended) {
        if self.done {
            return;
        }
        self.done = true;
        let now = self.router.clock.now();
        let latency = now.since_boot.saturating_sub(self.start.since_boot);
        self.router
            .recorder
            .record(self.arm, now.wall, latency, ended);
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        if !self.done {
            let counts = &self.router.counts;
            counts.cancelled.fetch_add(1, Ordering::Relaxed);
        }
    }
}
