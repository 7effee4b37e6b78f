//! The embedded journal: one SQLite file, durable before it is acknowledged.
#![forbid(unsafe_code)]
