#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod evaluate;
mod hold;
pub mod kpi;
mod limit;
pub mod judge;
mod need;
pub mod slo;
pub mod statistics;
mod verdict;

pub use evaluate::{Testimony, evaluate, evaluate_with};
pub use hold::{Alert, Gap, Hold, HoldState};
pub use limit::{FailureLimit, LimitState};
pub use need::{INLINE_QUERY, Need, NeedFault, needs};
pub use verdict::{Bounds, Finding, Means, Verdict, Why};
