#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod active;
mod config;
mod connection;
mod injector;
mod proxy;
mod way;

pub use config::{Fault, FaultConfig, ProxyConfig};
pub use injector::ProxyFaults;
pub use proxy::{CONNECTIONS_MAX, FaultProxy};
