//! How many breakers of a set may refuse calls at the same time.

use alloc::sync::Arc;

use crate::rate::Rate;
use crate::sync::{AtomicU64, Ordering};

/// At most so many of the breakers that share this limit are open at once, so that a fault which
/// all of them see alike (the network here, a judge that is wrong) does not take every source of a
/// verdict away: Envoy's `max_ejection_percent`.
///
/// A breaker that trips while the limit is reached stays closed, starts its window over, counts it
/// in [`BreakerTotals::withheld`](crate::BreakerTotals::withheld) and tells its listener
/// [`BreakerEvent::Withheld`](crate::BreakerEvent::Withheld). A breaker counts from its opening
/// until it is closed again, half-open in between; its failed probes open it again in any case. What
/// a person or a saved state opens is opened and counts too, beyond the limit if need be.
/// Metrics-only mode takes no part.
///
/// One compare-and-swap for each opening and each recovery; calls do not look at it.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_resilience::{
///     Breaker, BreakerConfig, CallClass, OpenLimit, Rate, State, Tick, Window,
/// };
///
/// // Of twelve sources a tenth, but at least one.
/// let limit = Arc::new(OpenLimit::share(Rate::percent(10)?, 12));
/// assert_eq!(limit.most(), 1);
/// let source = || {
///     let config = BreakerConfig::default().window(Window::Calls(2)).min_calls(2);
///     Breaker::new(config.open_limit(Arc::clone(&limit)))
/// };
/// let (one, other) = (source()?, source()?);
/// for breaker in [&one, &other] {
///     for _ in 0..2 {
///         breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("closed").failure(&Tick::ZERO);
///     }
/// }
/// assert_eq!((one.state(), other.state()), (State::Open, State::Closed));
/// assert_eq!(other.snapshot().totals.withheld, 1);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct OpenLimit {
    most: u32,
    open: AtomicU64,
}

impl OpenLimit {
    /// At most `most` open at once; with zero none opens by itself.
    pub fn new(most: u32) -> Self {
        Self {
            most,
            open: AtomicU64::new(0),
        }
    }

    /// At most this share of `members` open at once, rounded down, but at least one.
    pub fn share(share: Rate, members: u32) -> Self {
        let most = share.of(u64::from(members)).max(1);
        Self::new(u32::try_from(most).unwrap_or(u32::MAX))
    }

    /// How many may be open at once.
    pub const fn most(&self) -> u32 {
        self.most
    }

    /// How many are open now, those beyond the limit included.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Acquire)
    }

    /// A place for a breaker that wants to open, if there is one.
    pub(super) fn try_take(self: &Arc<Self>) -> Option<OpenPlace> {
        self.open
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, |open| {
                (open < u64::from(self.most)).then_some(open + 1)
            })
            .ok()
            .map(|_| OpenPlace(Arc::clone(self)))
    }

    /// A place for a breaker that is opened whatever the limit.
    pub(super) fn take(self: &Arc<Self>) -> OpenPlace {
        self.open.fetch_add(1, Ordering::AcqRel);
        OpenPlace(Arc::clone(self))
    }
}

/// One breaker that is not closed. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct OpenPlace(Arc<OpenLimit>);

impl Drop for OpenPlace {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}
