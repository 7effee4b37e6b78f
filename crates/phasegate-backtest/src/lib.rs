#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a backtest plays what moves shares and decides; all else passes by"
)]

mod alarm;
mod answer;
mod counted;
mod exposed;
mod options;
mod outcome;
mod outside;
mod people;
mod reader;
mod recording;
mod run;
mod series;
mod table;
mod variants;
mod what_if;

pub use options::{BacktestError, Options, Traffic};
pub use outcome::{Alarm, Backtest, Exposed, VerdictChange};
pub use recording::{
    Named, ReadError, Recorded, Recording, read_csv, read_openmetrics, read_prometheus_range,
    recording_by_name,
};
pub use run::backtest;
pub use series::{LOOKBACK, Series};
pub use table::{alarms, comparison};
pub use variants::{ramp_of, with_ramp, without_confidence};
pub use what_if::{WhatIf, what_if};
