#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod moved;
#[cfg(feature = "redis")]
pub mod redis;
mod stream;

pub use moved::moved;
pub use stream::BoundedStream;
