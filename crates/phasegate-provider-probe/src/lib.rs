#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod document;
mod probe;
mod tcp;

pub use config::{CommandProbe, HttpProbe, Probe, ProbesConfig, TcpProbe};
pub use probe::Probes;
