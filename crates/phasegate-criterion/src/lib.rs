#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod check;
mod kpi;
mod parse;
mod tree;

pub use check::{
    Expects, Fault, FaultCode, Level, Measured, Purpose, Source, can_be_shown, check, check_arms,
    check_fact, check_kpi, check_policy, check_purpose, check_registry, check_statement,
    check_together, measured,
};
pub use kpi::{
    Baseline, Direction, Duplicate, Kpi, KpiRegistry, Possible, Queries, Shape, Slo, SloMethod,
    Target,
};
pub use parse::{NESTING_MAX, ParseError, TEXT_LEN_MAX};
pub use tree::{
    Action, Against, Aggregate, Assertion, Band, BandLevel, Choice, Cmp, Condition, Criterion,
    Date, Deadline, Fact, FactKind, FailureLimits, GapPolicy, Given, Group, HoldClause, Length,
    Measure, Name, NameError, Negated, Operand, Policy, Reference, Response, ScalingStep, Scope,
    Severity, Statement, Subject, Test, Text, TextError, Value, ValueRange, Weighted,
};
