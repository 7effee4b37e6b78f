//! The timer of tokio. The only use of tokio in this crate.

use crate::time::{Clock, Tick, nanos};
use crate::timer::Timer;

/// tokio's clock and time driver, counted from the creation of this value.
///
/// It follows `tokio::time::pause` and `advance`, so paused tests are exact. Ticks of two values
/// must not be mixed; clones share the origin. Sleeping needs a runtime with time enabled.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Clock, Timer, TokioTimer};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// runtime.block_on(async {
///     let timer = TokioTimer::new();
///     let soon = timer.now() + Duration::from_millis(2);
///     timer.sleep_until(soon).await;
///     assert!(timer.now() >= soon);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    origin: tokio::time::Instant,
}

impl TokioTimer {
    /// A timer that shows [`Tick::ZERO`] now.
    pub fn new() -> Self {
        Self {
            origin: tokio::time::Instant::now(),
        }
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioTimer {
    #[inline]
    fn now(&self) -> Tick {
        let elapsed = tokio::time::Instant::now().saturating_duration_since(self.origin);
        Tick::from_nanos(nanos(elapsed))
    }
}

impl Timer for TokioTimer {
    type Sleep = tokio::time::Sleep;

    fn sleep_until(&self, at: Tick) -> Self::Sleep {
        // About thirty years, as tokio itself limits far deadlines.
        const FAR: core::time::Duration = core::time::Duration::from_secs(86_400 * 365 * 30);
        let wait = at.saturating_since(Tick::ZERO);
        let when = self
            .origin
            .checked_add(wait)
            .or_else(|| self.origin.checked_add(FAR));
        tokio::time::sleep_until(when.unwrap_or(self.origin))
    }
}
