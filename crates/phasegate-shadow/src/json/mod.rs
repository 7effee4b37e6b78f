//! JSON as both sides wrote it: numbers exact, places by pointer.

mod compare;
mod number;
mod path;
mod tree;

pub(crate) use compare::compare;
pub use number::Tolerance;
pub use path::{Path, PathError};
pub(crate) use tree::Json;
pub use tree::{JsonError, NESTING_MAX};
