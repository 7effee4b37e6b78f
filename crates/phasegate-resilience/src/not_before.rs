//! "Not before": one moment per credential that all its users respect, as a server asked.

use core::time::Duration;

use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Clock, Tick};

/// The earliest moment at which a credential may be used again. Share one per credential; it only
/// moves forward until the moment has come.
///
/// Survives a restart through [`left`](Self::left) and [`restore`](Self::restore), so that a
/// program that is started again does not hammer a server that told it to stop.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{NotBefore, Tick};
///
/// let gate = NotBefore::new(Duration::from_secs(3600));
/// gate.wait_for(Duration::from_secs(60), &Tick::ZERO);
/// assert_eq!(gate.check(&Tick::from_secs(59)).unwrap_err().retry_at, Some(Tick::from_secs(60)));
/// assert!(gate.check(&Tick::from_secs(60)).is_ok());
/// ```
#[derive(Debug)]
pub struct NotBefore {
    at: AtomicU64,
    longest: Duration,
}

impl NotBefore {
    /// Nothing to wait for. No wait will be longer than `longest`, whatever a server or a saved
    /// state says.
    pub fn new(longest: Duration) -> Self {
        Self {
            at: AtomicU64::new(0),
            longest,
        }
    }

    /// The server asked for `wait` from now. A shorter wait does not shorten a longer one.
    pub fn wait_for<C: Clock>(&self, wait: Duration, clock: &C) {
        let at = clock.now() + wait.min(self.longest);
        self.at.fetch_max(at.as_nanos(), Ordering::AcqRel);
    }

    /// Whether the credential may be used.
    ///
    /// # Errors
    /// [`RejectionKind::NotBefore`] with the moment. A clock that went back cannot make the wait
    /// longer than the longest.
    #[inline]
    pub fn check<C: Clock>(&self, clock: &C) -> Result<(), Rejection> {
        let at = self.at.load(Ordering::Acquire);
        if at == 0 {
            return Ok(());
        }
        let now = clock.now();
        let at = Tick::from_nanos(at).min(now + self.longest);
        if now >= at {
            return Ok(());
        }
        Err(Rejection::new(RejectionKind::NotBefore, Some(at)))
    }

    /// How long is left to wait, for saving.
    pub fn left<C: Clock>(&self, clock: &C) -> Duration {
        Tick::from_nanos(self.at.load(Ordering::Acquire)).saturating_since(clock.now())
    }

    /// Takes up a saved wait: what was left when it was saved, less the wall time since, which the
    /// caller knows. Too long a rest (a wrong clock) is cut to the longest.
    pub fn restore<C: Clock>(&self, left: Duration, since_saved: Duration, clock: &C) {
        self.wait_for(left.saturating_sub(since_saved), clock);
    }
}
