//! What the default policies of adapters have in common.

use std::sync::Arc;
use std::time::Duration;

use phasegate_resilience::{
    Backoff, Breaker, BreakerConfig, Misuse, Policy, Quota, RateLimiter, RetryPolicy, Window,
};

/// How hard another side is tried before it is left alone for a while. Default policies of adapters begin with
/// one of the two and add the limits that the vendor has published.
///
/// ```
/// use std::time::Duration;
/// use phasegate_provider::Pace;
/// use phasegate_resilience::{Misuse, Policy};
///
/// /// A vendor that takes one call a second; each waits two for its turn.
/// fn default_policy() -> Result<Policy, Misuse> {
///     let second = Duration::from_secs(1);
///     Pace::HOSTED.limited(1, second, 2 * second)
/// }
/// # default_policy().expect("numbers that fit");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "adapters write it out")]
pub struct Pace {
    /// How many attempts a call has.
    pub attempts: u32,
    /// How long all of them may take together.
    pub total: Duration,
    /// How long one may take.
    pub each: Duration,
    /// About how long is waited after the first; twice as long after each further one.
    pub pause: Duration,
    /// How long is waited at most.
    pub pause_max: Duration,
    /// After so many failures in a row the breaker opens.
    pub failures: u32,
    /// About how long it stays open the first time; twice as long each further time.
    pub open: Duration,
    /// How long it stays open at most.
    pub open_max: Duration,
}

impl Pace {
    /// For a service that somebody else runs: three attempts of 10 s within 20 s, half a second between the first two; after five
    /// failures in a row it is left alone for 10 s, later for up to two minutes.
    pub const HOSTED: Self = Self {
        attempts: 3,
        total: Duration::from_secs(20),
        each: Duration::from_secs(10),
        pause: Duration::from_millis(500),
        pause_max: Duration::from_secs(5),
        failures: 5,
        open: Duration::from_secs(10),
        open_max: Duration::from_secs(120),
    };

    /// For a server of one's own: three attempts within 10 s, a fifth of a second between the first two; after five failures
    /// in a row it is left alone for 5 s, later for up to a minute.
    pub const OWN: Self = Self {
        attempts: 3,
        total: Duration::from_secs(10),
        each: Duration::from_secs(10),
        pause: Duration::from_millis(200),
        pause_max: Duration::from_secs(2),
        failures: 5,
        open: Duration::from_secs(5),
        open_max: Duration::from_secs(60),
    };

    /// The policy, without any limiter or bulkhead.
    ///
    /// # Errors
    /// Where a number does not fit: no attempts, no failures.
    pub fn policy(self) -> Result<Policy, Misuse> {
        let retry = RetryPolicy::default()
            .attempts(self.attempts)
            .total(self.total)
            .backoff(Backoff::exponential(self.pause).cap(self.pause_max));
        let breaker = BreakerConfig::default()
            .window(Window::Calls(20))
            .min_calls(10)
            .consecutive_failures(self.failures)
            .open_for(Backoff::exponential(self.open).cap(self.open_max))
            .probes(1);
        Ok(Policy::new()
            .retry(retry)
            .breaker(Arc::new(Breaker::new(breaker)?))
            .timeout(self.each))
    }

    /// The policy with so many calls a period, each of which waits so long for its turn.
    ///
    /// # Errors
    /// Where a number does not fit: no attempts, no failures, no calls, no period.
    pub fn limited(self, calls: u32, period: Duration, wait: Duration) -> Result<Policy, Misuse> {
        let limiter = RateLimiter::new(Quota::new(calls, period)?);
        Ok(self.policy()?.limiter(Arc::new(limiter), wait))
    }
}
