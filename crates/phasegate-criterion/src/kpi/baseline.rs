//! How a KPI stood before, and where it is to go.

use std::fmt;
use std::str::FromStr;

use phasegate_core::Quantity;

use crate::parse::{ParseError, as_text};
use crate::tree::{Cmp, Given};

/// How a KPI stood before. Text form: `180ms`, `~180ms`, `30m..40m`, `unknown`, `control`, `previous`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever compares has a rule for each"
)]
pub enum Baseline {
    /// The stable arm, at the same time.
    Control,
    /// A figure, a range, or unknown.
    Figure(Given),
    /// The run before.
    Previous,
}

impl Default for Baseline {
    fn default() -> Self {
        Self::Figure(Given::Unknown)
    }
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control => f.write_str("control"),
            Self::Figure(given) => given.fmt(f),
            Self::Previous => f.write_str("previous"),
        }
    }
}

impl FromStr for Baseline {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "control" => Ok(Self::Control),
            "previous" => Ok(Self::Previous),
            other => Ok(Self::Figure(other.parse()?)),
        }
    }
}

/// Where a KPI is to go. Text form: `< 5%`, `>= 95%`, or `95%` for at least or at most by its direction.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Target {
    /// How it must compare; `None` for what its direction says.
    pub op: Option<Cmp>,
    /// With what.
    pub value: Quantity,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.op {
            Some(op) => write!(f, "{} {}", op.text(), self.value),
            None => self.value.fmt(f),
        }
    }
}

as_text!(Baseline, Target);
