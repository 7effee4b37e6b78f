//! What an in-process rollout measures of itself: requests, failures and latencies for each arm, kept in
//! time slots so that any window made of whole slots can be asked for. Time is passed in.
//!
//! Cost: one lock of one arm and one histogram bucket for each request; about 2 KiB for each slot that
//! saw requests. Ten minutes of 100 ms slots take about 24 MB for both arms under constant load.

mod slots;
mod source;
mod text;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use phasegate_core::{Arm, Span, Timestamp};

use self::slots::Slots;

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a request ends in these ways only")]
pub enum Ended {
    /// Served, with an answer that is no failure.
    Served,
    /// Not served, or with an answer that says that the server failed.
    Failed,
}

/// Why a [`RecorderConfig`] cannot be meant.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// The slot is shorter than a millisecond or no whole number of them.
    #[error("a slot is a whole number of milliseconds, at least 1, not {slot}")]
    Slot {
        /// What was given.
        slot: Span,
    },
    /// Nothing would be kept.
    #[error("at least one slot of {slot} must fit into the {keep} that are kept")]
    Keep {
        /// The slot.
        slot: Span,
        /// How long slots are kept.
        keep: Span,
    },
}

/// How finely and how long a [`Recorder`] remembers.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RecorderConfig {
    /// The length of a slot, in whole milliseconds. Windows are made of whole slots.
    pub slot: Span,
    /// How long slots are kept. A window since a start that is longer ago cannot be answered.
    pub keep: Span,
    /// Latency thresholds that are counted exactly from the first request on. Others are counted from
    /// the moment they are first asked about.
    pub thresholds: BTreeSet<Span>,
}

impl Default for RecorderConfig {
    /// Slots of one second, kept for an hour, no thresholds.
    fn default() -> Self {
        Self {
            slot: Span::from_secs(1),
            keep: Span::from_secs(3600),
            thresholds: BTreeSet::new(),
        }
    }
}

/// Requests, failures and latencies of both arms. Shared by the router that records and the engine that
/// asks; all methods may be called at the same time.
///
/// As a [`MetricSource`](phasegate_provider::MetricSource) it understands these query texts:
///
/// | text | asked as | answer |
/// |---|---|---|
/// | `latency` | below, distribution | counts against a threshold; a sketch in milliseconds |
/// | `p50(latency)`, `p99.9(latency)` | scalar, or as `latency` | within 1/129 of the true value |
/// | `mean(latency)`, `max(latency)` | scalar | in the query's unit of time |
/// | `errors` | share, scalar | failed of all requests; a plain ratio, or percent if the unit is `%` |
/// | `requests` | scalar | how many |
/// | `rate(requests)` | scalar | how many per second |
///
/// ```
/// use phasegate_core::{Arm, Span, Timestamp};
/// use phasegate_provider_inprocess::{Ended, Recorder, RecorderConfig};
/// let recorder = Recorder::new(RecorderConfig::default())?;
/// recorder.record(Arm::Canary, Timestamp::EPOCH, Span::from_millis(12), Ended::Served);
/// assert_eq!(recorder.requests(Arm::Canary), 1);
/// # Ok::<(), phasegate_provider_inprocess::RecorderError>(())
/// ```
#[derive(Debug)]
pub struct Recorder {
    slot_millis: i64,
    canary: Mutex<Slots>,
    stable: Mutex<Slots>,
}

impl Recorder {
    /// An empty recorder.
    ///
    /// # Errors
    /// [`RecorderError`] for a slot or a retention that cannot be meant.
    pub fn new(config: RecorderConfig) -> Result<Self, RecorderError> {
        let RecorderConfig {
            slot,
            keep,
            thresholds,
        } = config;
        let slot_millis = i64::try_from(slot.as_millis()).unwrap_or(0);
        if slot_millis == 0 || Span::from_millis(slot.as_millis()) != slot {
            return Err(RecorderError::Slot { slot });
        }
        let kept = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX) / slot_millis;
        if kept == 0 {
            return Err(RecorderError::Keep { slot, keep });
        }
        // "At or below" counts up to the threshold, "below" up to a nanosecond before it.
        let limits: BTreeSet<u64> = thresholds
            .into_iter()
            .map(Span::as_nanos)
            .flat_map(|nanos| [nanos.saturating_sub(1), nanos])
            .collect();
        let limits: Vec<u64> = limits.into_iter().collect();
        let slots = Slots::new(kept, &limits);
        Ok(Self {
            slot_millis,
            canary: Mutex::new(slots.clone()),
            stable: Mutex::new(slots),
        })
    }

    /// Records a request that ended at `at` after `latency`. [`Arm::Whole`] is recorded as stable: a
    /// request that has no side was served as before.
    pub fn record(&self, arm: Arm, at: Timestamp, latency: Span, ended: Ended) {
        let slot = at.as_unix_millis().div_euclid(self.slot_millis);
        self.slots(arm).record(slot, latency.as_nanos(), ended);
    }

    /// All requests of an arm that were ever recorded.
    pub fn requests(&self, arm: Arm) -> u64 {
        match arm {
            Arm::Canary | Arm::Stable => self.slots(arm).requests(),
            Arm::Whole => self.requests(Arm::Canary) + self.requests(Arm::Stable),
        }
    }

    /// All failed requests of an arm that were ever recorded.
    pub fn failures(&self, arm: Arm) -> u64 {
        match arm {
            Arm::Canary | Arm::Stable => self.slots(arm).failures(),
            Arm::Whole => self.failures(Arm::Canary) + self.failures(Arm::Stable),
        }
    }

    fn slots(&self, arm: Arm) -> MutexGuard<'_, Slots> {
        let slots = match arm {
            Arm::Canary => &self.canary,
            Arm::Stable | Arm::Whole => &self.stable,
        };
        // A panic between two counters leaves them off by one at most; going on is better than blind.
        slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
