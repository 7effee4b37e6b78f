//! The blocking face, for programs without a runtime.

use crate::call::{Call, Judge, Outcome};
use crate::rejection::Rejection;
use crate::timer::Sleeper;

use super::attempt::{Attempt, Ended, Next, Session, trace_rejection};
use super::builder::{Policy, Weight};
use super::error::PolicyError;
use super::hook::AttemptEvent;

impl Policy {
    /// Makes the call through all pieces on this thread.
    ///
    /// The timeout cannot interrupt `operation`; the moment stands in [`Attempt::deadline`]. A
    /// queue of the bulkhead is waited in on the standard clock.
    ///
    /// # Errors
    /// [`PolicyError`], the one error of all pieces.
    #[inline]
    pub fn run_blocking<T, E, S, J>(
        &self,
        sleeper: &S,
        call: &Call,
        judge: &J,
        mut operation: impl FnMut(Attempt) -> Result<T, E>,
    ) -> Result<T, PolicyError<E>>
    where
        S: Sleeper,
        J: Judge<T, E>,
    {
        let ended = match self.weight(call) {
            Weight::Bare => {
                let result = operation(Attempt::FIRST);
                let good = judge.accepts(&result);
                match result {
                    Ok(value) if good => return Ok(value),
                    result => {
                        let judged = judge.judge(&result);
                        Some(Ended::Answered(result, judged))
                    }
                }
            }
            Weight::Light => match self.first_blocking(sleeper, call, judge, &mut operation) {
                Ok(value) => return Ok(value),
                Err(Ended::Rejected(rejection)) => {
                    trace_rejection(&rejection, 1);
                    return Err(PolicyError::rejected(rejection, 0, None));
                }
                Err(first) => Some(first),
            },
            Weight::Heavy => None,
        };
        self.go_on_blocking(ended, sleeper, call, judge, &mut operation)
    }

    /// Makes attempts until one is the last, after one that has `ended` already or from the first.
    /// Not inlined, so that the common way stays small.
    #[inline(never)]
    fn go_on_blocking<T, E, S, J>(
        &self,
        mut ended: Option<Ended<T, E>>,
        sleeper: &S,
        call: &Call,
        judge: &J,
        operation: &mut impl FnMut(Attempt) -> Result<T, E>,
    ) -> Result<T, PolicyError<E>>
    where
        S: Sleeper,
        J: Judge<T, E>,
    {
        let mut session = Session::new(self, call, sleeper);
        let mut last = None;
        loop {
            let ended = ended.take().unwrap_or_else(|| {
                session
                    .attempt(sleeper)
                    .and_then(|attempt| {
                        self.attempt_blocking(&session, attempt, sleeper, judge, operation)
                    })
                    .unwrap_or_else(Ended::Rejected)
            });
            match session.next(ended, last.take(), sleeper) {
                Next::Return(result) => return result,
                Next::Again(at, error) => {
                    last = error;
                    sleeper.block_until(at);
                }
            }
        }
    }

    /// The common first attempt: nothing to wait for and nothing that bounds it, so the breaker is
    /// all.
    #[inline]
    fn first_blocking<T, E, S, J>(
        &self,
        sleeper: &S,
        call: &Call,
        judge: &J,
        operation: &mut impl FnMut(Attempt) -> Result<T, E>,
    ) -> Result<T, Ended<T, E>>
    where
        S: Sleeper,
        J: Judge<T, E>,
    {
        let permit = match &self.breaker {
            None => None,
            Some(breaker) => match breaker.try_acquire(call.class, sleeper) {
                Ok(permit) => Some(permit),
                Err(rejection) => return Err(Ended::Rejected(rejection)),
            },
        };
        let result = operation(Attempt::FIRST);
        let good = judge.accepts(&result);
        match result {
            Ok(value) if good => {
                if let Some(permit) = permit {
                    permit.success(sleeper);
                }
                if let Some(budget) = &self.budget {
                    budget.on_success();
                }
                Ok(value)
            }
            result => {
                let judged = judge.judge(&result);
                if let Some(permit) = permit {
                    permit.record(&judged, sleeper);
                }
                Err(Ended::Answered(result, judged))
            }
        }
    }

    fn attempt_blocking<T, E, S, J>(
        &self,
        session: &Session<'_>,
        attempt: Attempt,
        sleeper: &S,
        judge: &J,
        operation: &mut impl FnMut(Attempt) -> Result<T, E>,
    ) -> Result<Ended<T, E>, Rejection>
    where
        S: Sleeper,
        J: Judge<T, E>,
    {
        let permit = session.enter(sleeper)?;
        let place = match &self.bulkhead {
            #[cfg(feature = "std")]
            Some(bulkhead) if !self.queue_wait.is_zero() => {
                Some(bulkhead.acquire_blocking(session.class(), self.queue_wait)?)
            }
            Some(bulkhead) => Some(bulkhead.try_acquire(session.class())?),
            None => None,
        };
        while let Some(at) = session.take_cell(sleeper)? {
            sleeper.block_until(at);
        }
        let deadline = match (self.timeout, session.deadline()) {
            (Some(limit), deadline) => {
                let end = sleeper.now() + limit;
                Some(deadline.map_or(end, |deadline| deadline.min(end)))
            }
            (None, deadline) => deadline,
        };
        let attempt = Attempt {
            deadline,
            ..attempt
        };
        session.hear(&AttemptEvent::Began(attempt));
        let load = session.load(sleeper);
        let result = operation(attempt);
        let judged = judge.judge(&result);
        session.follow(load.as_ref(), judged.outcome, sleeper);
        drop(place);
        match permit {
            Some(permit) if judged.outcome == Outcome::Success => permit.success(sleeper),
            Some(permit) => permit.record(&judged, sleeper),
            None => {}
        }
        Ok(Ended::Answered(result, judged))
    }
}
