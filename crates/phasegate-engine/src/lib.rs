#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what can be desired outside grows; what is not known here shows nobody anything"
)]

pub mod amend;
pub mod compile;
pub mod event;
pub mod program;
pub mod record;
pub mod state;

mod decide;
mod deed;
mod engine;
mod template;

pub use compile::{CompileError, Start, Unmeasurable, compile, sample_sizes};
pub use engine::{Engine, ReplayError, Sources};
pub use event::{Act, Event, EventError, Person};
pub use state::{Misfit, State};
