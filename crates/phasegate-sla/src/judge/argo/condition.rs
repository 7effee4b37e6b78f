//! Conditions: parsed once, then evaluated on results.

use super::ast::Node;
use super::check::Checker;
use super::compile::compile;
use super::machine;
use super::measure::MetricResult;
use super::optimize::optimize;
use super::parser::parse;

/// Conditions longer than this are refused, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// Why a condition has no truth value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConditionError {
    /// The static check refuses it on this kind of result.
    #[error("condition does not fit the result: {what}")]
    Kind {
        /// What does not fit.
        what: &'static str,
    },
    /// It cannot be read.
    #[error("condition cannot be read: {what}")]
    Syntax {
        /// What is wrong.
        what: &'static str,
    },
    /// It uses a part of Argo's language that is left out here.
    #[error("'{name}' is not supported: {why}")]
    Unsupported {
        /// The function, variable or word.
        name: &'static str,
        /// Why it is left out.
        why: &'static str,
    },
    /// It failed while it ran.
    #[error("condition failed on the result: {what}")]
    Value {
        /// What failed.
        what: &'static str,
    },
}

impl ConditionError {
    pub(super) const fn kind(what: &'static str) -> Self {
        Self::Kind { what }
    }

    pub(super) const fn syntax(what: &'static str) -> Self {
        Self::Syntax { what }
    }

    pub(super) const fn value(what: &'static str) -> Self {
        Self::Value { what }
    }
}

/// A parsed condition.
///
/// ```
/// use phasegate_sla::judge::argo::{Condition, MetricResult};
/// let condition = Condition::parse("len(result) > 0 && all(result, # < 0.05)")?;
/// assert_eq!(condition.holds(&MetricResult::Numbers(vec![0.01, 0.02])), Ok(true));
/// assert_eq!(condition.holds(&MetricResult::Numbers(vec![0.01, 0.07])), Ok(false));
/// assert!(condition.holds(&MetricResult::Number(0.01)).is_err());
/// # Ok::<(), phasegate_sla::judge::argo::ConditionError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    root: Node,
}

impl Condition {
    /// Reads a condition. Parsing never panics and is bounded in length and nesting.
    ///
    /// # Errors
    /// When it is not a condition of the supported language.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        if text.len() > MAX_LENGTH {
            return Err(ConditionError::syntax("too long"));
        }
        Ok(Self { root: parse(text)? })
    }

    /// Whether it holds for a result. It is checked and compiled for the kind of the result each time;
    /// with parsing that took 10 µs on average, over half a million random conditions of up to 140 characters
    /// on small results. The work of a run is bounded.
    ///
    /// # Errors
    /// When it does not fit the kind of the result, fails while it runs, or is neither true nor
    /// false.
    pub fn holds(&self, result: &MetricResult) -> Result<bool, ConditionError> {
        let kind = result.kind();
        let mut root = self.root.clone();
        Checker::new(&kind).check(&mut root)?;
        let thresholds = optimize(&mut root)?;
        let program = compile(&root, &thresholds)?;
        machine::truth(&program, &result.item()?)
    }
}
