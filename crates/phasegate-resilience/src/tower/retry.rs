//! Retry as a layer. Needs requests and the service to be `Clone`, as every retry in `tower` does.

use alloc::sync::Arc;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::call::{Call, Judge, Outcome};
use crate::retry::{Retry, RetryDecision, RetryPolicy};
use crate::time::Tick;
use crate::timer::Timer;

/// Repeats requests as a [`RetryPolicy`] allows. All requests of the layer are of one kind, which
/// `call` describes; a deadline in it is ignored, since it would be one moment for all.
///
/// ```
/// use phasegate_resilience::tower::RetryLayer;
/// use phasegate_resilience::{Call, OkOrFailure, RetryPolicy, TokioTimer};
/// use tower_layer::Layer;
///
/// struct Inner;
///
/// let timer = TokioTimer::new();
/// let retrying = RetryLayer::new(RetryPolicy::default(), Call::read(), timer, OkOrFailure);
/// let service = retrying.layer(Inner);
/// # drop(service);
/// ```
#[derive(Clone, Debug)]
pub struct RetryLayer<T, J> {
    shared: Arc<Shared<T, J>>,
}

#[derive(Debug)]
struct Shared<T, J> {
    policy: RetryPolicy,
    call: Call,
    timer: T,
    judge: J,
}

impl<T, J> RetryLayer<T, J> {
    /// Retries requests of the kind of `call`.
    pub fn new(policy: RetryPolicy, call: Call, timer: T, judge: J) -> Self {
        let call = Call {
            deadline: None,
            ..call
        };
        Self {
            shared: Arc::new(Shared {
                policy,
                call,
                timer,
                judge,
            }),
        }
    }
}

impl<S, T, J> Layer<S> for RetryLayer<T, J> {
    type Service = RetryService<S, T, J>;

    fn layer(&self, inner: S) -> Self::Service {
        RetryService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// A service that repeats requests.
///
/// ```
/// use core::future::{Future, Ready, ready};
/// use core::pin::pin;
/// use core::task::{Context, Poll, Waker};
/// use phasegate_resilience::tower::{RetryFuture, RetryLayer, RetryService};
/// use phasegate_resilience::{Call, OkOrFailure, RetryPolicy, TokioTimer};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// # #[derive(Clone)]
/// # struct Inner;
/// #
/// # impl Service<u32> for Inner {
/// #     type Response = u32;
/// #     type Error = ();
/// #     type Future = Ready<Result<u32, ()>>;
/// #
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
/// #         Poll::Ready(Ok(()))
/// #     }
/// #
/// #     fn call(&mut self, number: u32) -> Self::Future {
/// #         ready(Ok(number + 1))
/// #     }
/// # }
///
/// let timer = TokioTimer::new();
/// let layer = RetryLayer::new(RetryPolicy::default(), Call::read(), timer, OkOrFailure);
/// let mut service: RetryService<Inner, _, _> = layer.layer(Inner);
/// let answer: RetryFuture<u32, _, Ready<_>, _, _> = service.call(7);
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(answer).poll(&mut cx).map(Result::ok), Poll::Ready(Some(8)));
/// ```
#[derive(Debug)]
pub struct RetryService<S, T, J> {
    inner: S,
    shared: Arc<Shared<T, J>>,
}

impl<S: Clone, T, J> Clone for RetryService<S, T, J> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<R, S, T, J> Service<R> for RetryService<S, T, J>
where
    R: Clone,
    S: Service<R> + Clone,
    T: Timer,
    J: Judge<S::Response, S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future
        = RetryFuture<R, S, S::Future, T, J>
    where
        T: Timer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let started = self.shared.policy.total.map(|_| self.shared.timer.now());
        let state = State::Called {
            future: self.inner.call(request.clone()),
        };
        RetryFuture {
            request,
            service: self.inner.clone(),
            shared: Arc::clone(&self.shared),
            started,
            progress: None,
            state,
        }
    }
}

pin_project! {
    /// The response of a [`RetryService`]. Dropping it drops the attempt that is under way.
    #[derive(Debug)]
    pub struct RetryFuture<R, S, F, T: Timer, J> {
        request: R,
        service: S,
        shared: Arc<Shared<T, J>>,
        started: Option<Tick>,
        progress: Option<crate::retry::RetryProgress>,
        #[pin]
        state: State<F, T::Sleep>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F, W> {
        Called { #[pin] future: F },
        Waiting { #[pin] sleep: W },
        Readying,
    }
}

impl<R, S, F, T, J> Future for RetryFuture<R, S, F, T, J>
where
    R: Clone,
    S: Service<R, Future = F>,
    F: Future<Output = Result<S::Response, S::Error>>,
    T: Timer,
    J: Judge<S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Called { future } => {
                    let result = ready!(future.poll(cx));
                    let judged = this.shared.judge.judge(&result);
                    if judged.outcome == Outcome::Success && !judged.retryable {
                        return Poll::Ready(result);
                    }
                    let now = this.shared.timer.now();
                    let started = this.started.unwrap_or(now);
                    let mut retry = Retry::resume(
                        &this.shared.policy,
                        &this.shared.call,
                        started,
                        this.progress.take(),
                    );
                    let RetryDecision::Again { at, .. } = retry.after(&judged, now) else {
                        return Poll::Ready(result);
                    };
                    *this.progress = Some(retry.progress());
                    let sleep = this.shared.timer.sleep_until(at);
                    this.state.set(State::Waiting { sleep });
                }
                StateProjection::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Readying);
                }
                StateProjection::Readying => {
                    ready!(this.service.poll_ready(cx))?;
                    let future = this.service.call(this.request.clone());
                    this.state.set(State::Called { future });
                }
            }
        }
    }
}
