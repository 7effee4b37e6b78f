#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod decayed;
mod error;
mod estimate;
pub mod exact;
mod histogram;
mod kernels;
pub mod mapping;
#[cfg(feature = "std")]
mod recorder;
mod simd;
mod store;
mod sum;
mod threshold;
mod window;
pub mod wire;

pub use decayed::Decayed;
pub use error::{CombineError, ConfigError};
pub use estimate::Estimate;
pub use histogram::{
    Classes, Correction, CountEstimate, CountHistogram, Histogram, MappedHistogram,
};
#[cfg(feature = "std")]
pub use recorder::{Handle, Intervals, Recorder};
pub use threshold::{Ppm, ThresholdCounter, is_share_reached};
pub use window::{Placement, Window};
pub use wire::DecodeError;
