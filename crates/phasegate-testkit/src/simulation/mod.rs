//! The real engine and driver over the memory journal in a simulated world.

mod crash;
mod decisions;
mod direction;
mod faults;
mod run;
pub mod seeded;
mod striking;
mod telling;

pub use crash::{CrashPoint, Kill};
pub use decisions::decisions;
pub use direction::Director;
pub use faults::{AppendFault, Faults, Struck};
pub use run::{Ended, Setup, Simulation, SimulationError};
