//! Rate limits: one, one per key, several at once, and what a server says about its own.

mod gcra;

pub use gcra::{Quota, RateLimiter};
