//! A second request when the first is late: for reads only, under a budget.

mod latency;
mod policy;
mod run;

pub use latency::Latencies;
pub use policy::{HedgeDelay, HedgePolicy};
pub use run::Hedged;
