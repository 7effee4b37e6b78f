#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod clock;
pub mod conformance;
pub mod simulation;
pub mod world;
