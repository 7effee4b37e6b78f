//! The right to make one call, and the duty to say what became of it.

use crate::call::{Judge, Judgement};
use crate::time::{Clock, Tick};

use super::core::Breaker;
use super::word::Word;

/// The plain value behind a [`Permit`]: the state under which the call was admitted and, if calls
/// are timed, when.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, Judgement, Ticket, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default())?;
/// let ticket: Ticket = breaker.admit(CallClass::Read, &Tick::ZERO).expect("closed");
/// // Held by a task that cannot borrow the breaker; given back by hand.
/// breaker.record(ticket, &Judgement::success(), &Tick::ZERO);
/// assert_eq!(breaker.snapshot().calls, 1);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ticket {
    pub(super) word: Word,
    pub(super) started: Tick,
}

/// Permission for one call.
///
/// Consume it with the result. Dropping it (the call was cancelled or panicked) releases it.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, Permit, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default().probes(1))?;
/// breaker.begin_half_open(&Tick::ZERO);
/// let permit: Permit<'_> = breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect("a probe");
/// assert_eq!(breaker.snapshot().probes_left, 0);
/// drop(permit);
/// assert_eq!(breaker.snapshot().probes_left, 1, "a call that was cancelled takes no probe");
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit that is dropped records nothing"]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    ticket: Ticket,
}

impl<'a> Permit<'a> {
    #[inline(always)]
    pub(super) fn new(breaker: &'a Breaker, ticket: Ticket) -> Self {
        Self { breaker, ticket }
    }

    /// The call worked.
    #[inline(always)]
    pub fn success<C: Clock>(self, clock: &C) {
        self.breaker.record_success(self.ticket, clock);
        core::mem::forget(self);
    }

    /// The call failed.
    pub fn failure<C: Clock>(self, clock: &C) {
        self.record(&Judgement::failure(), clock);
    }

    /// The call ended as judged.
    #[inline]
    pub fn record<C: Clock>(self, judged: &Judgement, clock: &C) {
        self.breaker.record(self.ticket, judged, clock);
        core::mem::forget(self);
    }

    /// The call ended with a result that is no plain success.
    #[cold]
    fn record_judged<C: Clock, T, E>(
        self,
        judge: &impl Judge<T, E>,
        result: &Result<T, E>,
        clock: &C,
    ) {
        self.record(&judge.judge(result), clock);
    }

    /// The value inside, for code that cannot hold a borrow. It must be given back by hand.
    pub fn into_ticket(self) -> Ticket {
        let ticket = self.ticket;
        core::mem::forget(self);
        ticket
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.abandon(self.ticket);
    }
}

impl Breaker {
    /// Runs `call` if permitted and records what `judge` makes of its result. A panic in `call`
    /// releases the permit.
    ///
    /// # Errors
    /// `Err(rejection)` when the call was not made; otherwise the call's own result.
    #[inline(always)]
    pub fn call<C, T, E>(
        &self,
        class: crate::call::CallClass,
        clock: &C,
        judge: &impl Judge<T, E>,
        call: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, crate::rejection::Rejection>
    where
        C: Clock,
    {
        let permit = self.try_acquire(class, clock)?;
        let result = call();
        if judge.accepts(&result) {
            permit.success(clock);
        } else {
            permit.record_judged(judge, &result, clock);
        }
        Ok(result)
    }
}
