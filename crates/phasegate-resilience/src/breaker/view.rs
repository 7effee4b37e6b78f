//! Looking at a breaker: numbers for metrics, a sentence for people.

use core::fmt;

use crate::rate::Rate;
use crate::sync::Ordering;
use crate::time::{Clock, Tick};
use crate::trip::Trip;

use super::core::{Breaker, Marks};
use super::word::State;

/// Counts since the breaker was built. They never go back.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, BreakerTotals, CallClass, Rate, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default().probes(1))?;
/// breaker.begin_half_open(&Tick::ZERO);
/// breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("a probe").success(&Tick::ZERO);
/// let totals: BreakerTotals = breaker.snapshot().totals;
/// assert_eq!((totals.recovered, totals.by_hand), (1, 1));
/// assert_eq!(totals.automated_recovery_rate(), Some(Rate::ONE));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct BreakerTotals {
    /// Openings out of the closed state.
    pub opened: u32,
    /// Half-open states that opened again.
    pub reopened: u32,
    /// Half-open states that closed because the probes were good.
    pub recovered: u32,
    /// Changes by hand.
    pub by_hand: u32,
    /// Trips that opened nothing, because enough breakers of the same
    /// [`OpenLimit`](crate::OpenLimit) were open.
    pub withheld: u32,
}

impl BreakerTotals {
    /// Of all recovery attempts that were decided, the share that closed the breaker without a
    /// person. `None` before the first.
    pub fn automated_recovery_rate(&self) -> Option<Rate> {
        Rate::fraction(self.recovered, self.recovered.saturating_add(self.reopened)).ok()
    }
}

/// The numbers of a breaker at one moment.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, BreakerSnapshot, CallClass, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default())?;
/// breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("closed").success(&Tick::ZERO);
/// breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("closed").failure(&Tick::ZERO);
/// let seen: BreakerSnapshot = breaker.snapshot();
/// assert_eq!((seen.calls, seen.failures, seen.failure_rate()), (2, 1, Some(0.5)));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The state.
    pub state: State,
    /// Calls in the window. After an opening, those that opened it.
    pub calls: u64,
    /// Failures and throttled answers among them.
    pub failures: u64,
    /// Slow calls among them.
    pub slow_calls: u64,
    /// Failures in a row.
    pub run: u32,
    /// Probes that may still be admitted.
    pub probes_left: u32,
    /// Calls rejected so far.
    pub rejected: u64,
    /// Calls that metrics-only mode admitted and enforcement would have rejected.
    pub would_reject: u64,
    /// Counts of transitions.
    pub totals: BreakerTotals,
}

impl BreakerSnapshot {
    /// Of the calls that an unhealthy other side would have got, the share that was spared:
    /// rejected calls over rejected calls plus the failures that it took to open. `None` before the
    /// first rejection or failure.
    pub fn effectiveness(&self) -> Option<f64> {
        let spared = self.rejected + self.would_reject;
        let all = spared + self.failures;
        (all > 0).then(|| spared as f64 / all as f64)
    }

    /// The share of failures in the window; `None` when it is empty.
    pub fn failure_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.failures as f64 / self.calls as f64)
    }

    /// The share of slow calls in the window; `None` when it is empty.
    pub fn slow_rate(&self) -> Option<f64> {
        (self.calls > 0).then(|| self.slow_calls as f64 / self.calls as f64)
    }
}

/// Why a breaker is in its state, and what comes next. `Display` is one sentence.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, Explanation, Judgement, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default().consecutive_failures(1))?;
/// let now = Tick::from_secs(1);
/// let failed = Judgement::failure().because("http 503");
/// breaker.try_acquire(CallClass::Read, &now).expect("closed").record(&failed, &now);
/// let explained: Explanation = breaker.explain(&now);
/// let why = explained.to_string();
/// assert!(why.contains("1 failures in a row") && why.contains("http 503"), "{why}");
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The state.
    pub state: State,
    /// Since when.
    pub since: Tick,
    /// The last trip, with its numbers.
    pub trip: Option<Trip>,
    /// What the judge named as cause of the last failure; empty if nothing.
    pub cause: &'static str,
    /// When a call may be tried; `None` when calls are admitted now or no clock decides.
    pub retry_at: Option<Tick>,
}

impl Breaker {
    /// The numbers as of the last result: a window of time holds what it held then. Takes the lock for
    /// a moment.
    pub fn snapshot(&self) -> BreakerSnapshot {
        self.snapshot_as_of(None)
    }

    /// The numbers now: what is too old by now is in no window of time, though no call came since.
    /// Changes nothing, and is the same as [`snapshot`](Self::snapshot) for a window of calls.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, Tick, Window};
    ///
    /// let window = Window::Time { span: Duration::from_secs(10), slots: 10 };
    /// let breaker = Breaker::new(BreakerConfig::default().window(window))?;
    /// breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("closed").failure(&Tick::ZERO);
    /// assert_eq!(breaker.snapshot_at(&Tick::from_secs(9)).failures, 1);
    /// assert_eq!(breaker.snapshot_at(&Tick::from_secs(10)).failures, 0);
    /// # Ok::<(), phasegate_resilience::Misuse>(())
    /// ```
    pub fn snapshot_at<C: Clock>(&self, clock: &C) -> BreakerSnapshot {
        self.snapshot_as_of(Some(clock.now()))
    }

    fn snapshot_as_of(&self, now: Option<Tick>) -> BreakerSnapshot {
        let mut core = self.locked();
        let word = self.load();
        let drawn = self.counter(word).load(Ordering::Relaxed);
        if let Marks::Calls(marks) = &mut core.marks {
            marks.evict(drawn);
        }
        let sums = self.sums(&core, drawn, now);
        BreakerSnapshot {
            state: word.kind().state(),
            calls: sums.calls,
            failures: sums.failures,
            slow_calls: sums.slows,
            run: core.run,
            probes_left: u32::try_from(word.permits()).unwrap_or(0),
            rejected: self.refusals.total(),
            would_reject: self.refusals.would_be(),
            totals: core
                .left
                .as_ref()
                .map_or_else(BreakerTotals::default, |left| left.totals),
        }
    }

    /// Why the breaker is in its state.
    pub fn explain<C: Clock>(&self, clock: &C) -> Explanation {
        let core = self.locked();
        let word = self.load();
        let now = clock.now().as_millis();
        let retry_at = match word.kind().state() {
            State::Open => word
                .remaining(now)
                .map(|left| Tick::from_millis(now + left)),
            State::Closed
            | State::HalfOpen
            | State::ForcedOpen
            | State::Disabled
            | State::MetricsOnly => None,
        };
        Explanation {
            state: word.kind().state(),
            since: core.since,
            trip: Trip::unpack(self.trip.load(Ordering::Relaxed)),
            cause: core.cause,
            retry_at,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} since {} ms", self.state, self.since.as_millis())?;
        if let Some(trip) = self.trip {
            write!(f, "; last trip: {trip}")?;
        }
        if !self.cause.is_empty() {
            write!(f, "; last cause: {}", self.cause)?;
        }
        if let Some(at) = self.retry_at {
            write!(f, "; next try at {} ms", at.as_millis())?;
        }
        Ok(())
    }
}
