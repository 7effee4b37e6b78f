//! When a breaker opens, for how long, and how it tries again.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::backoff::{Backoff, Jitter};
use crate::error::Misuse;
use crate::rate::Rate;
use crate::time::{millis_up, nanos};

use super::event::Listener;
use super::word::PERMITS_MAX;

/// The most calls a count window may hold.
const COUNT_MAX: u32 = 1 << 20;
/// The most slots a time window may have.
const SLOTS_MAX: u32 = 3600;

/// Over which calls rates are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Window {
    /// Exactly the last so many calls.
    Calls(u32),
    /// The calls of the last `span`, kept in `slots` slots that are aligned to the clock.
    Time {
        /// How far back.
        span: Duration,
        /// In how many steps it moves on.
        slots: u32,
    },
}

/// The configuration of a [`Breaker`](super::Breaker).
///
/// The defaults are those of resilience4j (50 % failures, 100 calls, minimum 100, open 60 s,
/// 10 probes), but the wait for probes is bounded (60 s): there a lost probe keeps the breaker
/// half-open for ever.
///
/// All conditions that are set are watched; the first that is met opens the breaker.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Backoff, BreakerConfig, Rate, Window};
///
/// let config = BreakerConfig::default()
///     .window(Window::Calls(20))
///     .min_calls(10)
///     .failure_rate(Rate::HALF)
///     .consecutive_failures(5)
///     .slow_calls(Duration::from_secs(2), Rate::percent(80)?)
///     .open_for(Backoff::exponential(Duration::from_secs(5)).cap(Duration::from_secs(300)))
///     .probes(3);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone)]
pub struct BreakerConfig {
    pub(super) window: Window,
    pub(super) failure_rate: Option<Rate>,
    pub(super) slow_rate: Option<Rate>,
    pub(super) slow_over: u64,
    pub(super) min_calls: u32,
    pub(super) consecutive: u32,
    pub(super) probes: u32,
    pub(super) open_on_hint: bool,
    pub(super) abandoned_counts: bool,
    pub(super) probe_wait: u64,
    pub(super) open: Backoff,
    pub(super) listener: Option<Arc<dyn Listener>>,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            window: Window::Calls(100),
            failure_rate: Some(Rate::HALF),
            slow_rate: None,
            slow_over: u64::MAX,
            min_calls: 100,
            consecutive: 0,
            probes: 10,
            open_on_hint: false,
            abandoned_counts: false,
            probe_wait: 60_000_000_000,
            open: Backoff::exponential(Duration::from_secs(60))
                .cap(Duration::from_secs(600))
                .jitter(Jitter::None),
            listener: None,
        }
    }
}

impl BreakerConfig {
    /// Sets the window of the rates.
    #[must_use]
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Opens when the share of failures and throttled answers reaches `rate` (`>=`).
    #[must_use]
    pub fn failure_rate(mut self, rate: Rate) -> Self {
        self.failure_rate = Some(rate);
        self
    }

    /// Watches no failure rate.
    #[must_use]
    pub fn no_failure_rate(mut self) -> Self {
        self.failure_rate = None;
        self
    }

    /// Opens when the share of calls that took longer than `over` (`>`) reaches `rate` (`>=`).
    ///
    /// Only then is each call timed, which costs two readings of the clock.
    #[must_use]
    pub fn slow_calls(mut self, over: Duration, rate: Rate) -> Self {
        self.slow_over = nanos(over);
        self.slow_rate = Some(rate);
        self
    }

    /// Opens after so many failures in a row; zero watches none. Not subject to
    /// [`min_calls`](Self::min_calls).
    #[must_use]
    pub fn consecutive_failures(mut self, run: u32) -> Self {
        self.consecutive = run;
        self
    }

    /// Sets how many calls the window must hold before a rate is judged; zero is read as one. In
    /// count mode it is at most the window.
    #[must_use]
    pub fn min_calls(mut self, calls: u32) -> Self {
        self.min_calls = calls.max(1);
        self
    }

    /// Sets how long the breaker stays open: the n-th delay for the n-th opening in a row. A
    /// server's wish replaces a shorter delay; the cap holds for both.
    #[must_use]
    pub fn open_for(mut self, open: Backoff) -> Self {
        self.open = open;
        self
    }

    /// Sets how many probes a half-open breaker admits. It is judged when
    /// `min(min_calls, probes)` results are in.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }

    /// Sets how long a half-open breaker waits for its probes before it opens again. Default 60 s;
    /// `Duration::MAX` waits for ever, which a lost probe makes literal.
    #[must_use]
    pub fn probe_wait(mut self, wait: Duration) -> Self {
        self.probe_wait = nanos(wait);
        self
    }

    /// Opens at once when a throttled answer or failure names a time to come back.
    #[must_use]
    pub fn open_on_hint(mut self, open: bool) -> Self {
        self.open_on_hint = open;
        self
    }

    /// Counts a permit that is dropped without a result (cancelled, panicked) as a failure. The
    /// default records nothing and gives a probe's slot back.
    #[must_use]
    pub fn abandoned_is_failure(mut self, counts: bool) -> Self {
        self.abandoned_counts = counts;
        self
    }

    /// Hears of every transition. Called outside all locks, on the thread that caused it.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.listener = Some(listener);
        self
    }

    pub(super) fn checked(mut self) -> Result<Self, Misuse> {
        if self.failure_rate.is_none() && self.slow_rate.is_none() && self.consecutive == 0 {
            return Err(Misuse::NoCondition);
        }
        if self.probes == 0 || self.probes > PERMITS_MAX {
            return Err(Misuse::PermitsOutOfRange);
        }
        match self.window {
            Window::Calls(calls) => {
                if calls == 0 || calls > COUNT_MAX {
                    return Err(Misuse::WindowOutOfRange);
                }
                self.min_calls = self.min_calls.min(calls);
            }
            Window::Time { span, slots } => {
                let too_fine = nanos(span) / u64::from(slots.max(1)) == 0;
                if slots == 0 || slots > SLOTS_MAX || too_fine {
                    return Err(Misuse::WindowOutOfRange);
                }
            }
        }
        Ok(self)
    }

    /// How many probe results decide a half-open state.
    pub(super) fn probes_needed(&self) -> u32 {
        self.min_calls.min(self.probes)
    }

    /// The longest an opening may last, in milliseconds; 1.1 years at most, half of the word's
    /// range.
    pub(super) fn open_longest_millis(&self) -> u64 {
        millis_up(self.open.longest()).clamp(1, (1 << 35) - 2)
    }
}

impl fmt::Debug for BreakerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerConfig")
            .field("window", &self.window)
            .field("failure_rate", &self.failure_rate)
            .field("slow_rate", &self.slow_rate)
            .field("min_calls", &self.min_calls)
            .field("consecutive_failures", &self.consecutive)
            .field("probes", &self.probes)
            .field("open_for", &self.open)
            .finish_non_exhaustive()
    }
}
