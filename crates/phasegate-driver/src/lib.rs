#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod creation;
mod driver;
mod request;

pub use creation::Creation;
pub use driver::{Driver, DriverError};
pub use request::{Input, Request, Stop};
