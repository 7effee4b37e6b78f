#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

#[cfg(any(feature = "std", feature = "spin"))]
mod adaptive;
mod backoff;
#[cfg(feature = "backoff")]
mod backoff_interop;
#[cfg(any(feature = "std", feature = "spin"))]
mod breaker;
mod budget;
#[cfg(any(feature = "std", feature = "spin"))]
mod bulkhead;
mod call;
#[cfg(feature = "serde")]
pub mod config;
mod error;
mod fallback;
#[cfg(doc)]
pub mod guide;
#[cfg(any(feature = "std", feature = "spin"))]
mod hedge;
mod limiter;
mod not_before;
#[cfg(any(feature = "std", feature = "spin"))]
mod policy;
mod rate;
mod rejection;
mod retry;
mod retry_after;
mod rng;
#[cfg(feature = "std")]
mod std_time;
mod sync;
#[cfg(all(feature = "std", not(any(loom, shuttle))))]
mod sync_shard;
mod throttle;
mod time;
mod timer;
#[cfg(feature = "tokio")]
mod tokio_timer;
#[cfg(feature = "tower")]
pub mod tower;
mod trip;

#[cfg(any(feature = "std", feature = "spin"))]
pub use adaptive::{AdaptiveConfig, AdaptiveLimit};
pub use backoff::{Backoff, BackoffState, Jitter};
#[cfg(feature = "backoff")]
pub use backoff_interop::{ForeignBackoff, ForeignRetry, IntoForeign};
#[cfg(any(feature = "std", feature = "spin"))]
pub use breaker::{
    Breaker, BreakerConfig, BreakerEvent, BreakerSnapshot, BreakerTotals, Explanation, Listener,
    OpenLimit, OpenTime, Opening, OpeningQuorum, Permit, SavedBreaker, State, Ticket, Transition,
    Window,
};
pub use budget::{ConcurrentBudget, TokenBudget, TokenBudgetConfig, Underway};
#[cfg(any(feature = "std", feature = "spin"))]
pub use budget::{ExpiringBudget, RetryBudget};
#[cfg(any(feature = "std", feature = "spin"))]
pub use bulkhead::{Acquire, Bulkhead, BulkheadConfig, BulkheadPermit};
pub use call::{
    Call, CallClass, Hint, Idempotency, Judge, Judgement, OkOrFailure, OperationKey, Outcome,
};
pub use error::Misuse;
pub use fallback::{BlockingChain, Chain, Fallback, Nothing, Served};
#[cfg(any(feature = "std", feature = "spin"))]
pub use hedge::{HedgeDelay, HedgePolicy, Hedged, Latencies};
#[cfg(any(feature = "std", feature = "spin"))]
pub use limiter::{KeyedLimiter, Quotas};
pub use limiter::{Quota, RateHeaders, RateLimiter};
pub use not_before::NotBefore;
#[cfg(any(feature = "std", feature = "spin"))]
pub use policy::{Attempt, AttemptEvent, AttemptListener, ErrorKind, Policy, PolicyError};
pub use rate::Rate;
pub use rejection::{Origin, Rejection, RejectionKind};
pub use retry::{Retry, RetryDecision, RetryPolicy, RetryProgress, StopReason};
pub use retry_after::{HttpDate, RetryAfter};
pub use rng::{Rng, Seed};
#[cfg(all(feature = "std", feature = "coarse", target_os = "linux"))]
pub use std_time::CoarseClock;
#[cfg(feature = "std")]
pub use std_time::StdClock;
pub use throttle::ClientThrottle;
pub use time::{Clock, Tick, TickClock};
pub use timer::{Elapsed, Sleeper, Timeout, Timer};
#[cfg(feature = "tokio")]
pub use tokio_timer::TokioTimer;
pub use trip::{Condition, Trip};
