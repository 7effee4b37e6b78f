//! The judges against the verdicts of the systems whose formats they read, and against each other.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::wildcard_enum_match_arm,
    clippy::indexing_slicing,
    clippy::float_cmp,
    clippy::print_stdout,
    reason = "test code: a panic is a failed test, and the table is printed on request"
)]

mod argo;
mod families;
mod kayenta;
mod vectors;
