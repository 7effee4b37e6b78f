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
//! An expression is first checked against the static type of the result, then changed as expr changes it
//! (literals folded, loops rewritten), compiled to expr's steps and run by a machine like its own, because
//! many verdicts come from there: `result[0]` on a single number is an error even where it would never be
//! evaluated, `1 == get([1], 4)` is one because both sides are whole numbers for the check, and
//! `result > 1 and false` is false whatever the result is. Each module names the file of expr 1.17.8 that it
//! follows. Where a verdict still differs from Argo's, it is for one of these reasons (of 1,353,195 random pairs
//! of conditions and results 17 differed, for the first two):
//!
//! | difference | here |
//! |---|---|
//! | Go's `keys` and `values` of an object have no order | they are in the order of the keys |
//! | Go prints functions as addresses (`string(isNaN)`) | an error |
//! | names of the language's functions as values (`upper == lower`) are equal in Go if they take and give the same | an error |
//! | Go knows two lists with a NaN inside an object for the same if they begin at one place in memory | only if both are the whole of one list |
//! | Go's `**` (`math.Pow`) may be off in the last digit | the platform's `pow` |
//! | Go runs on | after [ten million steps](ConditionError::Value), or with a value of more than four million parts or bytes or 500 lists deep, an error |
//! | conditions nested deeper than 100, with more than 500 operators or 16 KiB | refused |
//! | patterns: `(?i)` right before `*`; `--` behind `\w` in a class; Unicode's names beyond categories and scripts; Go's limit on nested repetitions and ours on the size of what is compiled (1 MiB) | as the `regex` crate has it |
//!
//! What Argo does and we keep, though it is worth knowing: no condition at all is a success; a
//! condition on a missing result is an error, not a failure; `Error` measurements count neither
//! towards `count` nor towards `failureLimit`, only consecutively against `consecutiveErrorLimit`
//! (4 by default); a run that is terminated before its first measurement is successful.

mod ast;
mod builtin;
mod check;
mod compile;
mod condition;
mod equal;
mod item;
mod json;
mod kind;
mod lexer;
mod machine;
mod measure;
mod numbers;
mod operate;
mod optimize;
mod order;
mod outside;
mod parser;
mod pattern;
mod print;
mod run;
mod signature;
mod text;
mod value;

pub use condition::{Condition, ConditionError};
pub use measure::{MetricResult, Phase, measure};
pub use run::{AnalysisRun, Limits, MetricSpec, RunFault, RunState};
pub use value::Value;
