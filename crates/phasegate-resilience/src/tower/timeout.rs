//! A timeout as a layer; its timer is armed when a response is first pending.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::timer::{Timeout, Timer};

use super::error::LayerError;

/// Limits the time of each request.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::TokioTimer;
/// use phasegate_resilience::tower::TimeoutLayer;
/// use tower_layer::Layer;
///
/// struct Inner;
///
/// let timed = TimeoutLayer::new(TokioTimer::new(), Duration::from_secs(2)).layer(Inner);
/// # drop(timed);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer<T> {
    timer: T,
    limit: Duration,
}

impl<T> TimeoutLayer<T> {
    /// At most `limit` per request.
    pub fn new(timer: T, limit: Duration) -> Self {
        Self { timer, limit }
    }
}

impl<S, T: Clone> Layer<S> for TimeoutLayer<T> {
    type Service = TimeoutService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutService {
            inner,
            timer: self.timer.clone(),
            limit: self.limit,
        }
    }
}

/// A service with a time limit.
///
/// ```
/// use core::future::{Future, Ready, ready};
/// use core::pin::pin;
/// use core::task::{Context, Poll, Waker};
/// use core::time::Duration;
/// use phasegate_resilience::TokioTimer;
/// use phasegate_resilience::tower::{TimeoutFuture, TimeoutLayer, TimeoutService};
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
/// let layer = TimeoutLayer::new(TokioTimer::new(), Duration::from_secs(2));
/// let mut service: TimeoutService<Inner, _> = layer.layer(Inner);
/// let answer: TimeoutFuture<_, Ready<_>> = service.call(7);
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(answer).poll(&mut cx).map(Result::ok), Poll::Ready(Some(8)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeoutService<S, T> {
    inner: S,
    timer: T,
    limit: Duration,
}

impl<R, S: Service<R>, T: Timer + Clone> Service<R> for TimeoutService<S, T> {
    type Response = S::Response;
    type Error = LayerError<S::Error>;
    type Future = TimeoutFuture<T, S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(LayerError::Inner)
    }

    #[inline]
    fn call(&mut self, request: R) -> Self::Future {
        let inner = self.inner.call(request);
        TimeoutFuture {
            limited: Timeout::new(self.timer.clone(), self.limit, inner),
        }
    }
}

pin_project! {
    /// The response of a [`TimeoutService`].
    pub struct TimeoutFuture<T: Timer, F> {
        #[pin]
        limited: Timeout<T, F>,
    }
}

impl<T: Timer, F> fmt::Debug for TimeoutFuture<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutFuture").finish_non_exhaustive()
    }
}

impl<T: Timer, V, E, F: Future<Output = Result<V, E>>> Future for TimeoutFuture<T, F> {
    type Output = Result<V, LayerError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().limited.poll(cx)) {
            Ok(result) => result.map_err(LayerError::Inner),
            Err(_elapsed) => Err(LayerError::TimedOut),
        })
    }
}
