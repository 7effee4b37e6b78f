//! What expr changes in a checked condition before it runs it (`optimizer`): some verdicts hang on that.
//!
//! Each pass goes over the whole tree, from below; the order of the passes is expr's.

mod fold;
mod lists;
mod passes;
mod sums;

pub(super) use passes::{Thresholds, optimize};
