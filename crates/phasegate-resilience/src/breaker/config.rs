//! When a breaker opens, for how long, and how it tries again.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::backoff::Backoff;
use crate::error::Misuse;
use crate::rate::Rate;
use crate::time::{millis_up, nanos};

use super::event::{Listener, OpenTime};
use super::limit::OpenLimit;
use super::rules::{Flag, Hooks, Rules};
use super::word::PERMITS_MAX;

/// The most calls a count window may hold.
const COUNT_MAX: u32 = 1 << 20;
/// The most slots a time window may have.
const SLOTS_MAX: u32 = 3600;

/// Over which calls rates are taken.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::Window;
///
/// let last_hundred = Window::Calls(100);
/// let last_minute = Window::Time { span: Duration::from_secs(60), slots: 60 };
/// # assert_ne!(last_hundred, last_minute);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Window {
    /// Exactly the last so many calls.
    Calls(u32),
    /// The calls of the last `span`, kept in `slots` slots. The first begins with the first call or
    /// with the change of state that emptied the window.
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
    window: Window,
    rules: Rules,
    hooks: Hooks,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            window: Window::Calls(100),
            rules: Rules::default(),
            hooks: Hooks::default(),
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
        self.rules.failure_rate = Some(rate);
        self
    }

    /// Watches no failure rate.
    #[must_use]
    pub fn no_failure_rate(mut self) -> Self {
        self.rules.failure_rate = None;
        self
    }

    /// Opens when the window holds so many failures and throttled answers, however many calls it
    /// holds; zero watches none. Not subject to [`min_calls`](Self::min_calls).
    #[must_use]
    pub fn failure_count(mut self, failures: u32) -> Self {
        self.rules.failure_count = failures;
        self
    }

    /// Opens when the share of calls that took longer than `over` (`>`) reaches `rate` (`>=`).
    ///
    /// Only then is each call timed, which costs two readings of the clock.
    #[must_use]
    pub fn slow_calls(mut self, over: Duration, rate: Rate) -> Self {
        self.rules.slow_over = nanos(over);
        self.rules.slow_rate = Some(rate);
        self
    }

    /// Opens after so many failures in a row; zero watches none. Not subject to
    /// [`min_calls`](Self::min_calls).
    #[must_use]
    pub fn consecutive_failures(mut self, run: u32) -> Self {
        self.rules.consecutive = run;
        self
    }

    /// Sets how many calls the window must hold before a rate is judged; zero is read as one. In
    /// count mode it is at most the window.
    #[must_use]
    pub fn min_calls(mut self, calls: u32) -> Self {
        self.rules.min_calls = calls.max(1);
        self
    }

    /// Lets only a failure, a throttled answer or a slow call open the breaker, as Polly and
    /// failsafe-go do. By default a success can, as in resilience4j: it may be the call that
    /// reaches the minimum.
    #[must_use]
    pub fn only_failures_open(mut self, only: bool) -> Self {
        self.rules.set(Flag::OnlyFailuresOpen, only);
        self
    }

    /// Sets how long the breaker stays open: the n-th delay for the n-th opening in a row. A
    /// server's wish replaces a shorter delay; the cap holds for both.
    #[must_use]
    pub fn open_for(mut self, open: Backoff) -> Self {
        self.rules.open = open;
        self.hooks.open_time = None;
        self
    }

    /// Asks `open_time` how long to stay open, at most `longest`. It is told why, how many openings
    /// there were in a row and what the server wished, and runs outside all locks, on the thread
    /// that opened the breaker; until it has answered, the breaker is open for `longest`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::{Breaker, BreakerConfig, Opening, Tick};
    ///
    /// let config = BreakerConfig::default().open_by(
    ///     |opening: &Opening| Duration::from_secs(5) * opening.number,
    ///     Duration::from_secs(60),
    /// );
    /// let breaker = Breaker::new(config)?;
    /// breaker.open_now(None, &Tick::ZERO);
    /// assert_eq!(breaker.explain(&Tick::ZERO).retry_at, Some(Tick::from_millis(5_001)));
    /// # Ok::<(), phasegate_resilience::Misuse>(())
    /// ```
    #[must_use]
    pub fn open_by(mut self, open_time: impl OpenTime + 'static, longest: Duration) -> Self {
        self.rules.open = Backoff::constant(longest).cap(longest);
        self.hooks.open_time = Some(Arc::new(open_time));
        self
    }

    /// Ends an opening at its wait (`>=`), rounded up to a millisecond, as Polly and failsafe-go
    /// do. By default it ends strictly after the wait (`>`), as in resilience4j.
    #[must_use]
    pub fn open_ends_at_wait(mut self, at_wait: bool) -> Self {
        self.rules.set(Flag::EndsAtWait, at_wait);
        self
    }

    /// Sets how many probes a half-open breaker admits. It is judged when
    /// `min(min_calls, probes)` results are in.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        self.rules.probes = u16::try_from(probes).unwrap_or(u16::MAX);
        self
    }

    /// Judges probes by number and not by rate, as failsafe does: so many good ones close the
    /// breaker, and it opens again as soon as too many failed for that. Zero judges by rate.
    #[must_use]
    pub fn probe_successes(mut self, successes: u32) -> Self {
        self.rules.probe_successes = u16::try_from(successes).unwrap_or(u16::MAX);
        self
    }

    /// Sets how long a half-open breaker waits for its probes before it opens again, counted from
    /// the last that was admitted, and only while one is out. Default 60 s; `Duration::MAX` waits
    /// for ever, which a lost probe makes literal. In milliseconds, rounded up.
    #[must_use]
    pub fn probe_wait(mut self, wait: Duration) -> Self {
        self.rules.set(Flag::BoundsHalfOpen, false);
        self.rules.probe_wait = u32::try_from(millis_up(wait)).unwrap_or(u32::MAX);
        self
    }

    /// Bounds the half-open state itself, from its start, as resilience4j's
    /// `maxWaitDurationInHalfOpenState` does: the breaker opens again when it has not been decided
    /// by then, also when no probe was asked for. Replaces [`probe_wait`](Self::probe_wait).
    #[must_use]
    pub fn half_open_at_most(mut self, wait: Duration) -> Self {
        self = self.probe_wait(wait);
        self.rules.set(Flag::BoundsHalfOpen, true);
        self
    }

    /// Opens at once when a throttled answer or failure names a time to come back, for that time
    /// (at most the longest opening).
    #[must_use]
    pub fn open_on_hint(mut self, open: bool) -> Self {
        self.rules.set(Flag::OpensOnHint, open);
        self
    }

    /// Counts a permit that is dropped without a result (cancelled, panicked) as a failure. The
    /// default records nothing and gives a probe's slot back.
    #[must_use]
    pub fn abandoned_is_failure(mut self, counts: bool) -> Self {
        self.rules.set(Flag::AbandonedCounts, counts);
        self
    }

    /// Opens by itself only while fewer of the breakers that share `limit` are open than it allows.
    #[must_use]
    pub fn open_limit(mut self, limit: Arc<OpenLimit>) -> Self {
        self.hooks.open_limit = Some(limit);
        self
    }

    /// Hears of every transition. Called outside all locks, on the thread that caused it.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn Listener>) -> Self {
        self.hooks.listener = Some(listener);
        self
    }

    /// Window and rules, if they can be meant.
    pub(super) fn checked(self) -> Result<(Window, Rules), Misuse> {
        let mut rules = self.rules;
        if !rules.has_condition() {
            return Err(Misuse::NoCondition);
        }
        let probes = u32::from(rules.probes);
        if probes == 0 || probes > PERMITS_MAX || rules.probe_successes > rules.probes {
            return Err(Misuse::PermitsOutOfRange);
        }
        match self.window {
            Window::Calls(calls) => {
                if calls == 0 || calls > COUNT_MAX {
                    return Err(Misuse::WindowOutOfRange);
                }
                rules.min_calls = rules.min_calls.min(calls);
            }
            Window::Time { span, slots } => {
                let too_fine = nanos(span) / u64::from(slots.max(1)) == 0;
                if slots == 0 || slots > SLOTS_MAX || too_fine {
                    return Err(Misuse::WindowOutOfRange);
                }
            }
        }
        rules.hooks = (!self.hooks.is_empty()).then(|| Box::new(self.hooks));
        Ok((self.window, rules))
    }
}

impl fmt::Debug for BreakerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerConfig")
            .field("window", &self.window)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
