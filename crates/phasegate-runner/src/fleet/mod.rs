//! Many rollouts in one process, and many processes on one store.
//!
//! A fleet looks after all unfinished rollouts of its journal together with the other controllers that
//! have the same one. What it does with each:
//!
//! * **Waiting**: nobody holds it. All that is kept is the moment at which the store says that somebody
//!   has to look ([`RolloutSummary::wake_at`](phasegate_journal::RolloutSummary)).
//! * **Due**: whoever acquires the lease takes it up. A controller hesitates the longer the more it has
//!   to do already, so that work goes to the idle one.
//! * **Running** here: an actor with an engine. One that only waits, for longer than
//!   [`Fleet::with_parking_beyond`], is put away: the moment goes into the store, the lease is given back.
//! * **Held elsewhere**: looked at again when that lease would expire. Its holder's death costs one lease,
//!   plus the hesitation.
//!
//! News of the store ([`Journal::changes`](phasegate_journal::Journal::changes)) says what to look at; where
//! a store has no news, what is due within a lease is listed twice in each lease, so that an idle fleet costs
//! the same however many rollouts wait. News is a hint and may be lost: after every lost connection the whole
//! store is listed.
//!
//! The loop is one task that owns everything; calls to the store are tasks that report to
//! it, so a store that hangs stops nothing else.

mod controller;
mod dispatch;
mod listing;
mod reports;
mod timetable;

pub use controller::{Controller, FleetEnded, FleetError, FleetView};

use std::path::PathBuf;

use phasegate_core::Span;

use crate::runner::Runner;

/// How many rollouts one controller carries out at most, if nothing is said. A running one costs some
/// hundred kilobytes and a few queries in each evaluation.
const RUNNING_MAX: usize = 64;
/// Below this, taking a rollout up again (one record, and a look at what stands outside) costs more than
/// letting it wait.
const PARK_AFTER: Span = Span::from_secs(300);

/// Carries out the rollouts of a journal together with other controllers; see the module's words.
#[derive(Clone, Debug)]
pub struct Fleet {
    runner: Runner,
    running_max: usize,
    pulse: Option<(PathBuf, Span)>,
}

impl Fleet {
    /// A fleet of this runner's journal, providers and holder. No two processes that run at the same time
    /// may have the same holder. A registry must have every binding that any of the rollouts names.
    pub fn new(mut runner: Runner) -> Self {
        let running_max = RUNNING_MAX;
        // One heart for all that runs here.
        let pulse = runner.pulse.take();
        Self {
            runner,
            running_max,
            pulse,
        }
        .with_parking_beyond(PARK_AFTER)
    }

    /// How many rollouts run here at most; 64 if nothing is said. The others wait, or run elsewhere.
    #[must_use]
    pub fn with_running_max(mut self, running_max: usize) -> Self {
        self.running_max = running_max.max(1);
        self
    }

    /// A rollout that only waits, for a moment further away than this, is put away; 5 minutes if nothing
    /// is said. One that is measured, or that has set something outside, is never put away for longer
    /// than that is looked at.
    #[must_use]
    pub fn with_parking_beyond(mut self, span: Span) -> Self {
        self.runner.park_after = Some(span);
        self
    }

    /// Replaces a file that often while its loop turns; see [`Pulse`](crate::Pulse). None is written if
    /// nothing is said.
    #[must_use]
    pub fn with_heartbeat(mut self, path: impl Into<PathBuf>, every: Span) -> Self {
        self.pulse = Some((path.into(), every));
        self
    }

    /// Begins to work. Must be called in a tokio runtime with time enabled.
    pub fn start(self) -> Controller {
        Controller::start(self.runner, self.running_max, self.pulse)
    }
}
