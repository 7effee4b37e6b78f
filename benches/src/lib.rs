//! What the benches share.

#[cfg(feature = "peers-percentile")]
pub mod percentile;
