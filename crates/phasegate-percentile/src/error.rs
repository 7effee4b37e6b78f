//! What can go wrong when histograms are combined or configured.

use core::fmt;

/// Why two histograms, windows or counters could not be combined.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CombineError {
    /// The two use different mappings, so their buckets have different bounds.
    MappingsDiffer,
    /// The subtracted part holds values that the whole does not.
    NotAPart,
    /// The two keep different ranges, so a value could be kept by one and overflow in the other.
    RangesDiffer,
    /// The two counters have different thresholds.
    ThresholdsDiffer,
}

impl fmt::Display for CombineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MappingsDiffer => "histograms have different mappings",
            Self::NotAPart => "subtracted histogram is not a part of the other",
            Self::RangesDiffer => "histograms have different ranges",
            Self::ThresholdsDiffer => "counters have different thresholds",
        })
    }
}

impl core::error::Error for CombineError {}

/// Why a setting was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A decay needs a half-life above zero.
    HalfLife,
    /// The lowest value kept apart must be a normal positive number, at most the highest.
    Range,
    /// A relative error must lie in 0.0001 ..= 0.5.
    RelativeError,
    /// A scale must lie in -4 ..= 8.
    Scale,
    /// A share in parts per million must be at most 1 000 000.
    Share,
    /// A window needs one slot or more (at most 65 536), each longer than nothing.
    Slots,
    /// A threshold must be a number.
    Threshold,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HalfLife => "half-life must be above zero",
            Self::Range => "range must go from a normal positive number to one not below it",
            Self::RelativeError => "relative error must lie in 0.0001..=0.5",
            Self::Scale => "scale must lie in -4..=8",
            Self::Share => "parts per million must be at most 1000000",
            Self::Slots => "window needs 1 to 65536 slots, each longer than nothing",
            Self::Threshold => "threshold must be a number",
        })
    }
}

impl core::error::Error for ConfigError {}
