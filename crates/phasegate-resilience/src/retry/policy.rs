//! The limits of retrying: a plain configuration.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::backoff::Backoff;
use crate::rng::Seed;

/// How often and how long to retry.
///
/// Defaults: 3 attempts in all, exponential from 500 ms with full jitter and a cap of 30 s, no total
/// limit, no attempt timeout.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Backoff, RetryPolicy};
///
/// let policy = RetryPolicy::default()
///     .attempts(5)
///     .total(Duration::from_secs(20))
///     .backoff(Backoff::exponential(Duration::from_millis(50)).cap(Duration::from_secs(2)));
/// ```
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    pub(crate) attempts: NonZeroU32,
    pub(crate) total: Option<Duration>,
    pub(crate) backoff: Backoff,
    pub(crate) typical: Duration,
    pub(crate) longest_hint: Option<Duration>,
    pub(crate) seed: Seed,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        #[cfg(feature = "std")]
        let seed = Seed::random();
        #[cfg(not(feature = "std"))]
        let seed = Seed::fixed(0);
        Self {
            attempts: NonZeroU32::MIN.saturating_add(2),
            total: None,
            backoff: Backoff::exponential(Duration::from_millis(500)).cap(Duration::from_secs(30)),
            typical: Duration::ZERO,
            longest_hint: None,
            seed,
        }
    }
}

impl RetryPolicy {
    /// Never a second attempt.
    pub fn once() -> Self {
        Self::default().attempts(1)
    }

    /// Sets how many attempts there may be in all, the first included; zero is read as one.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN);
        self
    }

    /// Sets how long everything may take, from the start of the first attempt. No attempt begins
    /// after it, whatever a server asks for.
    #[must_use]
    pub fn total(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// Sets the delays.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets what one attempt typically takes (its median). No retry begins when less than this
    /// would be left of the deadline after the delay.
    #[must_use]
    pub fn typical(mut self, typical: Duration) -> Self {
        self.typical = typical;
        self
    }

    /// Sets the longest wait that a server may ask for. A longer one ends the call at once, with
    /// the moment to come back.
    #[must_use]
    pub fn longest_hint(mut self, longest: Duration) -> Self {
        self.longest_hint = Some(longest);
        self
    }

    /// Sets where jitter starts from; [`Seed::fixed`] makes runs repeat.
    #[must_use]
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }
}
