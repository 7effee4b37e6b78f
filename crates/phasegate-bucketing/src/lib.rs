#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cohort;
pub mod flagd;
pub mod flipper;
pub mod growthbook;
pub mod hash;
pub mod launchdarkly;
mod scheme;
pub mod unleash;

pub use cohort::{Actor, Cohort};
pub use scheme::Scheme;
