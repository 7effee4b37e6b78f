//! What both faces share: entering an attempt, and deciding after it.

use core::time::Duration;

use crate::breaker::Permit;
use crate::budget::{Paid, Underway};
use crate::call::{Call, CallClass, Hint, Judgement, Outcome};
use crate::rejection::{Origin, Rejection, RejectionKind};
use crate::retry::{Retry, RetryDecision, StopReason};
use crate::time::{Clock, Tick};

use super::builder::Policy;
use super::error::{ErrorKind, PolicyError};
use super::hook::{AttemptEvent, Hook};

/// What an operation is told about the attempt it makes.
///
/// ```
/// use phasegate_resilience::{Attempt, Call, OkOrFailure, Policy, StdClock};
///
/// let number = |attempt: Attempt| Ok::<_, ()>(attempt.number);
/// let made = Policy::new().run_blocking(&StdClock, &Call::read(), &OkOrFailure, number);
/// assert_eq!(made, Ok(1));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When no answer is wanted any more, if anything bounds the call.
    pub deadline: Option<Tick>,
    /// 0, or the number of the hedge among the requests of this attempt.
    pub hedge: u32,
}

impl Attempt {
    /// The first, with nothing that bounds it.
    pub(super) const FIRST: Self = Self {
        number: 1,
        deadline: None,
        hedge: 0,
    };
}

/// What an attempt came to.
pub(super) enum Ended<T, E> {
    Answered(Result<T, E>, Judgement),
    Rejected(Rejection),
    TimedOut(Judgement),
}

/// One call on its way.
pub(super) struct Session<'a> {
    policy: &'a Policy,
    call: &'a Call,
    started: Option<Tick>,
    retry: Option<Retry<'a>>,
    pub(super) number: u32,
    /// What stands in a concurrent budget for the call.
    _counted: Option<Underway<'a>>,
    /// What was paid for the retry under way.
    repeating: Option<Paid<'a>>,
}

/// What an adaptive limit is told of an attempt that begins.
pub(super) struct Load {
    inside: u64,
    began: Tick,
}

/// What comes after an attempt.
pub(super) enum Next<T, E> {
    Return(Result<T, PolicyError<E>>),
    /// Wait until then and try again; the error of the last attempt is kept.
    Again(Tick, Option<E>),
}

impl<'a> Session<'a> {
    #[inline]
    pub(super) fn new<C: Clock>(policy: &'a Policy, call: &'a Call, clock: &C) -> Self {
        let total = policy.retry.as_ref().and_then(|retry| retry.total);
        let started = total.map(|_| clock.now());
        Self {
            policy,
            call,
            started,
            retry: None,
            number: 1,
            _counted: policy
                .budget
                .as_ref()
                .and_then(|budget| budget.begin(clock)),
            repeating: None,
        }
    }

    /// Tells the hook.
    #[inline]
    pub(super) fn hear(&self, event: &AttemptEvent<'_>) {
        if let Some(Hook(listener)) = &self.policy.hook {
            listener.on_attempt(self.call, event);
        }
    }

    /// The earlier of the call's deadline and the end of the total limit.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Tick> {
        let total = self.policy.retry.as_ref().and_then(|retry| retry.total);
        match (self.call.deadline, self.started.zip(total)) {
            (None, None) => None,
            (Some(at), None) => Some(at),
            (at, Some((started, total))) => {
                let end = started + total;
                Some(at.map_or(end, |at| at.min(end)))
            }
        }
    }

    /// The attempt to make; refused when its deadline has come.
    #[inline]
    pub(super) fn attempt<C: Clock>(&self, clock: &C) -> Result<Attempt, Rejection> {
        let deadline = self.deadline();
        if let Some(at) = deadline
            && clock.now() >= at
        {
            return Err(Rejection::new(RejectionKind::DeadlineTooShort, None));
        }
        Ok(Attempt {
            number: self.number,
            deadline,
            hedge: 0,
        })
    }

    /// The pieces that need no wait: what the server asked, then the breaker.
    #[inline]
    pub(super) fn enter<C: Clock>(&self, clock: &C) -> Result<Option<Permit<'a>>, Rejection> {
        if let Some(gate) = &self.policy.not_before
            && self.call.class != CallClass::Safety
        {
            gate.check(clock)?;
        }
        if let Some(throttle) = &self.policy.throttle {
            throttle.try_send(self.call.class, clock)?;
        }
        match &self.policy.breaker {
            Some(breaker) => breaker.try_acquire(self.call.class, clock).map(Some),
            None => Ok(None),
        }
    }

    /// The load under which an attempt begins, if a limit follows it.
    pub(super) fn load<C: Clock>(&self, clock: &C) -> Option<Load> {
        let _limit = self.policy.adaptive.as_ref()?;
        let bulkhead = self.policy.bulkhead.as_ref()?;
        Some(Load {
            inside: bulkhead.inside(),
            began: clock.now(),
        })
    }

    /// Lets the limit follow a result.
    pub(super) fn follow<C: Clock>(&self, load: Option<&Load>, outcome: Outcome, clock: &C) {
        let pieces = (load, &self.policy.adaptive, &self.policy.bulkhead);
        if let (Some(load), Some(limit), Some(bulkhead)) = pieces {
            let now = clock.now();
            let latency = now.saturating_since(load.began);
            limit.on_result(load.inside, latency, outcome, &now);
            limit.apply(bulkhead);
        }
    }

    /// What is called.
    pub(super) const fn call(&self) -> &'a Call {
        self.call
    }

    /// How much the call matters.
    pub(super) fn class(&self) -> CallClass {
        self.call.class
    }

    /// One look at the limiter: in, or wait until then, or refused.
    pub(super) fn take_cell<C: Clock>(&self, clock: &C) -> Result<Option<Tick>, Rejection> {
        let Some(limiter) = &self.policy.limiter else {
            return Ok(None);
        };
        let Err(rejection) = limiter.try_acquire(1, self.call.class, clock) else {
            return Ok(None);
        };
        let latest = clock.now() + self.policy.limiter_wait;
        let latest = self
            .deadline()
            .map_or(latest, |deadline| latest.min(deadline));
        match rejection.retry_at {
            Some(at) if at <= latest => Ok(Some(at)),
            Some(_) | None => Err(rejection),
        }
    }

    /// How long an attempt may take, and when it must end at the latest.
    pub(super) fn limit(&self) -> (Duration, Tick) {
        let limit = self.policy.timeout.unwrap_or(Duration::MAX);
        (limit, self.deadline().unwrap_or(Tick::MAX))
    }

    /// How an attempt is judged that had no answer: a server that was given its
    /// whole time has failed, one that was cut short by the caller's deadline has not.
    pub(super) fn judge_timeout(&self, cut_short: bool) -> Judgement {
        let judged = if cut_short {
            Judgement::ignored()
        } else {
            Judgement::failure()
        };
        judged.because("timeout").from_origin(Origin::Transport)
    }

    /// Tells the pieces around the attempts what came of it.
    #[inline]
    fn tell<C: Clock>(&self, judged: &Judgement, clock: &C) {
        self.hear(&AttemptEvent::Ended {
            number: self.number,
            judged,
        });
        if let Some(budget) = &self.policy.budget {
            budget.on_end(judged, self.repeating.as_ref());
        }
        if let Some(throttle) = &self.policy.throttle
            && judged.outcome != Outcome::Throttled
            && judged.origin == Origin::Server
        {
            throttle.on_accepted(clock);
        }
        if let (Some(gate), Outcome::Throttled, Hint::After(wait)) =
            (&self.policy.not_before, judged.outcome, judged.hint)
        {
            gate.wait_for(wait, clock);
        }
    }

    /// Decides after an attempt.
    #[inline]
    pub(super) fn next<T, E, C: Clock>(
        &mut self,
        ended: Ended<T, E>,
        last: Option<E>,
        clock: &C,
    ) -> Next<T, E> {
        match ended {
            Ended::Answered(Ok(value), judged)
                if judged.outcome == Outcome::Success && !judged.retryable =>
            {
                self.tell(&judged, clock);
                Next::Return(Ok(value))
            }
            Ended::Answered(result, judged) => self.decide(Some(result), judged, last, clock),
            Ended::TimedOut(judged) => self.decide(None, judged, last, clock),
            Ended::Rejected(rejection) => {
                trace_rejection(&rejection, self.number);
                self.hear(&AttemptEvent::Refused {
                    number: self.number,
                    rejection: &rejection,
                });
                let made = self.number - 1;
                Next::Return(Err(PolicyError::rejected(rejection, made, last)))
            }
        }
    }

    #[cold]
    fn decide<T, E, C: Clock>(
        &mut self,
        result: Option<Result<T, E>>,
        judged: Judgement,
        last: Option<E>,
        clock: &C,
    ) -> Next<T, E> {
        self.tell(&judged, clock);
        drop(self.repeating.take());
        let now = clock.now();
        let (reason, retry_at) = match self.retry_after(&judged, result.is_none(), now) {
            Ok(at) => {
                trace_retry(self.number, at, &judged);
                self.hear(&AttemptEvent::Repeats {
                    number: self.number,
                    at,
                });
                self.number = self.number.saturating_add(1);
                return Next::Again(at, result.and_then(Result::err).or(last));
            }
            Err(stop) => stop,
        };
        self.hear(&AttemptEvent::GaveUp {
            number: self.number,
            reason,
            retry_at,
        });
        let kind = if result.is_some() {
            ErrorKind::Failed
        } else {
            ErrorKind::TimedOut
        };
        let error = match result {
            // A value that the judge disliked is still the operation's answer.
            Some(Ok(value)) => return Next::Return(Ok(value)),
            Some(Err(error)) => Some(error),
            None => last,
        };
        Next::Return(Err(PolicyError {
            kind,
            origin: judged.origin,
            retry_at,
            attempts: self.number,
            stop: reason,
            rejection: None,
            error,
        }))
    }

    fn retry_after(
        &mut self,
        judged: &Judgement,
        after_timeout: bool,
        now: Tick,
    ) -> Result<Tick, (StopReason, Option<Tick>)> {
        let hinted = match judged.hint {
            Hint::After(wait) => Some(now + wait),
            Hint::None | Hint::Never => None,
        };
        let Some(policy) = &self.policy.retry else {
            return Err((StopReason::AttemptsSpent, hinted));
        };
        let (call, started) = (self.call, self.started.unwrap_or(now));
        let retry = self
            .retry
            .get_or_insert_with(|| Retry::new(policy, call, started));
        match retry.after(judged, now) {
            RetryDecision::Stop { reason, retry_at } => Err((reason, retry_at)),
            RetryDecision::Again { at, .. } => {
                if let Some(budget) = &self.policy.budget {
                    match budget.try_retry(call.class, after_timeout, &now) {
                        Ok(paid) => self.repeating = Some(paid),
                        Err(_empty) => return Err((StopReason::BudgetEmpty, Some(at))),
                    }
                }
                Ok(at)
            }
        }
    }
}

/// One event per rejected call, with fields.
#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "nobody listens")
)]
pub(super) fn trace_rejection(rejection: &Rejection, attempt: u32) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "phasegate_resilience::policy",
        kind = %rejection.kind,
        retry_at_ms = rejection.retry_at.map(Tick::as_millis),
        trip = rejection.trip.map(tracing::field::display),
        attempt,
        "call rejected"
    );
}

/// One event per retry, with fields.
#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "nobody listens")
)]
fn trace_retry(attempt: u32, at: Tick, judged: &Judgement) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "phasegate_resilience::policy",
        attempt,
        next_at_ms = at.as_millis(),
        cause = judged.cause,
        "call is repeated"
    );
}
