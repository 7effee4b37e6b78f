//! Wire formats. Every decoder checks what it reads against limits and never panics.

mod bytes;
mod compact;
mod error;
mod rice;

pub use error::DecodeError;
