//! Rate limits: one, one per key, several at once, and what a server says about its own.

mod gcra;
mod headers;
#[cfg(any(feature = "std", feature = "spin"))]
mod keyed;
mod reserve;
#[cfg(any(feature = "std", feature = "spin"))]
mod several;

pub use gcra::{Quota, RateLimiter};
pub use headers::RateHeaders;
#[cfg(any(feature = "std", feature = "spin"))]
pub use keyed::KeyedLimiter;
#[cfg(any(feature = "std", feature = "spin"))]
pub use several::Quotas;
