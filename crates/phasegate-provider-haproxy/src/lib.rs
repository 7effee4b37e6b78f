#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg(unix)]

mod config;
mod router;
mod socket;
mod weights;
mod wire;

pub use config::{HaproxyConfig, HaproxyConfigError, Route, Socket, default_policy};
pub use router::HaproxyRouter;
