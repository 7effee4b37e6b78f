//! Argo Rollouts: measurement assessment (conditions) and run assessment (limits and counts).
//!
//! Conditions are expressions of the expr language, version 1.17, with `let`, `if` and `;`, but without
//! the parts of the table; each of these is refused by its name ([`ConditionError::Unsupported`]), and a
//! measurement is then in `Error`, as Argo has it for what it cannot evaluate.
//!
//! | left out | why |
//! |---|---|
//! | `now`, `date`, `timezone` | a verdict depends on its inputs alone, and a pure judge has no clock |
//! | `duration` | results are numbers, and lengths of time are none |
//! | `sortBy`, `groupBy`, `toPairs`, `fromPairs` | no condition on a result needs groups or pairs |
//! | `toBase64`, `fromBase64` | results are values already |
//! | `$env` | there is no environment |
//!
//! An expression is first checked against the static type of the result
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
mod fold;
mod interpret;
mod json;
mod lexer;
mod measure;
mod operate;
mod order;
mod outside;
mod parser;
mod pattern;
mod run;
mod text;
mod value;

pub use condition::{Condition, ConditionError};
pub use measure::{MetricResult, Phase, measure};
pub use run::{AnalysisRun, Limits, MetricSpec, RunFault, RunState};
pub use value::{Element, Value};
