//! Mappings: which bucket a value falls into, and which values a bucket stands for.

mod base2;
mod interpolated;
pub(crate) mod log;
mod log_linear;
mod logarithmic;

pub use base2::Base2;
pub use log_linear::LogLinear;
pub use logarithmic::{Cubic, Logarithmic};

/// Names a mapping and its setting: two histograms combine only if these are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum MappingId {
    /// [`Base2`] with this scale.
    Base2 {
        /// Buckets per octave are `2^scale`.
        scale: i8,
    },
    /// [`Cubic`] with this ratio and offset.
    Cubic {
        /// The ratio that names the mapping.
        gamma: f64,
        /// What is added to indices.
        offset: f64,
    },
    /// [`Logarithmic`] with this ratio and offset.
    Logarithmic {
        /// The ratio of neighbouring bounds.
        gamma: f64,
        /// What is added to indices.
        offset: f64,
    },
    /// [`LogLinear`] with this many bits of the mantissa in the key.
    LogLinear {
        /// Buckets per octave are `2^bits`.
        bits: u32,
    },
}

/// Assigns positive normal numbers to buckets whose keys rise with the value.
///
/// A mapping is monotonic: a greater value never gets a lower key. Each bucket's values differ from
/// its [`representative`](Self::representative) by at most
/// [`relative_error`](Self::relative_error).
pub trait Mapping: Clone + core::fmt::Debug + PartialEq {
    /// The key of a positive normal number. For every other input (zero, negative, subnormal,
    /// infinite, NaN) the answer lies outside [`first_key`](Self::first_key) `..=`
    /// [`last_key`](Self::last_key).
    fn key(&self, value: f64) -> u32;

    /// The key of the smallest normal number, `f64::MIN_POSITIVE`.
    fn first_key(&self) -> u32;

    /// The key of the greatest finite number, `f64::MAX`.
    fn last_key(&self) -> u32;

    /// The least value of a bucket. Every value with this key is at least as great.
    fn lower(&self, key: u32) -> f64;

    /// The upper bound of a bucket. Every value with this key is at most as great.
    fn upper(&self, key: u32) -> f64;

    /// The value that answers for a bucket.
    fn representative(&self, key: u32) -> f64 {
        let (low, high) = (self.lower(key), self.upper(key));
        // The harmonic centre 2lu/(l+u) has the same relative distance to both ends. Written so
        // that neither the product nor the sum can overflow.
        low / (0.5 * (low / high) + 0.5)
    }

    /// The proven bound of `|representative - value| / value` over all buckets.
    fn relative_error(&self) -> f64;

    /// By how many bits, 32 to 52, to shift a value's bits down to get its key, if that is all there
    /// is to it. Slices are then recorded by vectors.
    fn key_shift(&self) -> Option<u32> {
        None
    }

    /// Name and setting, for combining and for the wire.
    fn id(&self) -> MappingId;

    /// The inverse of [`id`](Self::id); `None` if it names another mapping, or a setting out of
    /// bounds.
    fn from_id(id: MappingId) -> Option<Self>;
}
