//! Budgets: how many retries and hedges a stream of calls may afford.
//!
//! Why not a count of attempts alone: three attempts in each of four layers are 81 calls to a
//! server that is already down. A budget bounds the sum.

#[cfg(any(feature = "std", feature = "spin"))]
mod any;
mod concurrent;
#[cfg(any(feature = "std", feature = "spin"))]
mod expiring;
pub(crate) mod ring;
mod token;

#[cfg(any(feature = "std", feature = "spin"))]
pub(crate) use any::Paid;
#[cfg(any(feature = "std", feature = "spin"))]
pub use any::RetryBudget;
pub use concurrent::{ConcurrentBudget, Underway};
#[cfg(any(feature = "std", feature = "spin"))]
pub use expiring::ExpiringBudget;
pub use token::{TokenBudget, TokenBudgetConfig};
