#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod answer;
mod api;
mod approvals;
mod config;
mod count;
mod host;
mod issue;
mod label;
mod list;
mod review;
mod source;
mod switch;
mod text;
mod ticket;
mod wanted;

pub use config::{
    ApprovalsConfig, GithubConfig, LabelConfig, TeamConfig, TicketConfig, Until, WorkflowConfig,
    default_policy,
};
pub use host::Github;
