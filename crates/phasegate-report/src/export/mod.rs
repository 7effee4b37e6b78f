//! A rollout for other tools: metrics about it, and diagrams of it.

mod mermaid;
mod openmetrics;

pub use mermaid::{mermaid_gantt, mermaid_graph};
pub use openmetrics::openmetrics;
