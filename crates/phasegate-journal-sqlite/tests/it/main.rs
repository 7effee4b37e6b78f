//! Tests of the SQLite journal, as its users see it. One binary: each would link SQLite anew.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod conformance;
mod damage;
mod kill;
mod storage;
mod support;
mod transfer;
