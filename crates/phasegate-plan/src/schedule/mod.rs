//! The schedule: planned start and end of every phase, gate and activity, from a plan and a start
//! date. It plans; what really happens is the engine's.

mod forecast;
mod layout;
mod path;
mod placing;
mod timeline;
mod warnings;

pub use forecast::{PlannedActivity, PlannedGate, PlannedPhase, Schedule};
