//! The future of a call: its first attempt where nothing has to be waited for, then all the rest.
//!
//! Written out and not `async`, because an `async fn` would keep every value of the common way in
//! memory: here the permit of a first attempt that is ready at once stays in registers, and nothing
//! of the rest is touched.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::breaker::Permit;
use crate::call::{Call, Judge};
use crate::rejection::Rejection;
use crate::timer::Timer;

use super::attempt::{Attempt, Ended, trace_rejection};
use super::builder::Policy;
use super::error::PolicyError;

/// What was asked for, by reference.
pub(super) struct Asked<'a, M, J> {
    pub(super) policy: &'a Policy,
    pub(super) timer: &'a M,
    pub(super) call: &'a Call,
    pub(super) judge: &'a J,
}

impl<M, J> Clone for Asked<'_, M, J> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, J> Copy for Asked<'_, M, J> {}

impl<'a, M: Timer, J> Asked<'a, M, J> {
    /// The common way in: the breaker is all.
    #[inline(always)]
    fn permit(&self) -> Result<Option<Permit<'a>>, Rejection> {
        match &self.policy.breaker {
            None => Ok(None),
            Some(breaker) => breaker.try_acquire(self.call.class, self.timer).map(Some),
        }
    }

    /// Tells the breaker of a first attempt that is no plain success.
    #[cold]
    fn judge_first<T, E>(&self, permit: Option<Permit<'a>>, result: Result<T, E>) -> Ended<T, E>
    where
        J: Judge<T, E>,
    {
        let judged = self.judge.judge(&result);
        if let Some(permit) = permit {
            permit.record(&judged, self.timer);
        }
        Ended::Answered(result, judged)
    }
}

pin_project! {
    /// A call on its way. `N` makes the future of the rest.
    pub(super) struct Run<'a, M, J, F, Fut, N, R> {
        asked: Asked<'a, M, J>,
        operation: Option<F>,
        go_on: N,
        #[pin]
        stage: Stage<'a, Fut>,
        #[pin]
        rest: Option<R>,
    }
}

pin_project! {
    /// How far a call has come.
    #[project = StageProjected]
    enum Stage<'a, Fut> {
        Begin,
        /// The permit is here while the attempt is pending, and outlives it.
        First { #[pin] attempt: Fut, permit: Option<Permit<'a>> },
        Past,
    }
}

impl<'a, M, J, F, Fut, N, R> Run<'a, M, J, F, Fut, N, R> {
    #[inline(always)]
    pub(super) fn new(asked: Asked<'a, M, J>, operation: F, go_on: N) -> Self {
        Self {
            asked,
            operation: Some(operation),
            go_on,
            stage: Stage::Begin,
            rest: None,
        }
    }
}

impl<'a, T, E, M, J, F, Fut, N, R> Future for Run<'a, M, J, F, Fut, N, R>
where
    M: Timer,
    J: Judge<T, E>,
    F: FnMut(Attempt) -> Fut,
    Fut: Future<Output = Result<T, E>>,
    N: Fn(Asked<'a, M, J>, F, Option<Ended<T, E>>) -> R,
    R: Future<Output = Result<T, PolicyError<E>>>,
{
    type Output = Result<T, PolicyError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Read through the reference, one field at a time: a copy of what was just written field by
        // field would wait for all of it.
        let asked = &*this.asked;
        let (held, polled) = match this.stage.as_mut().project() {
            StageProjected::Begin if asked.policy.is_light(asked.call) => {
                let Some(operation) = this.operation.as_mut() else {
                    return Poll::Pending;
                };
                let held = match asked.permit() {
                    Ok(held) => held,
                    Err(rejection) => {
                        *this.operation = None;
                        return refused(rejection);
                    }
                };
                let attempt = operation(Attempt::FIRST);
                let permit = None;
                this.stage.set(Stage::First { permit, attempt });
                let StageProjected::First { attempt, .. } = this.stage.as_mut().project() else {
                    return Poll::Pending;
                };
                // The permit is not put beside the attempt before there is something to wait for.
                (held, attempt.poll(cx))
            }
            StageProjected::First { permit, attempt } => (permit.take(), poll_apart(attempt, cx)),
            StageProjected::Begin | StageProjected::Past => {
                return poll_rest(this.rest, this.go_on, asked, this.operation, None, cx);
            }
        };
        let Poll::Ready(result) = polled else {
            if let StageProjected::First { permit, .. } = this.stage.as_mut().project() {
                *permit = held;
            }
            return Poll::Pending;
        };
        // The attempt's future is dropped before its result is judged, as by an await.
        this.stage.set(Stage::Past);
        let good = asked.judge.accepts(&result);
        let ended = match result {
            Ok(value) if good => {
                if let Some(permit) = held {
                    permit.success(asked.timer);
                }
                if let Some(budget) = &asked.policy.budget {
                    budget.on_success();
                }
                // Nothing is left that could be polled.
                *this.operation = None;
                return Poll::Ready(Ok(value));
            }
            result => asked.judge_first(held, result),
        };
        poll_rest(
            this.rest,
            this.go_on,
            asked,
            this.operation,
            Some(ended),
            cx,
        )
    }
}

/// Polls the rest of a call, which is made when it is first polled. Not inlined, so that the common
/// way stays small.
#[cold]
#[inline(never)]
fn poll_rest<'a, T, E, M, J, F, N, R>(
    mut rest: Pin<&mut Option<R>>,
    go_on: &N,
    asked: &Asked<'a, M, J>,
    operation: &mut Option<F>,
    ended: Option<Ended<T, E>>,
    cx: &mut Context<'_>,
) -> Poll<R::Output>
where
    N: Fn(Asked<'a, M, J>, F, Option<Ended<T, E>>) -> R,
    R: Future,
{
    if let Some(operation) = operation.take() {
        rest.set(Some(go_on(*asked, operation, ended)));
    }
    let Some(future) = rest.as_mut().as_pin_mut() else {
        return Poll::Pending;
    };
    let answer = future.poll(cx);
    if answer.is_ready() {
        rest.set(None);
    }
    answer
}

/// A call that the breaker refused before anything was asked.
#[inline]
fn refused<T, E>(rejection: Rejection) -> Poll<Result<T, PolicyError<E>>> {
    trace_rejection(&rejection, 1);
    Poll::Ready(Err(PolicyError::rejected(rejection, 0, None)))
}

/// Polls without being inlined, so that the common way stays small.
#[cold]
#[inline(never)]
fn poll_apart<F: Future>(future: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(cx)
}
