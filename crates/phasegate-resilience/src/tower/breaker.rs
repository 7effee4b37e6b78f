//! A breaker as a layer.

use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::breaker::{Breaker, Ticket};
use crate::call::{CallClass, Judge};
use crate::rejection::Rejection;
use crate::time::Clock;

use super::error::LayerError;

/// Guards a service by a breaker that is shared through `H`: an `Arc<Breaker>` or a
/// `&'static Breaker`.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_resilience::tower::BreakerLayer;
/// use phasegate_resilience::{Breaker, BreakerConfig, OkOrFailure, StdClock};
/// use tower_layer::Layer;
///
/// #[derive(Clone)]
/// struct Inner;
///
/// let breaker = Arc::new(Breaker::new(BreakerConfig::default())?);
/// let guarded = BreakerLayer::new(breaker, StdClock, OkOrFailure).layer(Inner);
/// # drop(guarded);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug)]
pub struct BreakerLayer<H, C, J> {
    breaker: H,
    clock: C,
    judge: J,
    class: CallClass,
}

impl<H, C, J> BreakerLayer<H, C, J> {
    /// Asks `breaker` before each request and tells it what `judge` makes of the response.
    pub fn new(breaker: H, clock: C, judge: J) -> Self {
        Self {
            breaker,
            clock,
            judge,
            class: CallClass::Read,
        }
    }

    /// Sets the class of the requests; reads if not set.
    #[must_use]
    pub fn class(mut self, class: CallClass) -> Self {
        self.class = class;
        self
    }
}

impl<S, H: Clone, C: Clone, J: Clone> Layer<S> for BreakerLayer<H, C, J> {
    type Service = BreakerService<S, H, C, J>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService {
            inner,
            guard: self.clone(),
        }
    }
}

/// A service behind a breaker. An open breaker does not make it unready: each request is rejected
/// with the time to come back.
///
/// ```
/// use core::future::{Future, Ready, ready};
/// use core::pin::pin;
/// use core::task::{Context, Poll, Waker};
/// use std::sync::Arc;
/// use phasegate_resilience::tower::{BreakerFuture, BreakerLayer, BreakerService};
/// use phasegate_resilience::{Breaker, BreakerConfig, OkOrFailure, StdClock};
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
/// let breaker = Arc::new(Breaker::new(BreakerConfig::default())?);
/// let layer = BreakerLayer::new(breaker, StdClock, OkOrFailure);
/// let mut service: BreakerService<Inner, _, _, _> = layer.layer(Inner);
/// let answer: BreakerFuture<Ready<_>, _, _, _> = service.call(7);
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(pin!(answer).poll(&mut cx).map(Result::ok), Poll::Ready(Some(8)));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug)]
pub struct BreakerService<S, H, C, J> {
    inner: S,
    guard: BreakerLayer<H, C, J>,
}

impl<R, S, H, C, J> Service<R> for BreakerService<S, H, C, J>
where
    S: Service<R>,
    H: Deref<Target = Breaker> + Clone,
    C: Clock + Clone,
    J: Judge<S::Response, S::Error> + Clone,
{
    type Response = S::Response;
    type Error = LayerError<S::Error>;
    type Future = BreakerFuture<S::Future, H, C, J>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(LayerError::Inner)
    }

    #[inline]
    fn call(&mut self, request: R) -> Self::Future {
        let guard = &self.guard;
        match guard.breaker.admit(guard.class, &guard.clock) {
            Ok(ticket) => BreakerFuture {
                // Held before the inner call, so that a panic there gives the ticket back.
                state: Admitted::Yes(Held {
                    breaker: guard.breaker.clone(),
                    ticket: Some(ticket),
                }),
                clock: guard.clock.clone(),
                judge: guard.judge.clone(),
                inner: Some(self.inner.call(request)),
            },
            Err(rejection) => BreakerFuture {
                state: Admitted::No(rejection),
                clock: guard.clock.clone(),
                judge: guard.judge.clone(),
                inner: None,
            },
        }
    }
}

#[derive(Debug)]
enum Admitted<H: Deref<Target = Breaker>> {
    Yes(Held<H>),
    No(Rejection),
}

/// A ticket with the handle to give it back through.
#[derive(Debug)]
struct Held<H: Deref<Target = Breaker>> {
    breaker: H,
    ticket: Option<Ticket>,
}

impl<H: Deref<Target = Breaker>> Drop for Held<H> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.breaker.abandon(ticket);
        }
    }
}

pin_project! {
    /// The response of a [`BreakerService`]. Dropping it gives the permit back.
    #[derive(Debug)]
    pub struct BreakerFuture<F, H: Deref<Target = Breaker>, C, J> {
        state: Admitted<H>,
        clock: C,
        judge: J,
        #[pin]
        inner: Option<F>,
    }
}

impl<F, T, E, H, C, J> Future for BreakerFuture<F, H, C, J>
where
    F: Future<Output = Result<T, E>>,
    H: Deref<Target = Breaker>,
    C: Clock,
    J: Judge<T, E>,
{
    type Output = Result<T, LayerError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let held = match this.state {
            Admitted::No(rejection) => return Poll::Ready(Err(LayerError::Rejected(*rejection))),
            Admitted::Yes(held) => held,
        };
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending;
        };
        let result = ready!(inner.poll(cx));
        if let Some(ticket) = held.ticket.take() {
            if this.judge.accepts(&result) {
                held.breaker.record_success(ticket, this.clock);
            } else {
                held.breaker
                    .record(ticket, &this.judge.judge(&result), this.clock);
            }
        }
        Poll::Ready(result.map_err(LayerError::Inner))
    }
}
