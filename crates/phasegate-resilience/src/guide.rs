//! Longer reading: what was learnt from others, and where this crate differs.

#[doc = include_str!("../docs/defects.md")]
pub mod defects {}

#[doc = include_str!("../docs/semantics.md")]
pub mod semantics {}

#[doc = include_str!("../docs/testing.md")]
pub mod testing {}
