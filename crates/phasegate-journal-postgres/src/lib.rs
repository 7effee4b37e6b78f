#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod changes;
mod journal;
mod link;
mod options;
mod read;
mod row;
mod schema;
mod statements;
mod trouble;
mod write;

pub use changes::{Change, Changes};
pub use journal::PostgresJournal;
pub use options::{PostgresOptions, SchemaNameError};
