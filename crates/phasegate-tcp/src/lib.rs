#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod moved;
#[cfg(feature = "redis")]
pub mod redis;
mod stream;
#[cfg(feature = "tls")]
pub mod tls;

pub use moved::moved;
pub use stream::BoundedStream;
