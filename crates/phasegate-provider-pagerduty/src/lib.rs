#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod encode;
mod notifier;
mod policy;

pub use notifier::{PagerDuty, PagerDutyConfig, Service, Severity};
pub use policy::default_policy;
