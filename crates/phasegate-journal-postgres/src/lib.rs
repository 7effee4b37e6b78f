#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod changes;
mod journal;
mod link;
mod options;
mod peers;
mod read;
mod row;
mod schema;
mod statements;
mod trouble;
mod write;

pub use journal::PostgresJournal;
pub use options::{PostgresOptions, SchemaNameError};
