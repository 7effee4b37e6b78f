//! A plan as a Grafana dashboard, and a rollout's moments as Grafana's annotations.

mod annotations;
mod dashboard;
mod measured;
mod panels;
mod steps;

pub use annotations::grafana_annotations;
pub use dashboard::{GrafanaDashboard, grafana_dashboard};
