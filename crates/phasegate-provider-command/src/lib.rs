#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg(unix)]

mod capture;
mod config;
mod group;
mod mask;
mod metrics;
mod printed;
mod runner;
mod scaler;

pub use config::{CommandConfig, CommandsConfig};
pub use metrics::{CommandMetrics, MeasureConfig, MetricsConfig, Tells};
pub use phasegate_provider::SecretSource;
pub use runner::Commands;
pub use scaler::{CommandScaler, ScaledConfig, ScalerConfig};
