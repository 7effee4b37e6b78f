#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod actor;
mod beat;
mod clock;
mod fit;
mod fleet;
mod handle;
mod people;
mod preflight;
mod pulse;
mod runner;
mod watchdog;

pub use clock::SystemClock;
pub use fit::{Unfit, unfit};
pub use fleet::{Controller, Fleet, FleetEnded, FleetError, FleetView};
pub use handle::{Ended, Handle, OperateError, Operator, View};
pub use phasegate_driver::Said;
pub use preflight::{Asked, Refusal, preflight};
pub use pulse::Pulse;
pub use runner::{Runner, RunnerError};
pub use watchdog::{Bitten, Reflex, Stopped, Watchdog};
