#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod file;
mod router;

pub use config::{NginxConfig, NginxConfigError, Route};
pub use router::NginxRouter;
