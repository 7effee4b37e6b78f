//! Reports over journals that are written out record by record.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be built must stop the test"
)]

mod amended;
mod brief;
mod calendar;
mod exports;
mod fixtures;
mod grafana;
mod hostile;
mod prometheus;
mod setbacks;
mod snapshots;
mod told;
mod view;
