#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod compare;
mod difference;
mod json;
mod ledger;
mod records;
mod rules;

pub use answer::Answer;
pub use compare::compare;
pub use difference::{Difference, DifferenceKind, Place};
pub use json::{JsonError, NESTING_MAX, Path, PathError, Tolerance};
pub use ledger::{Counts, ENTRIES_MAX, Entry, Ledger, LedgerError, Resolution, Verdict};
pub use records::{RecordError, Records, compare_records};
pub use rules::{BodyRules, HeaderRules, LatencyRule, Rules, StatusRule, Unordered};
