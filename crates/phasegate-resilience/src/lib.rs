#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod backoff;
#[cfg(any(feature = "std", feature = "spin"))]
mod breaker;
mod budget;
#[cfg(any(feature = "std", feature = "spin"))]
mod bulkhead;
mod call;
mod error;
mod limiter;
mod not_before;
#[cfg(any(feature = "std", feature = "spin"))]
mod policy;
mod rate;
mod rejection;
mod retry;
mod rng;
#[cfg(feature = "std")]
mod std_time;
mod sync;
mod time;
mod timer;
#[cfg(feature = "tokio")]
mod tokio_timer;
mod trip;

pub use backoff::{Backoff, BackoffState, Jitter};
#[cfg(any(feature = "std", feature = "spin"))]
pub use breaker::{
    Breaker, BreakerConfig, BreakerEvent, BreakerSnapshot, BreakerTotals, Explanation, Listener,
    Permit, State, Ticket, Transition, Window,
};
pub use budget::{TokenBudget, TokenBudgetConfig};
#[cfg(any(feature = "std", feature = "spin"))]
pub use bulkhead::{Acquire, Bulkhead, BulkheadConfig, BulkheadPermit};
pub use call::{
    Call, CallClass, Hint, Idempotency, Judge, Judgement, OkOrFailure, OperationKey, Outcome,
};
pub use error::Misuse;
pub use limiter::{Quota, RateLimiter};
pub use not_before::NotBefore;
#[cfg(any(feature = "std", feature = "spin"))]
pub use policy::{Attempt, ErrorKind, Policy, PolicyError};
pub use rate::Rate;
pub use rejection::{Origin, Rejection, RejectionKind};
pub use retry::{Retry, RetryDecision, RetryPolicy, StopReason};
pub use rng::{Rng, Seed};
#[cfg(all(feature = "std", feature = "coarse", target_os = "linux"))]
pub use std_time::CoarseClock;
#[cfg(feature = "std")]
pub use std_time::StdClock;
pub use time::{Clock, Tick, TickClock};
pub use timer::{Elapsed, Sleeper, Timeout, Timer};
#[cfg(feature = "tokio")]
pub use tokio_timer::TokioTimer;
pub use trip::{Condition, Trip};
