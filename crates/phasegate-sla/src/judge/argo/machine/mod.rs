//! Runs the steps of a condition on a result (`vm/vm.go`).

mod make;
mod run;

pub(super) use run::{failed, truth};
