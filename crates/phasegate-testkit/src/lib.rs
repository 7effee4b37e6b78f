#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the simulated world answers what it knows"
)]

pub mod clock;
pub mod conformance;
pub mod rehearsal;
#[cfg(feature = "servers")]
pub mod servers;
pub mod simulation;
pub mod world;
