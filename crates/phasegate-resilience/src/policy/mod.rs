//! One policy for one kind of call: the pieces in a fixed order, one deadline, one error type.

mod attempt;
mod blocking;
mod builder;
mod checked;
mod error;
mod first;
mod hook;
mod run;

pub use attempt::Attempt;
pub use builder::Policy;
pub use error::{ErrorKind, PolicyError};
pub use hook::{AttemptEvent, AttemptListener};
