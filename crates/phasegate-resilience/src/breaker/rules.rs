//! What a breaker keeps of its configuration: numbers, packed, since every breaker has its own.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::backoff::{Backoff, Jitter};
use crate::rate::Rate;
use crate::time::millis_up;

use super::event::{Listener, OpenTime};
use super::limit::OpenLimit;

/// The numbers by which a breaker decides. 104 bytes.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) slow_over: u64,
    pub(super) slow_rate: Option<Rate>,
    pub(super) failure_rate: Option<Rate>,
    pub(super) min_calls: u32,
    pub(super) failure_count: u32,
    pub(super) consecutive: u32,
    /// In milliseconds; `u32::MAX` (50 days) is for ever.
    pub(super) probe_wait: u32,
    pub(super) probes: u16,
    pub(super) probe_successes: u16,
    flags: u8,
    pub(super) open: Backoff,
    pub(super) hooks: Option<Box<Hooks>>,
}

/// What calls code of the user or is shared with other breakers. Rare, so behind one pointer.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) listener: Option<Arc<dyn Listener>>,
    pub(super) open_time: Option<Arc<dyn OpenTime>>,
    pub(super) open_limit: Option<Arc<OpenLimit>>,
}

impl Hooks {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.listener.is_none() && self.open_time.is_none() && self.open_limit.is_none()
    }
}

/// Yes or no, one bit each.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flag {
    AbandonedCounts = 1,
    BoundsHalfOpen = 2,
    EndsAtWait = 4,
    OnlyFailuresOpen = 8,
    OpensOnHint = 16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            slow_over: u64::MAX,
            slow_rate: None,
            failure_rate: Some(Rate::HALF),
            min_calls: 100,
            failure_count: 0,
            consecutive: 0,
            probe_wait: 60_000,
            probes: 10,
            probe_successes: 0,
            flags: 0,
            open: Backoff::exponential(Duration::from_secs(60))
                .cap(Duration::from_secs(600))
                .jitter(Jitter::None),
            hooks: None,
        }
    }
}

impl Rules {
    pub(super) fn set(&mut self, flag: Flag, on: bool) {
        if on {
            self.flags |= flag as u8;
        } else {
            self.flags &= !(flag as u8);
        }
    }

    #[inline]
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.flags & flag as u8 != 0
    }

    /// Whether calls are timed.
    #[inline]
    pub(super) fn is_timed(&self) -> bool {
        self.slow_rate.is_some()
    }

    pub(super) fn has_condition(&self) -> bool {
        self.failure_rate.is_some()
            || self.slow_rate.is_some()
            || self.failure_count > 0
            || self.consecutive > 0
    }

    /// How many probe results decide a half-open state by rate.
    pub(super) fn probes_needed(&self) -> u32 {
        self.min_calls.min(u32::from(self.probes))
    }

    /// The longest an opening may last, in milliseconds; 1.1 years at most, half of the word's
    /// range.
    pub(super) fn open_longest_millis(&self) -> u64 {
        millis_up(self.open.longest()).clamp(1, (1 << 35) - 2)
    }

    pub(super) fn listener(&self) -> Option<&dyn Listener> {
        self.hooks.as_ref()?.listener.as_deref()
    }

    pub(super) fn open_time(&self) -> Option<&dyn OpenTime> {
        self.hooks.as_ref()?.open_time.as_deref()
    }

    pub(super) fn open_limit(&self) -> Option<&Arc<OpenLimit>> {
        self.hooks.as_ref()?.open_limit.as_ref()
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("failure_rate", &self.failure_rate)
            .field("failure_count", &self.failure_count)
            .field("slow_rate", &self.slow_rate)
            .field("min_calls", &self.min_calls)
            .field("consecutive_failures", &self.consecutive)
            .field("probes", &self.probes)
            .field("open_for", &self.open)
            .finish_non_exhaustive()
    }
}
