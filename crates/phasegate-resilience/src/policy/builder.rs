//! Which pieces a policy has.

use alloc::sync::Arc;
use core::time::Duration;

use crate::adaptive::AdaptiveLimit;
use crate::breaker::Breaker;
use crate::budget::RetryBudget;
use crate::bulkhead::Bulkhead;
use crate::call::Call;
use crate::hedge::HedgePolicy;
use crate::limiter::RateLimiter;
use crate::not_before::NotBefore;
use crate::retry::RetryPolicy;
use crate::throttle::ClientThrottle;

use super::hook::{AttemptListener, Hook};

/// The pieces that a call passes, from the outside in:
///
/// 1. **deadline and total limit**: bound everything below, waits included;
/// 2. **retry**, with its **budget**: decides after each attempt;
///
/// and for each attempt
///
/// 3. **not before**: what a server asked of this credential;
/// 4. **throttle**: sheds in proportion to what the server refuses;
/// 5. **breaker**: cheap, and takes nothing that would have to be given back;
/// 6. **bulkhead**: a place, waited for in its queue; its limit may be **adaptive**;
/// 7. **limiter**: last, because a cell that is taken is spent;
/// 8. **timeout**: the attempt's own, and never past the deadline;
/// 9. **hedge**: a second request when the first is late (async face, reads only);
/// 10. the call.
///
/// A piece that is not set is not there. A refusal by 3 to 7 ends the call with a
/// [`Rejection`](crate::Rejection) that is recorded nowhere as a failure; permits that were taken
/// before it are given back. A [`Fallback`](crate::Fallback) stands outside: each of its sources is
/// something else, with a policy of its own. Pieces are shared by `Arc`: give two policies the same breaker only if
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
    pub(super) budget: Option<RetryBudget>,
    pub(super) not_before: Option<Arc<NotBefore>>,
    pub(super) throttle: Option<Arc<ClientThrottle>>,
    pub(super) breaker: Option<Arc<Breaker>>,
    pub(super) bulkhead: Option<Arc<Bulkhead>>,
    pub(super) queue_wait: Duration,
    pub(super) adaptive: Option<Arc<AdaptiveLimit>>,
    pub(super) limiter: Option<Arc<RateLimiter>>,
    pub(super) limiter_wait: Duration,
    pub(super) timeout: Option<Duration>,
    pub(super) hedge: Option<HedgePolicy>,
    pub(super) hook: Option<Hook>,
    pub(super) weight: Weight,
}

/// What a first attempt has to ask before it is made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Weight {
    /// Nothing.
    #[default]
    Bare,
    /// A breaker; and a budget of tokens hears of it.
    Light,
    /// Something that it may have to wait for, or that bounds it.
    Heavy,
}

impl Policy {
    /// No piece at all: a call through it is the bare call.
    pub fn new() -> Self {
        Self::default()
    }

    /// Retries as `retry` says.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        if retry.total.is_some() {
            self.weight = Weight::Heavy;
        }
        self.retry = Some(retry);
        self
    }

    /// Retries only while `budget` allows: a token, an expiring or a concurrent one.
    #[must_use]
    pub fn budget(mut self, budget: impl Into<RetryBudget>) -> Self {
        let budget = budget.into();
        self.weight = match (&budget, self.weight) {
            (RetryBudget::Token(_), Weight::Bare | Weight::Light) => Weight::Light,
            _ => Weight::Heavy,
        };
        self.budget = Some(budget);
        self
    }

    /// Respects and updates what servers ask of this credential.
    #[must_use]
    pub fn not_before(mut self, gate: Arc<NotBefore>) -> Self {
        (self.not_before, self.weight) = (Some(gate), Weight::Heavy);
        self
    }

    /// Sheds attempts in proportion to what the server refuses. A throttled answer and a failure
    /// of the way there count as refused, everything else as accepted.
    #[must_use]
    pub fn throttle(mut self, throttle: Arc<ClientThrottle>) -> Self {
        (self.throttle, self.weight) = (Some(throttle), Weight::Heavy);
        self
    }

    /// Asks `breaker` before each attempt and tells it each result.
    #[must_use]
    pub fn breaker(mut self, breaker: Arc<Breaker>) -> Self {
        self.breaker = Some(breaker);
        if self.weight == Weight::Bare {
            self.weight = Weight::Light;
        }
        self
    }

    /// Takes a place in `bulkhead` for each attempt, waiting at most `wait` in its queue.
    #[must_use]
    pub fn bulkhead(mut self, bulkhead: Arc<Bulkhead>, wait: Duration) -> Self {
        (self.bulkhead, self.queue_wait, self.weight) = (Some(bulkhead), wait, Weight::Heavy);
        self
    }

    /// Lets `limit` follow the results and sets it on the bulkhead of this policy.
    #[must_use]
    pub fn adaptive(mut self, limit: Arc<AdaptiveLimit>) -> Self {
        (self.adaptive, self.weight) = (Some(limit), Weight::Heavy);
        self
    }

    /// Takes a cell of `limiter` for each attempt, waiting at most `wait` for it; zero rejects at
    /// once.
    #[must_use]
    pub fn limiter(mut self, limiter: Arc<RateLimiter>, wait: Duration) -> Self {
        (self.limiter, self.limiter_wait, self.weight) = (Some(limiter), wait, Weight::Heavy);
        self
    }

    /// Ends each attempt after `limit`. The timer is armed when the operation is first pending.
    /// Blocking operations are not interrupted; they are given the moment in
    /// [`Attempt`](super::Attempt) and should keep to it.
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        (self.timeout, self.weight) = (Some(limit), Weight::Heavy);
        self
    }

    /// Makes a second request when the first is late, for calls that only read, in the async face.
    /// The breaker hears of one result: that of the request that won.
    #[must_use]
    pub fn hedge(mut self, hedge: HedgePolicy) -> Self {
        (self.hedge, self.weight) = (Some(hedge), Weight::Heavy);
        self
    }

    /// Hears of every attempt.
    #[must_use]
    pub fn listener(mut self, listener: Arc<dyn AttemptListener>) -> Self {
        (self.hook, self.weight) = (Some(Hook(listener)), Weight::Heavy);
        self
    }

    /// The breaker, for snapshots.
    pub fn breaker_ref(&self) -> Option<&Arc<Breaker>> {
        self.breaker.as_ref()
    }

    /// The budget, for saving what is left of it.
    pub fn budget_ref(&self) -> Option<&RetryBudget> {
        self.budget.as_ref()
    }

    /// What the first attempt of `call` has to ask.
    #[inline(always)]
    pub(super) fn weight(&self, call: &Call) -> Weight {
        if call.deadline.is_none() {
            self.weight
        } else {
            Weight::Heavy
        }
    }

    /// Whether the first attempt of `call` needs no more than the breaker.
    #[inline]
    pub(super) fn is_light(&self, call: &Call) -> bool {
        self.weight != Weight::Heavy && call.deadline.is_none()
    }
}
