#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod evaluate;
mod hold;
pub mod judge;
pub mod kpi;
mod limit;
mod need;
mod sample_size;
pub mod slo;
pub mod statistics;
mod verdict;

pub use evaluate::{
    ANSWER_AGE_MAX, Prepared, Testimony, evaluate, evaluate_trigger, evaluate_with,
};
pub use hold::{Alert, Gap, Hold, HoldState};
pub use limit::{FailureLimit, LimitState};
pub use need::{INLINE_QUERY, Need, NeedFault, needs};
pub use sample_size::{SampleAdvice, sample_advice, sample_advice_shared};
pub use verdict::{Bounds, Finding, Means, Method, Verdict, Why, WindowFault};
