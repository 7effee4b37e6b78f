//! The static check that comes before a condition is run (`checker/checker.go`): it refuses what cannot fit
//! and writes into each node what is known of its value, on which the run depends.

mod function;
mod operator;
mod tree;

pub(super) use tree::Checker;
