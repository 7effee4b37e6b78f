//! Servers for tests of adapters: real ones started on free loopback ports, ones that misbehave, one that keeps
//! what it is sent, and recordings of those that cannot be had everywhere.
//!
//! A test that lacks its server prints a line with `SKIPPED` and why, and ends; the test command fails
//! where that happens after the set-up.

mod authority;
mod babble;
mod hostile;
mod letters;
mod mislabelled;
mod postgres;
mod process;
mod receiver;
mod redis;
mod tape;
mod withstand;

pub use authority::Authority;
pub use babble::{Then, babble};
pub use hostile::{Hostile, MISBEHAVIOURS, answer};
pub use letters::{KeptAlive, Letters};
pub use mislabelled::mislabelled;
pub use postgres::Postgres;
pub use process::{Folder, Process, find, free_port, python, skipped};
pub use receiver::{Reaction, Received, Receiver};
pub use redis::Redis;
pub use tape::Tape;
pub use withstand::withstand;
