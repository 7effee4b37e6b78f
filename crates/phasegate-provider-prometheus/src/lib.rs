#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod config;
mod counts;
mod histogram;
mod scalar;
mod source;
mod wire;

pub use config::{Absent, PrometheusConfig, PrometheusConfigError, Warnings, default_policy};
pub use source::PrometheusSource;
