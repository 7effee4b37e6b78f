//! A plan's alerts for Prometheus: rule files made from criteria, and the `PromQL` behind them.
//!
//! What a criterion asks of its source is what [`phasegate_sla::needs`] says; how each form of answer is
//! read is what the adapter for Prometheus does. Here both are written down as `PromQL`, so that the server
//! itself says what the rollout would say. What it cannot say is told, never left off silently.

mod alerts;
mod beside;
mod expression;
mod number;
mod options;
mod recording;
mod rules;
mod text;

pub use options::{PrometheusOptions, PrometheusServer};
pub use rules::{PrometheusRules, Untold, prometheus_rules};

pub(super) use number::{factor, growth, vector};
pub(super) use text::string;
