//! A bound on calls at the same time, with a bounded queue in front.

mod permits;
mod queue;

pub use permits::{Bulkhead, BulkheadConfig, BulkheadPermit};
pub use queue::Acquire;
