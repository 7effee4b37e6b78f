#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod read;
mod words;

pub use read::{Row, Table, TableError, read};
pub use words::{moment, shown};
