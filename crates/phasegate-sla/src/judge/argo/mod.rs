//! Argo Rollouts: measurement assessment (conditions) and run assessment (limits and counts).
//!
//! Conditions are expressions in a subset of the expr language, version 1.17, the part without
//! dates, environment access, variable declarations and sorting; whatever lies outside is an error,
//! which Argo calls `Error` too. An expression is first checked against the static type of the result
//! and then run, because Argo does, and many verdicts come from the check: `result[0]` on a single
//! number is an error even where it would never be evaluated.
//!
//! What Argo does and we keep, though it is worth knowing: no condition at all is a success; a
//! condition on a missing result is an error, not a failure; `Error` measurements count neither
//! towards `count` nor towards `failureLimit`, only consecutively against `consecutiveErrorLimit`
//! (4 by default); a run that is terminated before its first measurement is successful.

mod ast;
mod builtin;
mod check;
mod condition;
mod lexer;
mod measure;
mod parser;
mod pattern;
mod run;
mod value;

pub use condition::{Condition, ConditionError};
pub use measure::{MetricResult, Phase, measure};
pub use run::{AnalysisRun, Limits, MetricSpec, RunFault, RunState};
pub use value::Value;
