//! The blocking face, for programs without a runtime.

use crate::call::{Call, Judge, Outcome};
use crate::rejection::Rejection;
use crate::timer::Sleeper;

use super::attempt::{Attempt, Ended, Next, Session};
use super::builder::Policy;
use super::error::PolicyError;

impl Policy {
    /// Makes the call through all pieces on this thread.
    ///
    /// The timeout cannot interrupt `operation`; the moment stands in [`Attempt::deadline`]. A
    /// queue of the bulkhead is waited in on the standard clock.
    ///
    /// # Errors
    /// [`PolicyError`], the one error of all pieces.
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
        let mut session = Session::new(self, call, sleeper);
        let mut last = None;
        loop {
            let ended = session
                .attempt(sleeper)
                .and_then(|attempt| {
                    self.attempt_blocking(&session, sleeper, judge, |limited| {
                        operation(Attempt {
                            deadline: limited,
                            ..attempt
                        })
                    })
                })
                .unwrap_or_else(Ended::Rejected);
            match session.next(ended, last.take(), sleeper) {
                Next::Return(result) => return result,
                Next::Again(at, error) => {
                    last = error;
                    sleeper.block_until(at);
                }
            }
        }
    }

    fn attempt_blocking<T, E, S, J>(
        &self,
        session: &Session<'_>,
        sleeper: &S,
        judge: &J,
        operation: impl FnOnce(Option<crate::time::Tick>) -> Result<T, E>,
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
        let result = operation(deadline);
        drop(place);
        let judged = judge.judge(&result);
        match permit {
            Some(permit) if judged.outcome == Outcome::Success => permit.success(sleeper),
            Some(permit) => permit.record(&judged, sleeper),
            None => {}
        }
        Ok(Ended::Answered(result, judged))
    }
}
