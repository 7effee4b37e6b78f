//! The clocks of the operating system. The only module of this crate that reads one.

use std::sync::OnceLock;
use std::time::Instant;

use crate::time::{Clock, Tick, nanos};
use crate::timer::Sleeper;

/// The monotonic clock of the standard library, counted from the first use in this process.
///
/// All values of this type share one origin, so their ticks may be mixed. One reading costs about
/// 20 ns.
///
/// ```
/// use phasegate_resilience::{Clock, StdClock};
///
/// let began = StdClock.now();
/// assert!(StdClock.now() >= began);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StdClock;

impl Clock for StdClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that others are given"
    )]
    #[inline]
    fn now(&self) -> Tick {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let now = Instant::now();
        let origin = *ORIGIN.get_or_init(|| now);
        Tick::from_nanos(nanos(now.saturating_duration_since(origin)))
    }
}

impl Sleeper for StdClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the waiting that others are given"
    )]
    fn block_until(&self, at: Tick) {
        loop {
            let left = at.saturating_since(self.now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left);
        }
    }
}

/// The kernel's coarse monotonic clock: about 3 ns a reading, in steps of one scheduler tick
/// (1 to 10 ms, 4 ms on most builds).
///
/// Good for open times of 100 ms and more and for slow-call thresholds of 50 ms and more. Its ticks
/// count from boot and must not be mixed with those of [`StdClock`].
///
/// ```
/// use phasegate_resilience::{Clock, CoarseClock};
///
/// let began = CoarseClock.now();
/// assert!(CoarseClock.now() >= began);
/// ```
#[cfg(all(feature = "coarse", target_os = "linux"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct CoarseClock;

#[cfg(all(feature = "coarse", target_os = "linux"))]
impl Clock for CoarseClock {
    #[inline]
    fn now(&self) -> Tick {
        let read = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
        let secs = read.tv_sec.unsigned_abs();
        let nanos = read.tv_nsec.unsigned_abs();
        Tick::from_nanos(secs.wrapping_mul(1_000_000_000).wrapping_add(nanos))
    }
}
