//! A rollout and its plan for other tools: metrics, diagrams, alert rules, dashboards and calendars.

mod grafana;
mod icalendar;
mod mermaid;
mod openmetrics;
mod prometheus;

pub use grafana::{GrafanaDashboard, grafana_annotations, grafana_dashboard};
pub use icalendar::icalendar;
pub use mermaid::{mermaid_gantt, mermaid_graph};
pub use openmetrics::openmetrics;
pub use prometheus::{
    PrometheusOptions, PrometheusRules, PrometheusServer, Untold, prometheus_rules,
};
