//! The mapping with the fewest buckets for its error: bounds in geometric progression (DDSketch).

use crate::{
    error::ConfigError,
    mapping::{
        Mapping, MappingId,
        interpolated::{Indexer, Interpolation},
        log,
    },
};

/// Buckets `[gamma^i, gamma^(i+1))`: the fewest for an error, at the price of a logarithm per value.
///
/// ```
/// use phasegate_percentile::{MappedHistogram, mapping::{Logarithmic, Mapping}};
///
/// let mapping = Logarithmic::new(0.01)?;
/// let mut histogram: MappedHistogram<_> = MappedHistogram::with_mapping(mapping);
/// histogram.record_slice(&[1.0, 2.0, 3.0]);
/// let median = histogram.quantile(0.5).expect("not empty").value;
/// assert!((median - 2.0).abs() <= 0.02);
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logarithmic(Indexer);

/// Buckets as those of [`Logarithmic`], with a polynomial in place of the logarithm: 1 % more
/// buckets, and recording is several times faster.
///
/// ```
/// use phasegate_percentile::mapping::{Cubic, Mapping};
///
/// let mapping = Cubic::new(0.01)?;
/// let key = mapping.key(123.4);
/// assert!(mapping.lower(key) <= 123.4 && 123.4 < mapping.upper(key));
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cubic(Indexer);

/// The error bounds that can be asked for.
const ERRORS: core::ops::RangeInclusive<f64> = 0.0001..=0.5;

/// The ratios that these mean, a little wider.
const GAMMAS: core::ops::RangeInclusive<f64> = 1.0001..=3.000_001;

/// `gamma` of the logarithmic mapping with an error bound.
fn gamma_of(relative_error: f64) -> Result<f64, ConfigError> {
    if !ERRORS.contains(&relative_error) {
        return Err(ConfigError::RelativeError);
    }
    Ok((1.0 + relative_error) / (1.0 - relative_error))
}

impl Logarithmic {
    /// The mapping with a relative error.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RelativeError`] outside 0.0001 ..= 0.5.
    pub fn new(relative_error: f64) -> Result<Self, ConfigError> {
        Self::with_gamma(gamma_of(relative_error)?, 0.0)
    }

    /// The mapping with a ratio of neighbouring bounds, and an offset that is added to indices.
    /// Datadog's own is 65/64 with 1338.5.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RelativeError`] if the ratio is outside 1.0001 ..= 3.000001, or if the
    /// offset is not below a million.
    pub fn with_gamma(gamma: f64, offset: f64) -> Result<Self, ConfigError> {
        if !GAMMAS.contains(&gamma) {
            return Err(ConfigError::RelativeError);
        }
        let multiplier = 1.0 / log::log2(gamma);
        Indexer::new(Interpolation::None, gamma, multiplier, offset).map(Self)
    }
}

impl Cubic {
    /// The mapping with a relative error.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RelativeError`] outside 0.0001 ..= 0.5.
    pub fn new(relative_error: f64) -> Result<Self, ConfigError> {
        // The polynomial is at its flattest 10/7 of the logarithm's slope.
        let power = 10.0 * core::f64::consts::LN_2 / 7.0;
        Self::with_gamma(log::exp2(log::log2(gamma_of(relative_error)?) * power), 0.0)
    }

    /// The mapping with DDSketch's `gamma` and an offset that is added to indices.
    ///
    /// # Errors
    ///
    /// [`ConfigError::RelativeError`] if `gamma` is outside 1.0001 ..= 3.000001, or if the
    /// offset is not below a million.
    pub fn with_gamma(gamma: f64, offset: f64) -> Result<Self, ConfigError> {
        if !GAMMAS.contains(&gamma) {
            return Err(ConfigError::RelativeError);
        }
        let multiplier = 1.0 / log::log2(gamma);
        Indexer::new(Interpolation::Cubic, gamma, multiplier, offset).map(Self)
    }
}

impl Default for Logarithmic {
    /// A relative error of 1 %, and the same as `new(0.01)`.
    fn default() -> Self {
        let gamma = 1.01 / 0.99;
        Self(Indexer::fitting(
            Interpolation::None,
            gamma,
            1.0 / log::log2(gamma),
            0.0,
        ))
    }
}

impl Default for Cubic {
    /// A relative error of 1 %, and the same as `new(0.01)`.
    fn default() -> Self {
        let power = 10.0 * core::f64::consts::LN_2 / 7.0;
        let gamma = log::exp2(log::log2(1.01 / 0.99) * power);
        Self(Indexer::fitting(
            Interpolation::Cubic,
            gamma,
            1.0 / log::log2(gamma),
            0.0,
        ))
    }
}

/// Both are the same but for their approximation of the logarithm.
macro_rules! mapping {
    ($name:ident) => {
        impl $name {
            /// The ratio that names the mapping in DDSketch's formats.
            #[must_use]
            pub fn gamma(&self) -> f64 {
                self.0.gamma
            }

            /// What is added to indices.
            #[must_use]
            pub fn offset(&self) -> f64 {
                self.0.offset
            }

            /// The index that DDSketch gives to a key's bucket.
            #[must_use]
            pub fn index(&self, key: u32) -> i32 {
                self.0.index(key)
            }

            /// The key of the bucket with an index of DDSketch; `None` outside the floats.
            #[must_use]
            pub fn key_of_index(&self, index: i32) -> Option<u32> {
                self.0.key_of_index(index)
            }
        }

        impl Mapping for $name {
            #[inline]
            fn key(&self, value: f64) -> u32 {
                self.0.key(value)
            }

            fn first_key(&self) -> u32 {
                self.0.key(f64::MIN_POSITIVE)
            }

            fn last_key(&self) -> u32 {
                self.0.key(f64::MAX)
            }

            fn lower(&self, key: u32) -> f64 {
                self.0.lower(key)
            }

            fn upper(&self, key: u32) -> f64 {
                self.0.lower(key.saturating_add(1))
            }

            fn relative_error(&self) -> f64 {
                self.0.relative_error()
            }

            fn id(&self) -> MappingId {
                MappingId::$name {
                    gamma: self.0.gamma,
                    offset: self.0.offset,
                }
            }

            fn from_id(id: MappingId) -> Option<Self> {
                match id {
                    MappingId::$name { gamma, offset } => Self::with_gamma(gamma, offset).ok(),
                    _ => None,
                }
            }
        }
    };
}

mapping!(Logarithmic);
mapping!(Cubic);
