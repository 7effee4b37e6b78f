//! Cells taken in turn, for a moment that has not come yet.
//!
//! Who asks again at `retry_at` may find that another was quicker. A reservation is a place in the
//! order of asking: it is taken at once and says when it may be used.

use core::time::Duration;

use crate::call::CallClass;
use crate::rejection::Rejection;
use crate::sync::Ordering;
use crate::time::{Clock, Tick, nanos};

use super::gcra::{RateLimiter, limited};

impl RateLimiter {
    /// Sets how long a [reservation](Self::reserve) may have to wait; without it none waits.
    ///
    /// Reserved cells are taken for every class: a safety call that comes later finds them gone.
    /// Keep the wait short where that matters.
    #[must_use]
    pub fn longest_wait(mut self, longest: Duration) -> Self {
        self.farthest = self.quota.whole().saturating_add(nanos(longest));
        self
    }

    /// Takes `cells` in turn and says when they may be used: now, or after at most the
    /// [longest wait](Self::longest_wait). It may be more than a burst, which then takes so much
    /// longer. [`refund`](Self::refund) gives up a reservation; those behind it keep their moments.
    ///
    /// # Errors
    /// [`RejectionKind::RateLimited`](crate::RejectionKind::RateLimited) with the first moment at
    /// which a reservation of so many cells could be made; nothing is taken then.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::{CallClass, Quota, RateLimiter, Tick};
    ///
    /// let quota = Quota::new(10, Duration::from_secs(1))?.burst(1);
    /// let limiter = RateLimiter::new(quota).longest_wait(Duration::from_millis(250));
    /// let now = Tick::ZERO;
    /// let ask = || limiter.reserve(1, CallClass::Read, &now);
    /// assert_eq!(ask(), Ok(Tick::ZERO));
    /// assert_eq!(ask(), Ok(Tick::from_millis(100)));
    /// assert_eq!(ask(), Ok(Tick::from_millis(200)));
    /// assert_eq!(ask().unwrap_err().retry_at, Some(Tick::from_millis(50)));
    /// # Ok::<(), phasegate_resilience::Misuse>(())
    /// ```
    pub fn reserve<C: Clock>(
        &self,
        cells: u32,
        class: CallClass,
        clock: &C,
    ) -> Result<Tick, Rejection> {
        let now = clock.now();
        let longest = self.farthest - self.quota.whole();
        let closed = Tick::from_nanos(self.closed_until.load(Ordering::Relaxed));
        if closed.saturating_since(now) > Duration::from_nanos(longest) {
            return Err(limited(Some(closed)));
        }
        let mut state = self.untouched_at.load(Ordering::Relaxed);
        loop {
            let held = state.min(now.as_nanos().saturating_add(self.farthest));
            let (next, at) = self
                .quota
                .book(held, cells, class, now, longest)
                .map_err(limited)?;
            match self.untouched_at.compare_exchange_weak(
                state,
                next,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(at.max(closed)),
                Err(seen) => state = seen,
            }
        }
    }
}
