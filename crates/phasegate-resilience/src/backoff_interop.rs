//! Interop with the crate `backoff`, which many programs still use and nobody maintains
//! (RUSTSEC-2025-0012): its schedules for our retries, and ours for its.

use core::time::Duration;

use ::backoff::backoff::Backoff as Foreign;

use crate::backoff::{Backoff, BackoffState};
use crate::call::{Call, Judgement};
use crate::retry::{Retry, RetryDecision, RetryPolicy, StopReason};
use crate::rng::Rng;
use crate::time::Tick;

/// Any schedule of the crate `backoff` as the source of delays of a retry.
///
/// Limits, deadlines and a server's wish are ours: a `Retry-After` is never undercut, and it cannot
/// defeat the total limit, which in the original it can. A schedule that returns `None` ends the
/// retry.
///
/// ```
/// use backoff::backoff::Constant;
/// use core::time::Duration;
/// use phasegate_resilience::{
///     Call, ForeignBackoff, ForeignRetry, Judgement, RetryDecision, RetryPolicy, Tick,
/// };
///
/// let policy = RetryPolicy::default().attempts(5);
/// let call = Call::read();
/// let mut retry = ForeignBackoff::new(Constant::new(Duration::from_secs(2)));
/// let mut state: ForeignRetry<'_, _> = retry.begin(&policy, &call, Tick::ZERO);
/// match state.after(&Judgement::failure(), Tick::ZERO) {
///     RetryDecision::Again { at, .. } => assert_eq!(at, Tick::from_secs(2)),
///     RetryDecision::Stop { .. } => unreachable!(),
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ForeignBackoff<B> {
    inner: B,
}

/// A retry whose delays come from elsewhere.
#[derive(Debug)]
pub struct ForeignRetry<'a, B> {
    inner: &'a mut B,
    retry: Retry<'a>,
}

impl<B: Foreign> ForeignBackoff<B> {
    /// Takes the schedule as it is.
    pub const fn new(inner: B) -> Self {
        Self { inner }
    }

    /// Begins an operation: the schedule starts over. Only the delays of `policy` are not used.
    pub fn begin<'a>(
        &'a mut self,
        policy: &'a RetryPolicy,
        call: &'a Call,
        started: Tick,
    ) -> ForeignRetry<'a, B> {
        self.inner.reset();
        ForeignRetry {
            inner: &mut self.inner,
            retry: Retry::new(policy, call, started),
        }
    }
}

impl<B: Foreign> ForeignRetry<'_, B> {
    /// Decides after an attempt, as [`Retry::after`].
    pub fn after(&mut self, judged: &Judgement, now: Tick) -> RetryDecision {
        match self.inner.next_backoff() {
            Some(delay) => self.retry.after_with(judged, now, delay),
            None => RetryDecision::Stop {
                reason: StopReason::AttemptsSpent,
                retry_at: None,
            },
        }
    }
}

/// Our schedule as a `backoff::backoff::Backoff`, for code that is written against that trait.
///
/// Bounded by a number of delays, since that trait knows no other end; the cap and the jitter are
/// ours.
///
/// ```
/// use backoff::backoff::Backoff as _;
/// use core::time::Duration;
/// use phasegate_resilience::{Backoff, IntoForeign, Jitter, Rng};
///
/// let ours = Backoff::exponential(Duration::from_millis(10)).jitter(Jitter::None);
/// let mut theirs = IntoForeign::new(ours, 2, Rng::new(1));
/// assert_eq!(theirs.next_backoff(), Some(Duration::from_millis(10)));
/// assert_eq!(theirs.next_backoff(), Some(Duration::from_millis(20)));
/// assert_eq!(theirs.next_backoff(), None);
/// theirs.reset();
/// assert_eq!(theirs.next_backoff(), Some(Duration::from_millis(10)));
/// ```
#[derive(Clone, Debug)]
pub struct IntoForeign {
    backoff: Backoff,
    delays: u32,
    rng: Rng,
    state: BackoffState,
}

impl IntoForeign {
    /// At most `delays` delays of `backoff`.
    pub fn new(backoff: Backoff, delays: u32, rng: Rng) -> Self {
        let state = BackoffState::new(&backoff, rng);
        Self {
            backoff,
            delays,
            rng,
            state,
        }
    }
}

impl Foreign for IntoForeign {
    fn next_backoff(&mut self) -> Option<Duration> {
        (self.state.taken() < self.delays).then(|| self.state.next(&self.backoff))
    }

    fn reset(&mut self) {
        // A new request jitters differently.
        self.rng = Rng::new(self.rng.draw());
        self.state = BackoffState::new(&self.backoff, self.rng);
    }
}
