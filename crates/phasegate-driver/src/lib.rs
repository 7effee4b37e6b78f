#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::large_enum_variant,
    reason = "requests and stages are handled one at a time"
)]

mod creation;
mod driver;
mod request;

pub use creation::Creation;
pub use driver::{Driver, DriverError};
pub use request::{Input, Request, Stop};
