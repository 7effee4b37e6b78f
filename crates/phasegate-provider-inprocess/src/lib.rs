#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod recorder;
mod router;

pub use recorder::{Ended, Recorder, RecorderConfig, RecorderError};
pub use router::{Drained, Router, RouterConfig, RouterError, RunningRouter};
