//! The syntax tree: what a criterion says, without the text it was read from. Printing the tree gives
//! the canonical text; reading that gives the same tree.

mod clause;
mod condition;
mod level;
mod measure;
mod print;
mod statement;
mod value;
mod word;

pub use clause::{
    Action, Criterion, Deadline, FailureLimits, GapPolicy, HoldClause, Response, Scope,
};
pub use condition::{Assertion, Band, Cmp, Condition, Group, Negated, Test, Weighted};
pub use level::BandLevel;
pub use measure::{Aggregate, Choice, Measure, Subject};
pub use statement::{Fact, FactKind, Policy, ScalingStep, Statement};
pub use value::{Against, Given, Operand, Reference, Value, ValueRange};
pub use word::{Date, Length, Name, NameError, Severity, Text, TextError};
pub(crate) use word::{is_invisible, is_percentile};
