//! The statistics against reference values, exact properties and fixed-seed simulations.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    clippy::print_stdout,
    reason = "test code: a panic is a failed test, and the figures are printed on request"
)]

mod boundaries;
mod counts;
mod fixed_sample;
mod means;
mod properties;
mod quantiles;
mod reference;
