//! The statistics against reference values, exact properties and fixed-seed simulations.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "test code: a panic is a failed test"
)]

mod boundaries;
mod counts;
mod fixed_sample;
mod means;
mod properties;
mod quantiles;
mod reference;
mod states;
