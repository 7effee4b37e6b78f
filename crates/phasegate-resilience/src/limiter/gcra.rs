//! One rate limit as a single number: the time at which it would be untouched again (GCRA).
//!
//! Why not a bucket with a refill: GCRA needs no timer, no remainder and one compare-and-swap, and
//! its answer to "when" is exact.

use core::time::Duration;

use crate::call::CallClass;
use crate::error::Misuse;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Clock, Tick, nanos};

/// So many cells per period, of which so many at once, with a reserve for the higher classes.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::Quota;
///
/// let quota = Quota::new(10, Duration::from_secs(1))?.burst(3);
/// assert_eq!(quota.interval(), Duration::from_millis(100));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    interval: u64,
    burst: u64,
    reserve_mutation: u64,
    reserve_safety: u64,
    /// How far the state may run ahead of now, in nanoseconds, for reads, mutations, safety calls.
    ahead: [u64; 3],
}

impl Quota {
    /// `cells` per `period`, all of them at once if nothing was used.
    ///
    /// # Errors
    /// [`Misuse::Zero`] when either is zero, or there is less than a nanosecond per cell.
    pub fn new(cells: u32, period: Duration) -> Result<Self, Misuse> {
        let interval = nanos(period).checked_div(u64::from(cells)).unwrap_or(0);
        if interval == 0 {
            return Err(Misuse::Zero);
        }
        let quota = Self {
            interval,
            burst: u64::from(cells),
            reserve_mutation: 0,
            reserve_safety: 0,
            ahead: [0; 3],
        };
        Ok(quota.reckoned())
    }

    /// At most `cells` in *any* stretch of `period`, of which `burst` at once, and after those one
    /// each `period / (cells - burst)`.
    ///
    /// [`new`](Self::new) fixes the pace and the burst: after a pause its burst and the cells that
    /// come back meanwhile fit into one period, almost twice `cells`. A server that counts in fixed
    /// periods refuses the rest. This form spends a part of the cells on the burst instead.
    ///
    /// # Errors
    /// [`Misuse::Zero`] when one is zero, `burst` is not less than `cells`, or there is less than a
    /// nanosecond per cell.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::Quota;
    ///
    /// // 5000 an hour, 500 of them at once: then one each 0.8 s.
    /// let quota = Quota::within(5000, Duration::from_secs(3600), 500)?;
    /// assert_eq!(quota.interval(), Duration::from_millis(800));
    /// # Ok::<(), phasegate_resilience::Misuse>(())
    /// ```
    pub fn within(cells: u32, period: Duration, burst: u32) -> Result<Self, Misuse> {
        let paced = cells.checked_sub(burst).filter(|_| burst > 0);
        let mut quota = Self::new(paced.ok_or(Misuse::Zero)?, period)?;
        // Rounded up: one cell more would fit at the end of the period otherwise.
        quota.interval = nanos(period).div_ceil(u64::from(cells - burst));
        Ok(quota.burst(burst))
    }

    /// Works out how far each class may run ahead.
    fn reckoned(mut self) -> Self {
        let safety = self.reserve_safety;
        let kept = [safety.saturating_add(self.reserve_mutation), safety, 0];
        self.ahead = kept.map(|kept| {
            self.interval
                .saturating_mul(self.burst.saturating_sub(kept))
        });
        self
    }

    /// Sets how many cells may be used at once; zero is read as one.
    #[must_use]
    pub fn burst(mut self, cells: u32) -> Self {
        self.burst = u64::from(cells.max(1));
        self.reckoned()
    }

    /// Keeps cells of the burst back: `mutation` of them for mutations and safety calls, and
    /// `safety` more for safety calls alone.
    #[must_use]
    pub fn reserve(mut self, mutation: u32, safety: u32) -> Self {
        (self.reserve_mutation, self.reserve_safety) = (u64::from(mutation), u64::from(safety));
        self.reckoned()
    }

    /// The time in which one cell comes back.
    pub const fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval)
    }

    /// The time in which a full burst comes back, in nanoseconds.
    #[inline]
    pub(super) fn whole(&self) -> u64 {
        let [_, _, whole] = self.ahead;
        whole
    }

    /// How far the state may run ahead of now for this class, in nanoseconds.
    #[inline]
    fn tolerance(&self, class: CallClass) -> u64 {
        let [read, mutation, safety] = self.ahead;
        match class {
            CallClass::Read => read,
            CallClass::Mutation => mutation,
            CallClass::Safety => safety,
        }
    }

    /// The state after taking `cells` at `now`, or when that would be possible.
    #[inline]
    pub(super) fn take(
        &self,
        state: u64,
        cells: u32,
        class: CallClass,
        now: Tick,
    ) -> Result<u64, Option<Tick>> {
        let cost = self.interval.saturating_mul(u64::from(cells));
        let next = state.max(now.as_nanos()).saturating_add(cost);
        let tolerance = self.tolerance(class);
        if next <= now.as_nanos().saturating_add(tolerance) {
            return Ok(next);
        }
        // More than the class may ever hold at once: no time will do.
        Err((cost <= tolerance).then(|| Tick::from_nanos(next - tolerance)))
    }

    /// The state after taking `cells` in turn, waiting up to `longest`, and when they may be used; or
    /// the first moment at which so long a wait would do.
    pub(super) fn book(
        &self,
        state: u64,
        cells: u32,
        class: CallClass,
        now: Tick,
        longest: u64,
    ) -> Result<(u64, Tick), Option<Tick>> {
        let cost = self.interval.saturating_mul(u64::from(cells));
        let next = state.max(now.as_nanos()).saturating_add(cost);
        let at = next.saturating_sub(self.tolerance(class));
        if at <= now.as_nanos().saturating_add(longest) {
            return Ok((next, Tick::from_nanos(at).max(now)));
        }
        // More than the class may hold after the longest wait: no time will do.
        let fits = cost <= self.tolerance(class).saturating_add(longest);
        Err(fits.then(|| Tick::from_nanos(at - longest)))
    }

    /// The same, with a state that a clock that went back left too far ahead cut to a full use.
    #[cfg(any(feature = "std", feature = "spin"))]
    pub(super) fn take_cut(
        &self,
        state: u64,
        cells: u32,
        class: CallClass,
        now: Tick,
    ) -> Result<u64, Option<Tick>> {
        let most = now.as_nanos().saturating_add(self.whole());
        self.take(state.min(most), cells, class, now)
    }

    /// The state after giving `cells` back.
    pub(super) fn give(&self, state: u64, cells: u32) -> u64 {
        state.saturating_sub(self.interval.saturating_mul(u64::from(cells)))
    }

    /// How many cells a safety call could take at `now`.
    pub(super) fn left(&self, state: u64, now: Tick) -> u64 {
        let ahead = state.saturating_sub(now.as_nanos());
        self.whole().saturating_sub(ahead) / self.interval
    }

    /// The state in which no more than `left` cells are left at `now`.
    pub(super) fn at_most(&self, state: u64, left: u64, now: Tick) -> u64 {
        let used = self.burst.saturating_sub(left);
        state.max(
            now.as_nanos()
                .saturating_add(used.saturating_mul(self.interval)),
        )
    }

    pub(super) fn burst_cells(&self) -> u64 {
        self.burst
    }
}

/// A rate limiter without timer and without lock. 80 bytes, all methods take `&self`.
///
/// There are no periods and so no borders at which two bursts meet: a burst that was used comes
/// back cell by cell. What passes in any stretch of time is at most the burst and the cells that
/// come back in it; [`Quota::within`] keeps the sum below a server's limit.
///
/// A clock that goes back cannot lock the limiter: the state is cut to what a full use would be.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{CallClass, Quota, RateLimiter, Tick};
///
/// let limiter = RateLimiter::new(Quota::new(2, Duration::from_secs(1))?);
/// let now = Tick::ZERO;
/// assert!(limiter.try_acquire(1, CallClass::Read, &now).is_ok());
/// assert!(limiter.try_acquire(1, CallClass::Read, &now).is_ok());
/// let rejection = limiter.try_acquire(1, CallClass::Read, &now).unwrap_err();
/// assert_eq!(rejection.retry_at, Some(Tick::from_millis(500)));
/// limiter.refund(1);
/// assert!(limiter.try_acquire(1, CallClass::Read, &now).is_ok());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct RateLimiter {
    pub(super) quota: Quota,
    /// When the limiter would be untouched, in nanoseconds.
    pub(super) untouched_at: AtomicU64,
    /// No cell before this, whatever is left: what a server said.
    pub(super) closed_until: AtomicU64,
    /// How far the state may run ahead of now at all: a full use, and the longest reservation.
    pub(super) farthest: u64,
}

impl RateLimiter {
    /// An untouched limiter.
    pub fn new(quota: Quota) -> Self {
        Self {
            quota,
            farthest: quota.whole(),
            untouched_at: AtomicU64::new(0),
            closed_until: AtomicU64::new(0),
        }
    }

    /// Takes `cells` or none.
    ///
    /// # Errors
    /// [`RejectionKind::RateLimited`] with the first moment at which these cells would be there if
    /// nobody else took any; without a moment when the class can never have so many at once.
    #[inline]
    pub fn try_acquire<C: Clock>(
        &self,
        cells: u32,
        class: CallClass,
        clock: &C,
    ) -> Result<(), Rejection> {
        let now = clock.now();
        let closed = self.closed_until.load(Ordering::Relaxed);
        if closed > now.as_nanos() {
            return Err(limited(Some(Tick::from_nanos(closed))));
        }
        let mut state = self.untouched_at.load(Ordering::Relaxed);
        loop {
            // A clock that went back left the state too far ahead.
            let held = state.min(now.as_nanos().saturating_add(self.farthest));
            let next = self.quota.take(held, cells, class, now).map_err(limited)?;
            match self.untouched_at.compare_exchange_weak(
                state,
                next,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(seen) => state = seen,
            }
        }
    }

    /// Gives cells back that were taken and not used.
    pub fn refund(&self, cells: u32) {
        let _before =
            self.untouched_at
                .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |state| {
                    Some(self.quota.give(state, cells))
                });
    }

    /// How many cells a safety call could take now.
    pub fn left<C: Clock>(&self, clock: &C) -> u64 {
        let now = clock.now();
        if self.closed_until.load(Ordering::Relaxed) > now.as_nanos() {
            return 0;
        }
        self.quota
            .left(self.untouched_at.load(Ordering::Acquire), now)
    }

    /// Learns that the server has no more than `left` cells for us until `reset_at`; with none
    /// left, nothing passes before. What is known locally is only ever tightened.
    pub fn learn<C: Clock>(&self, left: u64, reset_at: Tick, clock: &C) {
        let now = clock.now();
        if left == 0 {
            self.closed_until
                .fetch_max(reset_at.as_nanos(), Ordering::AcqRel);
            return;
        }
        if left < self.quota.burst_cells() {
            let _before =
                self.untouched_at
                    .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |state| {
                        Some(self.quota.at_most(state, left, now))
                    });
        }
    }

    /// The quota.
    pub fn quota(&self) -> &Quota {
        &self.quota
    }
}

pub(super) fn limited(retry_at: Option<Tick>) -> Rejection {
    Rejection::new(RejectionKind::RateLimited, retry_at)
}
