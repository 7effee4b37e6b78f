//! Servers for tests of adapters: real ones started on free loopback ports, and one that misbehaves.
//!
//! A test that lacks its server prints a line with `SKIPPED` and why, and ends; the test command fails
//! where that happens after the set-up.

mod hostile;
mod process;

pub use hostile::{Hostile, MISBEHAVIOURS, answer};
pub use process::{Folder, Process, find, free_port, skipped};
