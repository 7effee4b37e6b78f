//! Which pieces a policy has.

use alloc::sync::Arc;
use core::time::Duration;

use crate::breaker::Breaker;
use crate::budget::TokenBudget;
use crate::bulkhead::Bulkhead;
use crate::limiter::RateLimiter;
use crate::not_before::NotBefore;
use crate::retry::RetryPolicy;

/// The pieces that a call passes, from the outside in:
///
/// 1. **deadline and total limit**: bound everything below, waits included;
/// 2. **retry**, with its **budget**: decides after each attempt;
///
/// and for each attempt
///
/// 3. **not before**: what a server asked of this credential;
/// 4. **breaker**: cheap, and takes nothing that would have to be given back;
/// 5. **bulkhead**: a place, waited for in its queue;
/// 6. **limiter**: last, because a cell that is taken is spent;
/// 7. **timeout**: the attempt's own, and never past the deadline;
/// 8. the call.
///
/// A piece that is not set is not there. A refusal by 3 to 6 ends the call with a
/// [`Rejection`](crate::Rejection) that is recorded nowhere as a failure; permits that were taken
/// before it are given back. Pieces are shared by `Arc`: give two policies the same breaker only if
/// they call the same thing with the same credential.
///
/// ```
/// use std::sync::Arc;
/// use core::time::Duration;
/// use phasegate_resilience::{
///     Breaker, BreakerConfig, Call, OkOrFailure, Policy, RetryPolicy, StdClock,
/// };
///
/// let policy = Policy::new()
///     .retry(RetryPolicy::default().attempts(3))
///     .timeout(Duration::from_secs(2))
///     .breaker(Arc::new(Breaker::new(BreakerConfig::default())?));
/// let answer: Result<u32, _> =
///     policy.run_blocking(&StdClock, &Call::read(), &OkOrFailure, |_| Ok::<_, String>(7));
/// assert_eq!(answer.unwrap(), 7);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub(super) retry: Option<RetryPolicy>,
    pub(super) budget: Option<Arc<TokenBudget>>,
    pub(super) not_before: Option<Arc<NotBefore>>,
    pub(super) breaker: Option<Arc<Breaker>>,
    pub(super) bulkhead: Option<Arc<Bulkhead>>,
    pub(super) queue_wait: Duration,
    pub(super) limiter: Option<Arc<RateLimiter>>,
    pub(super) limiter_wait: Duration,
    pub(super) timeout: Option<Duration>,
}

impl Policy {
    /// No piece at all: a call through it is the bare call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Retries as `retry` says.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Retries only while `budget` allows.
    #[must_use]
    pub fn budget(mut self, budget: Arc<TokenBudget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Respects and updates what servers ask of this credential.
    #[must_use]
    pub fn not_before(mut self, gate: Arc<NotBefore>) -> Self {
        self.not_before = Some(gate);
        self
    }

    /// Asks `breaker` before each attempt and tells it each result.
    #[must_use]
    pub fn breaker(mut self, breaker: Arc<Breaker>) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// Takes a place in `bulkhead` for each attempt, waiting at most `wait` in its queue.
    #[must_use]
    pub fn bulkhead(mut self, bulkhead: Arc<Bulkhead>, wait: Duration) -> Self {
        (self.bulkhead, self.queue_wait) = (Some(bulkhead), wait);
        self
    }

    /// Takes a cell of `limiter` for each attempt, waiting at most `wait` for it; zero rejects at
    /// once.
    #[must_use]
    pub fn limiter(mut self, limiter: Arc<RateLimiter>, wait: Duration) -> Self {
        (self.limiter, self.limiter_wait) = (Some(limiter), wait);
        self
    }

    /// Ends each attempt after `limit`. The timer is armed when the operation is first pending.
    /// Blocking operations are not interrupted; they are given the moment in
    /// [`Attempt`](super::Attempt) and should keep to it.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The breaker, for snapshots.
    pub fn breaker_ref(&self) -> Option<&Arc<Breaker>> {
        self.breaker.as_ref()
    }
}
