//! The async face.

use core::future::Future;

use crate::bulkhead::BulkheadPermit;
use crate::call::{Call, Judge, Outcome};
use crate::rejection::{Rejection, RejectionKind};
use crate::time::Tick;
use crate::timer::{Timeout, Timer};

use super::attempt::{Attempt, Ended, Next, Session};
use super::builder::Policy;
use super::error::PolicyError;
use super::first::{Asked, Run};
use super::hook::AttemptEvent;

impl Policy {
    /// Makes the call through all pieces. `operation` is asked for a future once per attempt.
    ///
    /// Nothing is allocated here. A first attempt that is ready at once arms no timer. Dropping the
    /// returned future drops the attempt that is under way and gives everything back that it held:
    /// the breaker's permit, the place in the bulkhead, the place in its queue. Polled again after
    /// it was ready, it stays pending.
    ///
    /// The future has room for every piece, set or not: about 1.2 KB and the operation's own, with
    /// tokio's timer. Box it where many are kept.
    ///
    /// # Errors
    /// [`PolicyError`], the one error of all pieces.
    ///
    /// ```
    /// use phasegate_resilience::{Call, OkOrFailure, Policy, TokioTimer};
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    /// let answer = runtime.block_on(async {
    ///     let timer = TokioTimer::new();
    ///     let call = Call::read();
    ///     let operation = |_attempt| async { Ok::<u32, String>(7) };
    ///     Policy::new().run(&timer, &call, &OkOrFailure, operation).await
    /// });
    /// assert_eq!(answer, Ok(7));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn run<'a, T, E, M, J, F, Fut>(
        &'a self,
        timer: &'a M,
        call: &'a Call,
        judge: &'a J,
        operation: F,
    ) -> impl Future<Output = Result<T, PolicyError<E>>> + use<'a, T, E, M, J, F, Fut>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let rest = |asked: Asked<'a, M, J>, operation: F, ended: Option<Ended<T, E>>| {
            let (timer, judge) = (asked.timer, asked.judge);
            let policy = asked.policy;
            policy.go_on(ended, asked.call, timer, judge, operation)
        };
        let policy = self;
        let asked = Asked {
            policy,
            timer,
            call,
            judge,
        };
        Run::new(asked, operation, rest)
    }

    /// Makes attempts until one is the last, after one that has `ended` already or from the first.
    async fn go_on<T, E, M, J, F, Fut>(
        &self,
        ended: Option<Ended<T, E>>,
        call: &Call,
        timer: &M,
        judge: &J,
        mut operation: F,
    ) -> Result<T, PolicyError<E>>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // Made here and not handed over: what a future is given it keeps twice.
        let mut session = Session::new(self, call, timer);
        let mut last = None;
        // What ended is not kept while the next attempt is under way.
        let mut ended = match ended {
            Some(ended) => ended,
            None => self.attempt(&session, timer, judge, &mut operation).await,
        };
        loop {
            match session.next(ended, last.take(), timer) {
                Next::Return(result) => return result,
                Next::Again(at, error) => {
                    last = error;
                    timer.sleep_until(at).await;
                }
            }
            ended = self.attempt(&session, timer, judge, &mut operation).await;
        }
    }

    async fn attempt<T, E, M, J, F, Fut>(
        &self,
        session: &Session<'_>,
        timer: &M,
        judge: &J,
        operation: &mut F,
    ) -> Ended<T, E>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let attempt = match session.attempt(timer) {
            Ok(attempt) => attempt,
            Err(rejection) => return Ended::Rejected(rejection),
        };
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
        session.hear(&AttemptEvent::Began(attempt));
        let load = session.load(timer);
        let (limit, deadline) = session.limit();
        // Without a limit the timeout arms no timer. One place for the request, not one for each case:
        // it is the largest part of the future.
        let result = Timeout::new(
            timer,
            limit,
            self.request(session.call(), attempt, timer, judge, operation),
        )
        .or_at(deadline)
        .await;
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
        if let Ended::Answered(_, judged) | Ended::TimedOut(judged) = &ended {
            session.follow(load.as_ref(), judged.outcome, timer);
        }
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

    /// The request of an attempt, and those that hedge it.
    async fn request<T, E, M, J, F, Fut>(
        &self,
        call: &Call,
        attempt: Attempt,
        timer: &M,
        judge: &J,
        operation: &mut F,
    ) -> Result<T, E>
    where
        M: Timer,
        J: Judge<T, E>,
        F: FnMut(Attempt) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let Some(hedge) = &self.hedge else {
            return operation(attempt).await;
        };
        let request = |hedge| operation(Attempt { hedge, ..attempt });
        hedge.run(timer, call, judge, request).await.result
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
        let wait = Timeout::new(timer, self.queue_wait, bulkhead.acquire(class)).or_at(deadline);
        match wait.await {
            Ok(answer) => answer.map(Some),
            Err(_elapsed) => Err(Rejection::new(RejectionKind::QueueTimeout, None)),
        }
    }
}
