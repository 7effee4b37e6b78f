//! `tower` layers, one per piece. Their futures are named types without a box.
//!
//! Put them in the order of [`Policy`](crate::Policy): retry outside, then breaker, bulkhead, rate
//! limit, timeout. All share one error, [`LayerError`].
//!
//! The layers are generic over how they hold the shared piece: an `Arc` costs two atomic
//! operations per call (the future must own its handle); a `&'static` reference costs nothing.

mod breaker;
mod error;
mod limits;
mod retry;
mod timeout;

pub use breaker::{BreakerFuture, BreakerLayer, BreakerService};
pub use error::LayerError;
pub use limits::{
    BulkheadFuture, BulkheadLayer, BulkheadService, RateLimitFuture, RateLimitLayer,
    RateLimitService,
};
pub use retry::{RetryFuture, RetryLayer, RetryService};
pub use timeout::{TimeoutFuture, TimeoutLayer, TimeoutService};
