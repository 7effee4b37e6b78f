//! The real engine and driver over the memory journal in a simulated world.

mod crash;
mod decisions;
mod run;

pub use crash::{CrashPoint, Kill};
pub use decisions::decisions;
pub use run::{Ended, Setup, Simulation, SimulationError};
