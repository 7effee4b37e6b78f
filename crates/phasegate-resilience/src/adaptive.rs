//! A concurrency limit that finds itself: up by one per round of good calls, down by a share when
//! calls fail, are throttled or slow (AIMD).
//!
//! Why not a gradient of latencies: it needs a latency without load to compare with, which a
//! rollout tool that calls a provider a few times a minute never sees.

use core::time::Duration;

use crate::bulkhead::Bulkhead;
use crate::call::Outcome;
use crate::error::Misuse;
use crate::rate::Rate;
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Clock, nanos};

const MILLI: u64 = 1000;

/// The bounds of an [`AdaptiveLimit`].
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{AdaptiveConfig, AdaptiveLimit};
///
/// let config = AdaptiveConfig::between(2, 64)?.slow_over(Duration::from_secs(1)).start(8);
/// assert_eq!(AdaptiveLimit::new(config).limit(), 8);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct AdaptiveConfig {
    /// The limit is never below; at least one.
    pub lowest: u32,
    /// The limit is never above.
    pub highest: u32,
    /// Where it starts.
    pub start: u32,
    /// What is left of the limit after a decrease.
    pub keep: Rate,
    /// Calls slower than this count as congestion.
    pub slow_over: Duration,
    /// No second decrease within this time: calls that were under way say the same thing again.
    pub settle: Duration,
}

impl AdaptiveConfig {
    /// Between `lowest` and `highest`, from `lowest`, keeping 9 of 10, with one second to settle
    /// and no bound on latency.
    ///
    /// # Errors
    /// [`Misuse::Zero`] when `lowest` is zero or above `highest`.
    pub fn between(lowest: u32, highest: u32) -> Result<Self, Misuse> {
        if lowest == 0 || lowest > highest {
            return Err(Misuse::Zero);
        }
        Ok(Self {
            lowest,
            highest,
            start: lowest,
            keep: Rate::fraction(9, 10)?,
            slow_over: Duration::MAX,
            settle: Duration::from_secs(1),
        })
    }

    /// Sets the latency above which a call counts as congestion.
    #[must_use]
    pub fn slow_over(mut self, latency: Duration) -> Self {
        self.slow_over = latency;
        self
    }

    /// Sets where the limit starts; kept between the bounds.
    #[must_use]
    pub fn start(mut self, limit: u32) -> Self {
        self.start = limit.clamp(self.lowest, self.highest);
        self
    }
}

/// A limit that follows results. Feed it and set it on a [`Bulkhead`].
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{AdaptiveConfig, AdaptiveLimit, Outcome, Tick};
///
/// let limit = AdaptiveLimit::new(AdaptiveConfig::between(1, 100)?.start(10));
/// let now = Tick::from_secs(60);
/// for _ in 0..10 {
///     limit.on_result(10, Duration::from_millis(5), Outcome::Success, &now);
/// }
/// assert_eq!(limit.limit(), 11, "one more after a round of good calls");
/// limit.on_result(11, Duration::from_millis(5), Outcome::Throttled, &now);
/// assert_eq!(limit.limit(), 9);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct AdaptiveLimit {
    milli: AtomicU64,
    decreased_at: AtomicU64,
    config: AdaptiveConfig,
}

impl AdaptiveLimit {
    /// A limit at its start.
    pub fn new(config: AdaptiveConfig) -> Self {
        let start = u64::from(config.start.clamp(config.lowest, config.highest)) * MILLI;
        Self {
            milli: AtomicU64::new(start),
            decreased_at: AtomicU64::new(0),
            config,
        }
    }

    /// The limit now.
    pub fn limit(&self) -> u32 {
        u32::try_from(self.milli.load(Ordering::Acquire) / MILLI).unwrap_or(u32::MAX)
    }

    /// A call ended that began with `inside` calls under way, itself included. The limit grows
    /// only while it is used to at least a half.
    pub fn on_result<C: Clock>(&self, inside: u64, latency: Duration, outcome: Outcome, clock: &C) {
        let congested = match outcome {
            Outcome::Failure | Outcome::Throttled => true,
            Outcome::Success => latency > self.config.slow_over,
            Outcome::Ignored => return,
        };
        if congested {
            self.decrease(clock.now().as_nanos());
        } else {
            let highest = u64::from(self.config.highest) * MILLI;
            self.change(|milli| {
                if inside * 2 * MILLI < milli {
                    return milli;
                }
                // Rounded up, so that a round of `limit` good calls adds a whole one.
                (milli + MILLI.div_ceil(milli / MILLI)).min(highest)
            });
        }
    }

    /// Sets the limit on `bulkhead`.
    pub fn apply(&self, bulkhead: &Bulkhead) {
        bulkhead.set_limit(self.limit());
    }

    fn decrease(&self, now: u64) {
        let settle = nanos(self.config.settle);
        let first = self
            .decreased_at
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |at| {
                (at == 0 || now.abs_diff(at) >= settle).then_some(now.max(1))
            });
        if first.is_ok() {
            let lowest = u64::from(self.config.lowest) * MILLI;
            self.change(|milli| self.config.keep.of(milli).max(lowest));
        }
    }

    fn change(&self, next: impl Fn(u64) -> u64) {
        let _before = self
            .milli
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |milli| {
                Some(next(milli))
            });
    }
}
