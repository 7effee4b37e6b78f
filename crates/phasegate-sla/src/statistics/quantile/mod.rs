//! Percentiles: against a threshold, with an interval, two arms' against each other.
//!
//! A percentile against a *fixed* threshold is a rate: "p95 < 200 ms" says that at least 95 % of the
//! requests take less than 200 ms, and two integers decide it ([`PercentileTest`]). The rank intervals
//! here are for showing where a percentile may lie; the two-arm tests for comparing arms whose
//! percentile nobody fixed in advance.

mod arms;
mod band;
mod comparison;
mod ranks;
mod threshold;

pub use arms::PooledArms;
pub(crate) use arms::sorted;
pub use band::{Distance, DistributionTest, LilBand, double_stitching_radius};
pub use comparison::QuantileComparison;
pub use ranks::{RankInterval, RankMethod};
pub use threshold::PercentileTest;
