#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod environment;
mod store;

pub use store::{Unleash, UnleashConfig};
