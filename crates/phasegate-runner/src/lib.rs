#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod actor;
mod clock;
mod handle;
mod people;
mod runner;

pub use clock::SystemClock;
pub use handle::{Ended, Handle, OperateError, Operator, View};
pub use runner::{Runner, RunnerError};
