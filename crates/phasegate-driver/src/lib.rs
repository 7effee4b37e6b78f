#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::large_enum_variant,
    reason = "requests and stages are handled one at a time"
)]

#[cfg(feature = "signed")]
pub mod acts;

mod creation;
mod driver;
mod heads;
mod request;
#[cfg(feature = "signed")]
mod signed;

pub use creation::Creation;
pub use driver::{Driver, DriverError};
pub use heads::SIGNED_WITHIN;
pub use request::{Input, Request, Said, Stop};
