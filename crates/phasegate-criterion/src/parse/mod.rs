//! Reads criteria, facts and policies. By hand, one look ahead, no table; bounded by length and
//! nesting. Says where it stopped and what could have stood there.

mod clause;
mod condition;
mod cursor;
mod measure;
mod statement;
mod value;

use std::ops::Range;
use std::str::FromStr;

use crate::kpi::Target;
use crate::tree::{
    Criterion, Deadline, Fact, FactKind, Given, Length, Name, Policy, Statement, Value,
};
use cursor::Cursor;

/// The longest text of one criterion, in bytes. The longest of five real plans has 120.
pub const TEXT_LEN_MAX: usize = 4096;

/// How deep brackets, scores and changes may lie in each other. Nobody reads more, and it bounds the stack.
pub const NESTING_MAX: usize = 16;

/// Why a text is no criterion: where, what was expected there, and what stands there.
///
/// ```
/// use phasegate_criterion::Criterion;
/// let fault = "p95(latency) < ".parse::<Criterion>().unwrap_err();
/// assert_eq!(fault.at, 15..15);
/// assert!(fault.to_string().contains("a value such as 5%, 200ms or $0.05"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected {expected}, found {found} at byte {}", at.start)]
#[non_exhaustive]
pub struct ParseError {
    /// The bytes of the text that do not fit; empty at its end.
    pub at: Range<usize>,
    /// What could have stood there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl FromStr for Statement {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let statement = cursor.statement()?;
        cursor.end()?;
        Ok(statement)
    }
}

fn not_a(text: &str, wanted: &str, found: &Statement) -> ParseError {
    let found = match found {
        Statement::Criterion(_) => "a criterion",
        Statement::Fact(fact) => match fact.kind {
            FactKind::Baseline => "a baseline, which is a fact",
            FactKind::Budget => "a budget, which is a fact",
            FactKind::Estimate => "an estimate, which is a fact",
        },
        Statement::Policy(_) => "a policy",
    };
    ParseError {
        at: 0..text.len(),
        expected: wanted.to_owned(),
        found: found.to_owned(),
    }
}

impl FromStr for Criterion {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let other = cursor.fact_or_policy()?;
        if let Some(other) = other {
            cursor.end()?;
            return Err(not_a(text, "a criterion", &other));
        }
        let criterion = cursor.whole_criterion()?;
        cursor.end()?;
        Ok(criterion)
    }
}

impl FromStr for Fact {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.parse::<Statement>()? {
            Statement::Fact(fact) => Ok(fact),
            other @ (Statement::Criterion(_) | Statement::Policy(_)) => {
                Err(not_a(text, "a fact: baseline, budget or estimate", &other))
            }
        }
    }
}

impl FromStr for Policy {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text.parse::<Statement>()? {
            Statement::Policy(policy) => Ok(policy),
            other @ (Statement::Criterion(_) | Statement::Fact(_)) => {
                Err(not_a(text, "a policy: target, steps or limits", &other))
            }
        }
    }
}

impl FromStr for Given {
    type Err = ParseError;
    /// Reads `~85%`, `30m..40m` or `unknown`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let given = cursor.given()?;
        cursor.end()?;
        Ok(given)
    }
}

impl FromStr for Value {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let value = cursor.value()?;
        cursor.end()?;
        Ok(value)
    }
}

impl FromStr for Deadline {
    type Err = ParseError;
    /// Reads `3mo` or `2026-09-16`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let deadline = cursor.deadline()?;
        cursor.end()?;
        Ok(deadline)
    }
}

impl FromStr for Target {
    type Err = ParseError;
    /// Reads `< 5%` or `95%`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(text)?;
        let op = cursor.eat_cmp();
        let value = cursor.quantity("a value such as 5%, 200ms or $0.05")?;
        cursor.end()?;
        Ok(Self { op, value })
    }
}

/// Serialises as text and reads it back.
macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

pub(crate) use as_text;

as_text!(
    Criterion, Deadline, Fact, Given, Length, Name, Policy, Statement, Value
);
