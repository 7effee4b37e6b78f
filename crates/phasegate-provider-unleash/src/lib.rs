#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod environment;
mod policy;
mod store;

pub use policy::default_policy;
pub use store::{Unleash, UnleashConfig};
