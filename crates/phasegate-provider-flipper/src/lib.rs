#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
mod gates;
#[cfg(feature = "redis")]
mod layout;
mod policy;

pub use api::{Flipper, FlipperConfig};
pub use gates::Beside;
#[cfg(feature = "redis")]
pub use layout::{FlipperRedis, FlipperRedisConfig};
#[cfg(feature = "redis")]
pub use phasegate_tcp::tls::TlsConfig;
pub use policy::default_policy;
