//! A checked condition as steps for the machine (`compiler/compiler.go`): expr's own, so that what its loops
//! leave on the stack and what it asks of a kind known beforehand come out alike.

mod loops;
mod step;
mod tree;

pub(super) use step::{Program, Step};
pub(super) use tree::compile;
