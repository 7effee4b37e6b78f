//! Reports over journals that are written out record by record.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be built must stop the test"
)]

mod exports;
mod fixtures;
mod hostile;
mod snapshots;
mod view;
