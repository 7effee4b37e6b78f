#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod approvals;
mod calls;
mod config;
mod console;
mod dropped;
mod person;
mod ratings;

pub use approvals::{FileApprovals, Saying, answer};
pub use calls::{OperatorCall, OperatorCalls, declare};
pub use config::{FolderConfig, PersonConfig};
pub use console::ConsoleApprovals;
pub use dropped::FILE_BYTES_MAX;
pub use ratings::{Rating, RatingConfig, Ratings, RatingsConfig, rate};
