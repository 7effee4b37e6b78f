//! Causes and reasons in words, for messages and reports.

use std::fmt;

use super::{Cause, HoldReason};

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blind { what } => write!(f, "nothing could be measured for too long ({what})"),
            Self::Criterion { check, sentence } => {
                write!(f, "criterion {check} failed: {sentence}")
            }
            Self::Drill { by, reason } => write!(f, "a drill of {by}: {reason}"),
            Self::Gate { gate } => write!(f, "gate {gate} decided no-go"),
            Self::Incident { number, scenario } => write!(f, "incident {number}: {scenario}"),
            Self::Operator { by, reason } => write!(f, "{by} said so: {reason}"),
            Self::Trigger { trigger, sentence } => write!(f, "trigger {trigger} fired: {sentence}"),
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blind { what } => write!(f, "nothing could be measured for too long ({what})"),
            Self::Budget { .. } => f.write_str("an operation took longer than its budget"),
            Self::Clocks { by } => write!(
                f,
                "wall clock and boot clock disagree by {by} about how long something took"
            ),
            Self::Criterion { check, sentence } => {
                write!(f, "criterion {check} failed: {sentence}")
            }
            Self::Difference { target, id } => {
                write!(f, "old and new of {target} differ and should not: {id}")
            }
            Self::Drift { found, .. } => write!(f, "somebody else changed it to: {found}"),
            Self::Effect { reason, .. } => write!(f, "an effect failed: {reason}"),
            Self::Gate { gate } => write!(f, "gate {gate} is not passed"),
            Self::Incident { number, scenario } => write!(f, "incident {number}: {scenario}"),
            Self::SaidNo {
                what, by, reason, ..
            } => write!(f, "{by} says no to '{what}': {reason}"),
            Self::RolledBack => f.write_str("it was rolled back and waits for a person"),
            Self::Trigger { trigger, sentence } => write!(f, "trigger {trigger} fired: {sentence}"),
        }
    }
}
