//! The async face.

use core::future::Future;
use core::pin::pin;

use crate::bulkhead::BulkheadPermit;
use crate::call::{Call, Judge, Outcome};
use crate::rejection::{Rejection, RejectionKind};
use crate::time::Tick;
use crate::timer::{Timeout, Timer};

use super::attempt::{Attempt, Ended, Next, Session};
use super::builder::Policy;
use super::error::PolicyError;

impl Policy {
    /// Makes the call through all pieces. `operation` is asked for a future once per attempt.
    ///
    /// Nothing is allocated here. A first attempt that is ready at once arms no timer. Dropping the
    /// returned future drops the attempt that is under way and gives everything back that it held:
    /// the breaker's permit, the place in the bulkhead, the place in its queue.
    ///
    /// # Errors
    /// [`PolicyError`], the one error of all pieces.
    #[inline]
    pub async fn run<T, E, M, J, F, Fut>(
        &self,
        timer: &M,
        call: &Call,
        judge: &J,
        mut operation: F,
    ) -> Result<T, PolicyError<E>>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut session = Session::new(self, call, timer);
        let mut last = None;
        loop {
            let ended = match session.attempt(timer) {
                Ok(attempt) => {
                    self.attempt(&session, timer, judge, || operation(attempt))
                        .await
                }
                Err(rejection) => Ended::Rejected(rejection),
            };
            match session.next(ended, last.take(), timer) {
                Next::Return(result) => return result,
                Next::Again(at, error) => {
                    last = error;
                    timer.sleep_until(at).await;
                }
            }
        }
    }

    #[inline]
    async fn attempt<T, E, M, J, Fut>(
        &self,
        session: &Session<'_>,
        timer: &M,
        judge: &J,
        operation: impl FnOnce() -> Fut,
    ) -> Ended<T, E>
    where
        M: Timer,
        J: Judge<T, E>,
        Fut: Future<Output = Result<T, E>>,
    {
        let permit = match session.enter(timer) {
            Ok(permit) => permit,
            Err(rejection) => return Ended::Rejected(rejection),
        };
        let place = match self.place(session, timer).await {
            Ok(place) => place,
            Err(rejection) => return Ended::Rejected(rejection),
        };
        loop {
            match session.take_cell(timer) {
                Ok(None) => break,
                Ok(Some(at)) => timer.sleep_until(at).await,
                Err(rejection) => return Ended::Rejected(rejection),
            }
        }
        let (limit, deadline) = session.limit();
        let result = if self.timeout.is_none() && deadline == Tick::MAX {
            Ok(operation().await)
        } else {
            let limited = pin!(Timeout::new(timer, limit, operation()).or_at(deadline));
            limited.await
        };
        let ended = match result {
            Ok(result) => {
                let judged = judge.judge(&result);
                Ended::Answered(result, judged)
            }
            Err(_elapsed) => {
                let cut_short = self.timeout.is_some() && timer.now() >= deadline;
                Ended::TimedOut(session.judge_timeout(cut_short))
            }
        };
        drop(place);
        if let Some(permit) = permit {
            match &ended {
                Ended::Answered(_, judged) if judged.outcome == Outcome::Success => {
                    permit.success(timer);
                }
                Ended::Answered(_, judged) | Ended::TimedOut(judged) => {
                    permit.record(judged, timer);
                }
                Ended::Rejected(_) => drop(permit),
            }
        }
        ended
    }

    /// A place in the bulkhead, if there is one.
    #[inline]
    async fn place<M: Timer>(
        &self,
        session: &Session<'_>,
        timer: &M,
    ) -> Result<Option<BulkheadPermit<'_>>, Rejection> {
        let Some(bulkhead) = &self.bulkhead else {
            return Ok(None);
        };
        let class = session.class();
        if self.queue_wait.is_zero() {
            return bulkhead.try_acquire(class).map(Some);
        }
        let deadline = session.deadline().unwrap_or(Tick::MAX);
        let wait =
            pin!(Timeout::new(timer, self.queue_wait, bulkhead.acquire(class)).or_at(deadline));
        match wait.await {
            Ok(answer) => answer.map(Some),
            Err(_elapsed) => Err(Rejection::new(RejectionKind::QueueTimeout, None)),
        }
    }
}
