//! Monotonic time as a plain value, and where it may come from.
//!
//! Every decision of this crate takes a [`Tick`] or something that can say one ([`Clock`]). A tick is
//! never a date: it cannot be compared with wall time, and a step of the wall clock cannot reach it.

use alloc::sync::Arc;
use core::time::Duration;

use core::sync::atomic::{AtomicU64, Ordering};

/// A moment on a monotonic clock: nanoseconds since an origin that only its clock knows.
///
/// Ticks of different clocks must not be mixed. Arithmetic saturates, so a huge duration means
/// "never" and nothing overflows.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::Tick;
///
/// let start = Tick::from_millis(5);
/// assert_eq!(start + Duration::from_millis(7), Tick::from_millis(12));
/// assert_eq!(start.saturating_since(Tick::from_millis(9)), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Tick(u64);

impl Tick {
    /// The clock's origin.
    pub const ZERO: Self = Self(0);
    /// A moment that is never reached.
    pub const MAX: Self = Self(u64::MAX);

    /// The tick this many nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The tick this many milliseconds after the origin, saturating.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The tick this many seconds after the origin, saturating.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Whole milliseconds since the origin, rounded down.
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// The time from `earlier` to here; zero when `earlier` is later (a clock that went back).
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The tick `by` before this one, not before the origin.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(by)))
    }
}

impl core::ops::Add<Duration> for Tick {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(nanos(by)))
    }
}

/// A source of monotonic time.
///
/// A [`Tick`] is itself a clock that stands still, so a function that takes `&impl Clock` can be
/// given a value: `breaker.try_acquire(&now)`. Functions take a clock and not a value where the
/// common path needs no time at all, because reading a clock costs more than the decision.
///
/// The clock is expected not to go back. Pieces of this crate stay safe when it does: they treat a
/// step back as no time passed and never hold a breaker open longer than its configured maximum.
///
/// ```
/// use phasegate_resilience::{Clock, Tick};
///
/// /// A clock that was read once, for a batch of decisions.
/// struct Batch(Tick);
///
/// impl Clock for Batch {
///     fn now(&self) -> Tick {
///         self.0
///     }
/// }
///
/// assert_eq!(Batch(Tick::from_secs(3)).now(), Tick::from_secs(3).now());
/// ```
pub trait Clock {
    /// The current moment.
    fn now(&self) -> Tick;
}

impl Clock for Tick {
    #[inline]
    fn now(&self) -> Tick {
        *self
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    #[inline]
    fn now(&self) -> Tick {
        (**self).now()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    #[inline]
    fn now(&self) -> Tick {
        (**self).now()
    }
}

/// A clock that the host moves: publish the time from a timer the host has anyway, read it for the
/// price of one load. Clones share the time.
///
/// It also serves as the clock of tests, since it stands still until told otherwise, and may be set
/// back on purpose.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Clock, Tick, TickClock};
///
/// let clock = TickClock::new(Tick::from_secs(1));
/// clock.advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), Tick::from_secs(3));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TickClock(Arc<AtomicU64>);

impl TickClock {
    /// A clock that shows `now`.
    pub fn new(now: Tick) -> Self {
        Self(Arc::new(AtomicU64::new(now.0)))
    }

    /// Shows `now` from here on, also when it is earlier than what was shown.
    pub fn set(&self, now: Tick) {
        self.0.store(now.0, Ordering::Release);
    }

    /// Moves on by `by`.
    pub fn advance(&self, by: Duration) {
        let moved = (Tick(self.0.load(Ordering::Acquire))) + by;
        self.0.store(moved.0, Ordering::Release);
    }
}

impl Clock for TickClock {
    #[inline]
    fn now(&self) -> Tick {
        Tick(self.0.load(Ordering::Acquire))
    }
}

/// Nanoseconds of a duration, saturating at about 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Milliseconds of a duration, rounded up, saturating.
#[cfg(any(feature = "std", feature = "spin"))]
pub(crate) fn millis_up(duration: Duration) -> u64 {
    nanos(duration).div_ceil(1_000_000)
}
