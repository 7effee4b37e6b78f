#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod archive;
mod call;
mod journal;
mod open;
mod options;
mod place;
mod read;
mod reader;
mod row;
mod schema;
mod trouble;
mod worker;
mod write;

pub use archive::ArchiveError;
pub use journal::SqliteJournal;
pub use options::SqliteOptions;
pub use reader::SqliteReader;
pub use worker::SqliteCounts;
