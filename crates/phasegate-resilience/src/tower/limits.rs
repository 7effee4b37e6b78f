//! Bulkhead and rate limit as layers. Neither makes a service unready: what is refused is refused
//! with a reason, and nothing waits in a buffer that nobody bounds.

use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::bulkhead::Bulkhead;
use crate::call::CallClass;
use crate::limiter::RateLimiter;
use crate::rejection::Rejection;
use crate::time::Clock;

use super::error::LayerError;

/// Bounds requests at the same time, through a handle `H` to a [`Bulkhead`].
///
/// ```
/// use std::sync::Arc;
/// use phasegate_resilience::tower::BulkheadLayer;
/// use phasegate_resilience::{Bulkhead, BulkheadConfig, CallClass};
/// use tower_layer::Layer;
///
/// struct Inner;
///
/// let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(8)));
/// let bounded = BulkheadLayer::new(bulkhead, CallClass::Read).layer(Inner);
/// # drop(bounded);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BulkheadLayer<H> {
    bulkhead: H,
    class: CallClass,
}

impl<H> BulkheadLayer<H> {
    /// Each request takes a place or is refused.
    pub fn new(bulkhead: H, class: CallClass) -> Self {
        Self { bulkhead, class }
    }
}

impl<S, H: Clone> Layer<S> for BulkheadLayer<H> {
    type Service = BulkheadService<S, H>;

    fn layer(&self, inner: S) -> Self::Service {
        BulkheadService {
            inner,
            bulkhead: self.bulkhead.clone(),
            class: self.class,
        }
    }
}

/// A service with a bound on requests at the same time.
///
/// ```
/// use core::future::{Future, Ready, ready};
/// use core::pin::pin;
/// use core::task::{Context, Poll, Waker};
/// use std::sync::Arc;
/// use phasegate_resilience::tower::{BulkheadFuture, BulkheadLayer, BulkheadService};
/// use phasegate_resilience::{Bulkhead, BulkheadConfig, CallClass};
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
/// let bulkhead = Arc::new(Bulkhead::new(BulkheadConfig::new(1)));
/// let layer = BulkheadLayer::new(Arc::clone(&bulkhead), CallClass::Read);
/// let mut service: BulkheadService<Inner, _> = layer.layer(Inner);
/// let answer: BulkheadFuture<Ready<_>, _> = service.call(7);
/// assert_eq!(bulkhead.inside(), 1, "from the call on, until the response is dropped");
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(answer).poll(&mut cx).map(Result::ok), Poll::Ready(Some(8)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BulkheadService<S, H> {
    inner: S,
    bulkhead: H,
    class: CallClass,
}

impl<R, S, H> Service<R> for BulkheadService<S, H>
where
    S: Service<R>,
    H: Deref<Target = Bulkhead> + Clone,
{
    type Response = S::Response;
    type Error = LayerError<S::Error>;
    type Future = BulkheadFuture<S::Future, H>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(LayerError::Inner)
    }

    #[inline]
    fn call(&mut self, request: R) -> Self::Future {
        match self.bulkhead.try_enter(self.class) {
            Ok(()) => {
                let place = Place {
                    bulkhead: self.bulkhead.clone(),
                };
                let inner = self.inner.call(request);
                BulkheadFuture {
                    place: Ok(place),
                    inner: Some(inner),
                }
            }
            Err(rejection) => BulkheadFuture {
                place: Err(rejection),
                inner: None,
            },
        }
    }
}

#[derive(Debug)]
struct Place<H: Deref<Target = Bulkhead>> {
    bulkhead: H,
}

impl<H: Deref<Target = Bulkhead>> Drop for Place<H> {
    fn drop(&mut self) {
        self.bulkhead.leave();
    }
}

pin_project! {
    /// The response of a [`BulkheadService`]. Its place is given back when it is dropped.
    #[derive(Debug)]
    pub struct BulkheadFuture<F, H: Deref<Target = Bulkhead>> {
        #[pin]
        inner: Option<F>,
        place: Result<Place<H>, Rejection>,
    }
}

impl<F, T, E, H> Future for BulkheadFuture<F, H>
where
    F: Future<Output = Result<T, E>>,
    H: Deref<Target = Bulkhead>,
{
    type Output = Result<T, LayerError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match (this.inner.as_pin_mut(), &*this.place) {
            (_, Err(rejection)) => Poll::Ready(Err(LayerError::Rejected(*rejection))),
            (Some(inner), Ok(_)) => Poll::Ready(ready!(inner.poll(cx)).map_err(LayerError::Inner)),
            // Never made: a place is held only together with the inner future.
            (None, Ok(_)) => Poll::Pending,
        }
    }
}

/// Takes a cell of a [`RateLimiter`] for each request, through a handle `H`.
///
/// ```
/// use core::time::Duration;
/// use std::sync::Arc;
/// use phasegate_resilience::tower::RateLimitLayer;
/// use phasegate_resilience::{CallClass, Quota, RateLimiter, StdClock};
/// use tower_layer::Layer;
///
/// struct Inner;
///
/// let limiter = Arc::new(RateLimiter::new(Quota::new(10, Duration::from_secs(1))?));
/// let limited = RateLimitLayer::new(limiter, StdClock, CallClass::Read).layer(Inner);
/// # drop(limited);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RateLimitLayer<H, C> {
    limiter: H,
    clock: C,
    class: CallClass,
}

impl<H, C> RateLimitLayer<H, C> {
    /// Each request takes a cell or is refused.
    pub fn new(limiter: H, clock: C, class: CallClass) -> Self {
        Self {
            limiter,
            clock,
            class,
        }
    }
}

impl<S, H: Clone, C: Clone> Layer<S> for RateLimitLayer<H, C> {
    type Service = RateLimitService<S, H, C>;

    fn layer(&self, inner: S) -> Self::Service {
        RateLimitService {
            inner,
            limit: self.clone(),
        }
    }
}

/// A service with a rate limit.
///
/// ```
/// use core::future::{Future, Ready, ready};
/// use core::pin::pin;
/// use core::task::{Context, Poll, Waker};
/// use core::time::Duration;
/// use std::sync::Arc;
/// use phasegate_resilience::tower::{RateLimitFuture, RateLimitLayer, RateLimitService};
/// use phasegate_resilience::{CallClass, Quota, RateLimiter, StdClock};
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
/// let limiter = Arc::new(RateLimiter::new(Quota::new(10, Duration::from_secs(1))?));
/// let layer = RateLimitLayer::new(limiter, StdClock, CallClass::Read);
/// let mut service: RateLimitService<Inner, _, _> = layer.layer(Inner);
/// let answer: RateLimitFuture<Ready<_>> = service.call(7);
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(answer).poll(&mut cx).map(Result::ok), Poll::Ready(Some(8)));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RateLimitService<S, H, C> {
    inner: S,
    limit: RateLimitLayer<H, C>,
}

impl<R, S, H, C> Service<R> for RateLimitService<S, H, C>
where
    S: Service<R>,
    H: Deref<Target = RateLimiter>,
    C: Clock,
{
    type Response = S::Response;
    type Error = LayerError<S::Error>;
    type Future = RateLimitFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(LayerError::Inner)
    }

    #[inline]
    fn call(&mut self, request: R) -> Self::Future {
        let limit = &self.limit;
        match limit.limiter.try_acquire(1, limit.class, &limit.clock) {
            Ok(()) => RateLimitFuture {
                inner: Some(self.inner.call(request)),
                refused: None,
            },
            Err(rejection) => RateLimitFuture {
                inner: None,
                refused: Some(rejection),
            },
        }
    }
}

pin_project! {
    /// The response of a [`RateLimitService`].
    #[derive(Debug)]
    pub struct RateLimitFuture<F> {
        #[pin]
        inner: Option<F>,
        refused: Option<Rejection>,
    }
}

impl<F, T, E> Future for RateLimitFuture<F>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, LayerError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match (this.inner.as_pin_mut(), *this.refused) {
            (_, Some(rejection)) => Poll::Ready(Err(LayerError::Rejected(rejection))),
            (Some(inner), None) => Poll::Ready(ready!(inner.poll(cx)).map_err(LayerError::Inner)),
            // Never made: one of the two is there.
            (None, None) => Poll::Pending,
        }
    }
}
